"""When phones speak: three changes a day by their worth, three messages apart, else silently."""

from __future__ import annotations

import pytest

from app.clock import DAY, HOUR, SECOND
from app.google import notifying
from app.outbox import service as outbox
from app.sandbox.fake_google_orders import Reset
from tests.google.delivery_world import Outlet
from tests.google.door_world import Door


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


def asked(outlet: Outlet, since: int) -> list[bool]:
    """Say of each call whether it asked for a notice."""
    return [b"NOTIFY_ON_UPDATE" in seen.body for seen in outlet.calls(since=since)]


async def test_a_new_balance_asks_each_time_until_the_day_is_spent(
    outlet: Outlet,
) -> None:
    saved, before = await outlet.save(), len(outlet.calls())
    for balance in range(1, 6):
        await outlet.door.tell(balance)
        await outlet.work()
    assert asked(outlet, before) == [True, True, True, False, False]
    assert outlet.spoken(saved) == 3
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 5}


async def test_a_fourth_change_of_a_day_is_silent_even_of_a_tier(outlet: Outlet) -> None:
    saved = await outlet.save()
    for balance in (1, 2):
        await outlet.door.tell(balance)
        await outlet.work()
    assert outlet.spoken(saved) == 2
    await outlet.door.tell(3, tier="gold")
    await outlet.work()
    assert outlet.spoken(saved) == 3
    await outlet.door.tell(3, tier="silver")
    await outlet.work()
    assert outlet.spoken(saved) == 3  # the fourth goes silently
    assert outlet.shown(saved)["secondaryLoyaltyPoints"]["balance"] != {"string": "Or"}


async def test_the_budget_is_of_a_rolling_day(outlet: Outlet) -> None:
    saved = await outlet.save()
    for balance in (1, 2, 3):
        await outlet.door.tell(balance)
        await outlet.work()
    outlet.clock.forward(DAY / SECOND + 60)
    await outlet.door.tell(9)
    await outlet.work()
    assert outlet.spoken(saved) == 4


async def test_what_a_save_brings_is_silent(outlet: Outlet) -> None:
    token = await outlet.door.link()
    await outlet.door.tell(500)  # newer than the link
    await outlet.door.save(outlet.door.phone(), token)
    await outlet.work()
    (saved,) = outlet.fake.memory.objects
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 500}
    assert outlet.spoken(saved) == 0
    await outlet.door.tell(501)
    await outlet.work()
    assert outlet.spoken(saved) == 1


async def test_a_burst_is_one_notice(outlet: Outlet) -> None:
    saved = await outlet.save()
    for balance in (1, 2, 3, 4):
        await outlet.door.tell(balance)
    await outlet.work()
    assert outlet.spoken(saved) == 1


async def test_a_spent_budget_at_google_has_the_same_change_told_silently(outlet: Outlet) -> None:
    saved = await outlet.save()
    for _ in range(3):
        outlet.fake.push_desk.budgets.spend(saved, "update")
    before = len(outlet.calls())
    await outlet.door.tell(8)
    await outlet.work()
    assert asked(outlet, before) == [True, False]
    assert [seen.status for seen in outlet.calls(since=before)] == [403, 200]
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 8}
    assert await outlet.pending() == 0


async def test_a_new_message_speaks_by_its_own_call_and_budget(outlet: Outlet) -> None:
    saved, before = await outlet.save(), len(outlet.calls())
    for n in range(1, 5):
        await outlet.door.tell(7, message=f"Message {n}")
        await outlet.work()
    added = [seen for seen in outlet.calls(since=before) if seen.path.endswith("/addMessage")]
    kinds = [outlet.body(seen)["message"]["messageType"] for seen in added]
    assert kinds == ["TEXT_AND_NOTIFY"] * 3 + ["TEXT"]
    assert [m["body"] for m in outlet.shown(saved)["messages"]][-1] == "Message 4"
    assert outlet.spoken(saved) == 3
    assert await outlet.pending() == 0


async def test_a_message_that_google_will_not_speak_is_added_as_text(outlet: Outlet) -> None:
    saved = await outlet.save()
    for _ in range(3):
        outlet.fake.push_desk.budgets.spend(saved, "message")
    before = len(outlet.calls())
    await outlet.door.tell(0, message="Bonjour")
    await outlet.work()
    added = [seen for seen in outlet.calls(since=before) if seen.path.endswith("/addMessage")]
    assert [seen.status for seen in added] == [403, 200]
    assert outlet.shown(saved)["messages"][0]["body"] == "Bonjour"


async def test_a_message_beside_a_balance_speaks_alone(outlet: Outlet) -> None:
    saved = await outlet.save()
    await outlet.door.tell(99, message="Deux points de plus")
    await outlet.work()
    assert outlet.spoken(saved) == 1
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 99}
    await outlet.door.tell(100)
    await outlet.work()
    assert outlet.spoken(saved) == 2


def test_the_budget_is_spent_by_worth() -> None:
    now, spent = 10 * DAY, "[]"
    found = []
    for _ in range(4):
        found.append(
            [
                notifying.may_push(spent, priority, now)
                for priority in (outbox.AT_TILL, outbox.TIER, outbox.SINGLE, outbox.BULK)
            ]
        )
        spent = notifying.noted(spent, now)
        now += HOUR
    assert found == [
        [True, True, True, True],
        [True, True, True, True],
        [True, True, True, False],
        [False, False, False, False],
    ]


def test_what_is_a_day_old_is_forgotten() -> None:
    spent = notifying.noted(notifying.noted("[]", 1), 2)
    assert spent == "[1,2]"
    assert notifying.noted(spent, DAY + 1) == f"[2,{DAY + 1}]"


async def test_what_an_outage_held_up_still_speaks_once(outlet: Outlet) -> None:
    saved = await outlet.save()
    outlet.fake.outage(outlet.clock.wall() + HOUR)
    await outlet.door.tell(5)
    await outlet.work_for(HOUR / SECOND + 600, step=20)
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 5}
    assert outlet.spoken(saved) == 1


async def test_a_call_without_an_answer_speaks_once_and_counts_once(outlet: Outlet) -> None:
    saved = await outlet.save()
    outlet.fake.order(Reset(is_done=True), path=saved)
    await outlet.door.tell(5)
    await outlet.work_for(60)
    assert outlet.spoken(saved) == 1
    [(pushed_at,)] = await outlet.door.rows("SELECT pushed_at FROM google_object")
    assert pushed_at.count(",") <= 1
