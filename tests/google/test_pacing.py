"""One bucket for all: many workers, several processes, both engines; halved, stopped, resumed."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import SECOND, FrozenClock
from app.google import pace
from app.google.issuers import Issuers, LoadedIssuer
from app.google.pacing import AHEAD_SECONDS, Pacer
from app.http.ports import Ports
from app.storage.database import Work
from tests.google.accounts import EMAIL, account_json
from tests.google.conftest import keep_issuer
from tests.google.test_pace import most_in_a_second

T = TypeVar("T")
OTHER_EMAIL = "other@shop-2.iam.gserviceaccount.com"


@pytest.fixture
async def issuer(issuers: Issuers) -> LoadedIssuer:
    return await issuers.first()


@pytest.fixture
def pacer(ports: Ports) -> Pacer:
    return Pacer(ports)


async def settle() -> None:
    """Let every task come to where it waits: the database answers from threads."""
    for _ in range(20):
        await asyncio.sleep(0.001)


class Workers:
    """Tasks that call as often as they may, over pacers of their own."""

    def __init__(self, ports: Ports, issuer: LoadedIssuer, *, pacers: int, each: int) -> None:
        self.calls: list[int] = []
        self._clock = ports.clock
        self._issuer = issuer
        self._tasks = [
            asyncio.create_task(self._work(pacer))
            for pacer in [Pacer(ports) for _ in range(pacers)]
            for _ in range(each)
        ]

    async def _work(self, pacer: Pacer) -> None:
        while True:
            if await pacer.take(self._issuer) is None:
                await self._clock.sleep(0.05)
                continue
            self.calls.append(self._clock.wall())

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def test_many_workers_of_two_processes_never_make_more_than_20_calls_a_second(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    workers = Workers(ports, issuer, pacers=2, each=5)
    for _ in range(150):
        await settle()
        clock.forward(0.02)
    await settle()
    await workers.end()
    assert most_in_a_second(workers.calls) <= 20
    assert len(workers.calls) >= 45  # 3 s: the account is used, not only spared


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from([0.0, 0.013, 0.03, 0.09, 0.3, 0.5, 1.0]), min_size=15, max_size=25))
async def test_a_clock_that_leaps_wakes_sleepers_who_then_wait_again(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock, leaps: list[float]
) -> None:
    workers = Workers(ports, issuer, pacers=2, each=3)
    for seconds in leaps:
        await settle()
        clock.forward(seconds)
    await settle()
    await workers.end()
    clock.forward(5)
    assert most_in_a_second(workers.calls) <= 20


async def test_the_first_call_waits_for_nothing_and_the_next_for_its_slot(
    pacer: Pacer, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    assert await pacer.take(issuer) == 0
    second = asyncio.create_task(pacer.take(issuer))
    await settle()
    assert not second.done()
    clock.forward(pace.INTERVAL / SECOND)
    assert await second == pytest.approx(pace.INTERVAL / SECOND)


async def test_only_a_little_is_reserved_so_that_what_is_urgent_comes_soon(
    pacer: Pacer, ports: Ports, issuer: LoadedIssuer
) -> None:
    tasks = [asyncio.create_task(pacer.take(issuer)) for _ in range(50)]
    given_up: list[asyncio.Task[float | None]] = []
    for _ in range(100):  # a machine that is busy needs longer
        await settle()
        given_up = [task for task in tasks if task.done() and task.result() is None]
        if len(tasks) - len(given_up) <= 1 + AHEAD_SECONDS * 20:
            break
    assert len(tasks) - len(given_up) <= 1 + AHEAD_SECONDS * 20
    assert 0 < pacer.wait_seconds(issuer) <= pace.INTERVAL / SECOND
    assert await Pacer(ports).take(issuer) is None  # another process hears the same
    for task in tasks:
        task.cancel()


async def test_a_larger_ahead_still_finds_the_slot_that_was_too_far_for_another(
    pacer: Pacer, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    assert await pacer.take(issuer) == 0
    assert await pacer.take(issuer, ahead=0.01) is None
    task = asyncio.create_task(pacer.take(issuer, ahead=0.1))
    await settle()
    clock.forward(0.052)
    assert await task == pytest.approx(0.052)


class SlowDatabase:
    """A database whose commits take a while by the frozen clock."""

    def __init__(self, ports: Ports, clock: FrozenClock, seconds: float) -> None:
        self._inner, self._clock, self._seconds = ports.database, clock, seconds
        self.writes = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def write(self, work: Work[T]) -> T:
        found = await self._inner.write(work)
        self._clock.forward(self._seconds)
        self.writes += 1
        return found


async def test_slow_commits_are_allowed_for_so_that_slots_are_not_missed(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    slow = SlowDatabase(ports, clock, 0.08)
    pacer = Pacer(msgspec.structs.replace(ports, database=slow))
    for _ in range(10):
        task = asyncio.create_task(pacer.take(issuer))
        for _ in range(40):
            await settle()
            if task.done():
                break
            clock.forward(0.01)
        assert await task is not None
    # Only the first one was given its slot after it was over, and had to take another.
    assert slow.writes <= 12


async def test_a_refusal_slows_every_process_down_once(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    one, other = Pacer(ports), Pacer(ports)
    assert await one.take(issuer) == 0
    sent_at = clock.wall()
    clock.forward(0.2)
    for pacer in (one, other, one):
        await pacer.slower(issuer, sent_at=sent_at)
    task = asyncio.create_task(other.take(issuer))
    await settle()
    assert not task.done()
    clock.forward(2 * pace.INTERVAL / SECOND)
    assert await task == pytest.approx(2 * pace.INTERVAL / SECOND)


async def test_refusals_of_unknown_age_count_once_a_second(
    pacer: Pacer, ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    for _ in range(4):
        await pacer.slower(issuer)
        clock.forward(0.2)
    assert await interval(ports) == 2 * pace.INTERVAL
    clock.forward(1)
    await pacer.slower(issuer)
    assert await interval(ports) == 4 * pace.INTERVAL


async def interval(ports: Ports) -> object:
    sql = "SELECT interval_us FROM google_pace WHERE account = ?"
    return await ports.database.read(lambda tx: tx.value(sql, EMAIL))


async def test_retry_after_keeps_everybody_away(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    one, other = Pacer(ports), Pacer(ports)
    await one.slower(issuer, 7.5)
    assert await other.take(issuer) is None
    assert other.wait_seconds(issuer) == pytest.approx(7.5 - AHEAD_SECONDS)
    clock.forward(7)
    assert await other.take(issuer) is None
    clock.forward(0.5)
    assert await other.take(issuer) == 0


async def test_a_stopped_issuer_gets_no_slot_until_it_is_resumed(
    ports: Ports, issuer: LoadedIssuer, clock: FrozenClock
) -> None:
    one, other = Pacer(ports), Pacer(ports)
    await one.stop(issuer, "invite the service account")
    for pacer in (one, other):
        assert await pacer.take(issuer) is None
        assert await pacer.stopped(issuer) == "invite the service account"
        assert pacer.wait_seconds(issuer) > 0
    await one.resume(issuer)
    assert await one.take(issuer) == 0
    clock.forward(5)  # the other one looks again after a while
    assert await other.take(issuer) == 0
    assert await other.stopped(issuer) is None


async def test_issuers_of_one_account_share_its_bucket_but_stop_alone(
    ports: Ports, issuers: Issuers, issuer: LoadedIssuer
) -> None:
    await keep_issuer(ports, 2, "3388000000087654321")
    await keep_issuer(ports, 3, "3388000000087654322", file=account_json(client_email=OTHER_EMAIL))
    same, apart = await issuers.get(2), await issuers.get(3)
    pacer = Pacer(ports)
    await pacer.stop(issuer, "not invited")
    assert await pacer.take(same) == 0
    waiting = asyncio.create_task(pacer.take(same))
    assert await pacer.take(apart) == 0
    await settle()
    assert not waiting.done()
    waiting.cancel()


async def test_a_slot_may_be_reserved_and_its_moment_awaited_elsewhere(
    pacer: Pacer, issuer: LoadedIssuer, ports: Ports
) -> None:
    first = await pacer.reserve(issuer)
    second = await pacer.reserve(issuer)
    assert first == ports.clock.wall()
    assert second == first + pace.INTERVAL
    await pacer.stop(issuer, "repair it")
    assert await pacer.reserve(issuer) is None
