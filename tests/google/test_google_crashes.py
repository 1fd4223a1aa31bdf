"""A worker dies at each step of its way: the next one loses nothing and repeats one call at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from app.clock import SECOND
from app.delivery.google import GoogleChannel
from app.delivery.google_jobs import LEASE
from app.google.teller import Teller
from app.storage.database import Database, Work
from bench.google_scene import Scene, scene

T = TypeVar("T")
STEPS = 24  # a card takes four writes


class Dead(Exception):
    """The process is gone."""


class Dying:
    """A database of a process that dies before, or just after, its so-manieth write."""

    def __init__(self, database: Database, writes: int, *, is_done: bool) -> None:
        self.inner, self.engine = database, database.engine
        self._left, self._is_done = writes, is_done

    async def write(self, work: Work[T]) -> T:
        """Write, or die."""
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._is_done):
            raise Dead
        found = await self.inner.write(work)
        if self._left == 0:
            raise Dead
        return found

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Write many."""
        return await self.inner.write_batch(works)

    async def read(self, work: Work[T]) -> T:
        """Read, unless dead."""
        return await self.read_point(work)

    async def read_point(self, work: Work[T]) -> T:
        """Read, unless dead."""
        if self._left <= 0:
            raise Dead
        return await self.inner.read_point(work)

    async def close(self) -> None:
        """Leave it open: others use it."""


def dying(here: Scene, writes: int, *, is_done: bool) -> GoogleChannel:
    """Make a worker that dies at a write."""
    database = Dying(here.ports.database, writes, is_done=is_done)
    ports = msgspec.structs.replace(here.ports, database=database)
    teller: Any = here.channel._teller
    means = msgspec.structs.replace(teller.means, ports=ports)
    mortal = Teller(
        ports, teller._issuers, means.wallet, type(means.pacer)(ports), pictures=teller._pictures
    )
    return GoogleChannel(ports, teller._issuers, mortal)


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_death_at_any_write_loses_nothing_and_repeats_one_call_a_card(
    sqlite_url: str, tmp_path: Path, is_done: bool
) -> None:
    async with scene(sqlite_url, tmp_path) as here:
        for writes in range(1, STEPS):
            made = await here.maker.merchant(6)
            before = len(here.fake.calls)
            mortal = dying(here, writes, is_done=is_done)
            await here.passing.until(mortal.turn())
            await here.passing.until(mortal.wait())
            here.clock.forward(LEASE / SECOND + 1)
            await here.drain()
            calls = Counter(seen.path for seen in list(here.fake.calls)[before:])
            assert len(calls) == len(made), writes
            assert max(calls.values()) <= 2, writes
            assert calls.total() <= len(made) + 1, writes
            left = await here.ports.database.read(
                lambda tx: tx.value("SELECT COUNT(*) FROM outbox WHERE wanted > done")
            )
            assert left == 0, writes
        assert here.fake.busiest_second <= 20
