"""Google away, tokens gone, quotas spent, workers dead: nothing lost, nothing told twice."""

from __future__ import annotations

import asyncio

import pytest

from app.clock import HOUR, MINUTE, SECOND
from app.delivery.google_jobs import LEASE
from app.sandbox.fake_google_orders import Broken, Reset, Say
from tests.cards.cards_world import NUMBERS
from tests.google.delivery_world import Outlet
from tests.google.door_world import Door


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


def balances(outlet: Outlet, objects: list[str]) -> list[int]:
    return [outlet.shown(each)["loyaltyPoints"]["balance"]["int"] for each in objects]


async def tell_all(outlet: Outlet, balance: int) -> None:
    for place, number in enumerate(NUMBERS):
        await outlet.door.tell(balance + place, number)


async def test_an_hour_of_503_loses_nothing_and_is_not_met_by_a_storm(outlet: Outlet) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    outlet.fake.outage(outlet.clock.wall() + HOUR)
    await tell_all(outlet, 100)
    await outlet.work_for(HOUR / SECOND)
    during = outlet.told(since=before)
    assert set(during) == {"PATCH loyaltyObject 503"}
    assert during.total() < 200
    await outlet.work_for(6 * MINUTE / SECOND)
    assert balances(outlet, objects) == [100, 101, 102, 103]
    assert outlet.told(since=before)["PATCH loyaltyObject 200"] == 4
    assert await outlet.pending() == 0
    assert outlet.fake.busiest_second <= 20


async def test_what_changed_during_an_outage_is_told_once_in_its_last_state(
    outlet: Outlet,
) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    outlet.fake.outage(outlet.clock.wall() + 10 * MINUTE)
    for balance in (100, 200, 300):
        await tell_all(outlet, balance)
        await outlet.work_for(2 * MINUTE / SECOND)
    await outlet.work_for(15 * MINUTE / SECOND)
    assert balances(outlet, objects) == [300, 301, 302, 303]
    assert outlet.told(since=before)["PATCH loyaltyObject 200"] == 4


async def test_revoked_tokens_cost_one_repeat(outlet: Outlet) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    outlet.fake.revoke_tokens()
    await tell_all(outlet, 10)
    await outlet.work()
    assert balances(outlet, objects) == [10, 11, 12, 13]
    told = outlet.told(since=before)
    assert told["PATCH loyaltyObject 200"] == 4
    assert told.total() <= 8


async def test_tokens_that_expire_are_renewed_before(outlet: Outlet) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    for hour in range(3):
        outlet.clock.forward(HOUR / SECOND)
        await tell_all(outlet, 10 * hour)
        await outlet.work()
    assert balances(outlet, objects) == [20, 21, 22, 23]
    assert set(outlet.told(since=before)) <= {"PATCH loyaltyObject 200", "GET loyaltyObject 200"}


@pytest.mark.parametrize(
    "refusal",
    [
        Say(403, "rateLimitExceeded", "Rate Limit Exceeded"),
        Say(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
        Say(429, "rateLimitExceeded", "Too many requests", retry_after=30),
    ],
)
async def test_a_quota_that_is_spent_halves_the_speed_and_loses_nothing(
    outlet: Outlet, refusal: Say
) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    outlet.fake.order(refusal, refusal, refusal)
    await tell_all(outlet, 10)
    await outlet.work()
    if refusal.retry_after:
        refused_at = outlet.calls()[-1].at
        await outlet.work_for(20)
        after = [seen.at for seen in outlet.calls() if seen.at > refused_at]
        assert after == []
    await outlet.work_for(120)
    assert balances(outlet, objects) == [10, 11, 12, 13]
    assert outlet.told(since=before)["PATCH loyaltyObject 200"] == 4
    (row,) = await outlet.door.rows("SELECT interval_us FROM google_pace WHERE account LIKE '%@%'")
    assert row[0] >= 52_000


async def test_an_account_that_is_not_invited_stops_its_issuer_in_words(outlet: Outlet) -> None:
    [saved, *_], door = await outlet.save_all(2), outlet.door
    account = outlet.fake._accounts[next(iter(outlet.fake._accounts))]
    outlet.fake.expel(account, "3388000000012345678")
    before = len(outlet.calls())
    await tell_all_of(outlet, 2, 50)
    await outlet.work_for(30 * MINUTE / SECOND)
    assert len(outlet.calls(since=before)) <= 2  # those in flight; no retry
    stopped = await door.rows("SELECT stopped FROM google_pace WHERE stopped IS NOT NULL")
    assert "console" in stopped[0][0]
    outlet.fake.invite(account, "3388000000012345678")
    await outlet.work_for(HOUR / SECOND)
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 50}
    assert await outlet.pending() == 0


async def test_a_start_tries_a_stopped_issuer_at_once(outlet: Outlet) -> None:
    saved = await outlet.save()
    account = outlet.fake._accounts[next(iter(outlet.fake._accounts))]
    outlet.fake.expel(account, "3388000000012345678")
    await outlet.door.tell(50)
    await outlet.work()
    outlet.fake.invite(account, "3388000000012345678")
    await outlet.work_for(60)
    assert await outlet.pending() == 1
    await outlet.twin().work_for(10)
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 50}


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_call_without_an_answer_is_made_once_more(outlet: Outlet, is_done: bool) -> None:
    objects, before = await outlet.save_all(2), len(outlet.calls())
    outlet.fake.order(Reset(is_done=is_done), Broken(is_done=is_done))
    await tell_all_of(outlet, 2, 60)
    await outlet.work_for(60)
    assert balances(outlet, objects) == [60, 61]
    assert len(outlet.calls(since=before)) <= 4
    assert await outlet.pending() == 0


async def test_what_a_lost_call_may_have_done_is_undone_by_the_next(outlet: Outlet) -> None:
    saved = await outlet.save()
    await outlet.door.tell(1)
    await outlet.work()
    outlet.fake.order(Reset(is_done=True), path=saved)
    await outlet.door.tell(2)
    await outlet.work()  # Google has 2, and we do not know it
    await outlet.door.tell(1)  # as Google was told before
    await outlet.work_for(60)
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 1}


async def test_a_worker_that_dies_leaves_everything_to_the_next(outlet: Outlet) -> None:
    objects, before = await outlet.save_all(4), len(outlet.calls())
    await tell_all(outlet, 70)
    await outlet.channel.turn()
    await outlet.passing.until(called(outlet, before + 2))  # some told, some claimed
    await outlet.kill()
    heir = outlet.twin()
    await heir.work()
    outlet.clock.forward(LEASE / SECOND + 1)
    await heir.work()
    assert balances(outlet, objects) == [70, 71, 72, 73]
    assert outlet.told(since=before)["PATCH loyaltyObject 200"] <= 5  # one repeat at most
    assert await outlet.pending() == 0


async def called(outlet: Outlet, count: int) -> None:
    for _ in range(1_000_000):
        if len(outlet.calls()) >= count:
            return
        await asyncio.sleep(0)
    raise AssertionError("the calls did not come")


async def tell_all_of(outlet: Outlet, count: int, balance: int) -> None:
    for place, number in enumerate(NUMBERS[:count]):
        await outlet.door.tell(balance + place, number)
