"""From the outbox to Google: only saved cards, only what changed, no call for what is known."""

from __future__ import annotations

import pytest

from app.cards import holding_queries
from app.cards import queries as card_queries
from app.clock import HOUR, SECOND
from app.delivery import pruning
from app.sandbox.fake_google_orders import Say
from app.storage.database import Transaction
from tests.cards.cards_world import card_row, user
from tests.google.delivery_world import Outlet, revision_told
from tests.google.door_world import Door


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


async def test_a_saved_cards_balance_reaches_google_as_one_small_patch(outlet: Outlet) -> None:
    saved = await outlet.save()
    before = len(outlet.calls())
    await outlet.door.tell(1250)
    await outlet.work()
    (call,) = outlet.calls(since=before)
    assert (call.method, call.status) == ("PATCH", 200)
    assert call.path.endswith(f"/loyaltyObject/{saved}")
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 1250}
    assert "barcode" not in outlet.body(call)
    assert "accountId" not in outlet.body(call)
    assert await outlet.pending() == 0


async def test_a_card_that_nobody_saved_is_not_told(outlet: Outlet) -> None:
    await outlet.door.link()
    await outlet.work()
    before = len(outlet.calls())
    await outlet.door.tell(1250)
    await outlet.work()
    assert outlet.calls(since=before) == []


async def test_a_burst_of_changes_is_one_call_with_the_latest(outlet: Outlet) -> None:
    saved = await outlet.save()
    before = len(outlet.calls())
    for balance in (10, 20, 30):
        await outlet.door.tell(balance)
    await outlet.work()
    assert outlet.told(since=before) == {"PATCH loyaltyObject 200": 1}
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 30}
    revision, told = await revision_told(outlet, outlet.door.card_id)
    assert revision == told


async def test_what_google_knows_already_costs_no_call(outlet: Outlet) -> None:
    await outlet.save()
    before = len(outlet.calls())
    for _ in range(3):
        await outlet.touch(outlet.door.card_id)
        await outlet.work()
    assert outlet.calls(since=before) == []
    assert await outlet.pending() == 0


async def test_a_class_that_a_link_made_is_patched_after_a_409(outlet: Outlet) -> None:
    await outlet.save()
    assert outlet.told()["POST loyaltyClass 409"] <= 1
    (row,) = await outlet.door.rows("SELECT is_inserted, wanted, done, refused FROM google_class")
    assert row[0] == 1
    assert row[1] == row[2]
    assert row[3] is None


async def test_an_object_that_google_lost_is_inserted_with_its_class(outlet: Outlet) -> None:
    saved = await outlet.save()
    outlet.fake.memory.objects.clear()
    outlet.fake.memory.classes.clear()
    before = len(outlet.calls())
    await outlet.door.tell(77)
    await outlet.work()
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 77}
    assert outlet.told(since=before)["PATCH loyaltyObject 404"] == 1
    assert len(outlet.fake.memory.classes) == 1
    assert await outlet.pending() == 0


async def test_a_card_that_left_is_told_blank_once_and_never_again(outlet: Outlet) -> None:
    saved = await outlet.save()
    answer = await outlet.door.owner("DELETE", f"/v1/cards/{outlet.door.card_id}")
    assert answer.status_code == 204
    await outlet.work()
    assert outlet.shown(saved)["state"] == "INACTIVE"
    assert "4006381333931" not in str(outlet.shown(saved))
    assert await outlet.door.rows("SELECT channel FROM outbox WHERE channel = 'google:1'") == []
    before = len(outlet.calls())
    await outlet.door.tell(5)
    await outlet.work()
    assert outlet.calls(since=before) == []


async def test_a_removed_card_is_told_no_more(outlet: Outlet) -> None:
    saved = await outlet.save()
    await outlet.door.remove(outlet.door.phone(), saved)
    before = len(outlet.calls())
    await outlet.door.tell(5)
    await outlet.work()
    assert outlet.calls(since=before) == []


async def test_what_google_refuses_is_parked_with_its_words_until_another_change(
    outlet: Outlet,
) -> None:
    saved = await outlet.save()
    outlet.fake.order(Say(400, "badRequest", "loyaltyPoints: no"), path=saved)
    await outlet.door.tell(5)
    await outlet.work()
    assert await outlet.pending() == 0
    assert await outlet.door.rows("SELECT refused FROM google_object") == [("loyaltyPoints: no",)]
    await outlet.work_for(600)
    before = len(outlet.calls())
    await outlet.door.tell(6)
    await outlet.work()
    assert outlet.told(since=before) == {"PATCH loyaltyObject 200": 1}
    assert await outlet.door.rows("SELECT refused FROM google_object") == [(None,)]


async def test_each_holder_of_a_card_has_an_object_that_is_told(outlet: Outlet) -> None:
    saved, guest = await outlet.save(), await user(outlet.door.world)
    [(owner_id,), (guest_id,)] = await outlet.door.rows(
        "SELECT user_id FROM users ORDER BY user_id"
    )
    card_id, now = await card_row(outlet.ports, outlet.door.card_id), outlet.clock.wall()

    def share(tx: Transaction) -> None:
        own = holding_queries.holding(tx, owner_id, card_id)
        assert own is not None
        card_queries.insert_holder(tx, card_id, guest_id, access="full", now=now)
        holding_queries.insert(tx, guest_id, card_id, own, now=now)

    await outlet.ports.database.write(share)
    other = await outlet.save_card(outlet.door.card_id, account="zoe", who=guest)
    before = len(outlet.calls())
    await outlet.door.tell(31)
    await outlet.work()
    assert outlet.told(since=before) == {"PATCH loyaltyObject 200": 2}
    for each in (saved, other):
        assert outlet.shown(each)["loyaltyPoints"]["balance"] == {"int": 31}
    assert await outlet.pending() == 0


async def test_nonces_of_callbacks_are_forgotten_when_they_count_no_more(outlet: Outlet) -> None:
    await outlet.save()
    assert await outlet.door.rows("SELECT COUNT(*) FROM google_nonce") == [(1,)]
    await pruning.prune(outlet.ports)
    assert await outlet.door.rows("SELECT COUNT(*) FROM google_nonce") == [(1,)]
    outlet.clock.forward(2 * HOUR / SECOND)
    await pruning.prune(outlet.ports)
    assert await outlet.door.rows("SELECT COUNT(*) FROM google_nonce") == [(0,)]
