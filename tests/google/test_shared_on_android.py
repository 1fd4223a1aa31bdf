"""Shared cards and lost phones on simulated Android phones: what ends is blank at Google."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cards.cards_world import NUMBER, Asking, merchant, program
from tests.cards.sharing_world import named, shared
from tests.checkout.till_world import HOSTED, SCANS, till
from tests.google.delivery_world import Outlet
from tests.google.door_world import Door

BALANCE = 4321


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


def assert_blank(document: dict[str, Any]) -> None:
    """Check that an object has ended and says nothing of its card any more."""
    assert document["state"] == "INACTIVE"
    text = str({key: value for key, value in document.items() if key not in ("id", "classId")})
    assert NUMBER not in text and str(BALANCE) not in text and "Camille" not in text
    assert "rotatingBarcode" not in document


async def own(outlet: Outlet) -> dict[str, Any]:
    """Return the owner's card."""
    answer = await outlet.door.owner("GET", f"/v1/cards/{outlet.door.card_id}")
    card: dict[str, Any] = answer.json()
    return card


async def test_each_holder_saves_an_object_of_his_own_and_a_revoked_one_is_blank(
    outlet: Outlet,
) -> None:
    other, other_id = await named(outlet.door.world, "Ben")
    card = await own(outlet)
    await shared(outlet.door.owner, card, other)
    mine = await outlet.save()
    theirs = await outlet.save_card(card["id"], account="ben", who=other)
    assert mine != theirs
    await outlet.door.tell(BALANCE)
    await outlet.work()
    for each in (mine, theirs):
        assert outlet.shown(each)["loyaltyPoints"]["balance"] == {"int": BALANCE}
    gone = await outlet.door.owner("DELETE", f"/v1/cards/{card['id']}/holders/{other_id}")
    assert gone.status_code == 204
    await outlet.work()
    assert_blank(outlet.shown(theirs))
    assert outlet.shown(mine)["state"] == "ACTIVE"
    assert (await outlet.door.ask(other, card["id"])).status_code == 404
    before = len(outlet.calls())
    await outlet.door.tell(BALANCE + 1)
    await outlet.work()
    assert outlet.told(since=before) == {"PATCH loyaltyObject 200": 1}  # the owner's alone


async def test_a_card_issued_anew_is_blank_on_the_lost_phone(outlet: Outlet) -> None:
    door = outlet.door
    await door.tell(BALANCE)
    lost = await outlet.save(account="lost")
    old_link = await door.link()
    again = await door.owner("POST", f"/v1/cards/{door.card_id}/reissue", {})
    assert (again.status_code, again.json()) == (200, {"apple": 0, "google": 1})
    await outlet.work()
    assert_blank(outlet.shown(lost))
    assert not await door.saved()
    assert await door.link() != old_link
    new = await outlet.save_card(door.card_id, account="camille")
    assert new != lost and outlet.shown(new)["state"] == "ACTIVE"
    assert outlet.shown(new)["loyaltyPoints"]["balance"] == {"int": BALANCE}
    assert await door.saved()
    await door.tell(BALANCE + 1)
    await outlet.work()
    assert_blank(outlet.shown(lost))
    assert outlet.shown(new)["loyaltyPoints"]["balance"] == {"int": BALANCE + 1}


async def test_a_link_that_was_stolen_before_the_reissue_saves_nothing_but_a_blank(
    outlet: Outlet,
) -> None:
    door = outlet.door
    await door.tell(BALANCE)
    stolen = await door.link()
    assert (await door.owner("POST", f"/v1/cards/{door.card_id}/reissue", {})).status_code == 200
    await outlet.work()
    await door.save(door.phone("thief"), stolen)
    await outlet.work()
    (made,) = outlet.fake.memory.objects
    assert_blank(outlet.shown(made))
    assert await door.events("pass.added") == 0


async def rotating(door: Door) -> tuple[Asking, dict[str, Any]]:
    """Let the owner hold a card whose code changes; return a till that reads it."""
    _, shop = await merchant(door.world, "Maison Dorée")
    settings = HOSTED["settings"] | {"rotating_code": True}
    program_id = await program(shop, **(HOSTED | {"settings": settings}))
    made = await door.owner("POST", "/v1/cards", {"program_id": program_id})
    assert made.status_code == 201, made.text
    return await till(door.world, shop), made.json()


@pytest.mark.parametrize("end", ["revoked", "issued anew"])
async def test_codes_that_a_phone_makes_by_itself_end_too(outlet: Outlet, end: str) -> None:
    door, world = outlet.door, outlet.door.world
    counter, card = await rotating(door)
    other, other_id = await named(world, "Ben")
    await shared(door.owner, card, other, "full")
    mine, theirs = door.phone("mine"), door.phone("theirs")
    async with door.time_passes():
        await door.save(mine, await door.link(door.owner, card["id"]))
        await door.save(theirs, await door.link(other, card["id"]))
    await outlet.work()
    (their_object,) = theirs.wallet
    at = world.clock.wall() + 90_000_000
    made = theirs.shown(their_object, at=at).code  # by the secret that the phone has now
    assert made is not None and made.startswith("PC1.")
    if end == "revoked":
        path = f"/v1/cards/{card['id']}/holders/{other_id}"
        assert (await door.owner("DELETE", path)).status_code == 204
    else:
        assert (await other("POST", f"/v1/cards/{card['id']}/reissue", {})).status_code == 200
    await outlet.work()
    assert_blank(outlet.shown(their_object))
    world.clock.forward((at - world.clock.wall()) / 1_000_000)
    refused = await counter("POST", SCANS, {"code": made})
    assert refused.status_code == 404, refused.text
    (my_object,) = mine.wallet
    mine_now = mine.shown(my_object, at=world.clock.wall()).code
    assert (await counter("POST", SCANS, {"code": mine_now})).status_code == 200
