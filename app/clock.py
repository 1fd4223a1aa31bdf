"""Time as a port: wall time, monotonic time and sleeping, so that tests move it by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

SECOND = 1_000_000  # microseconds, the unit of every `_at`
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@runtime_checkable
class Clock(Protocol):
    """What may be asked about time. Order is never taken from the wall clock."""

    def wall(self) -> int:
        """Return Unix microseconds, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never jump."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> int:
        """Return Unix microseconds, UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


class FrozenClock:
    """A clock that stands still until `forward` moves it; sleepers wake when their time comes."""

    def __init__(self, at: int = 1_790_000_000 * SECOND) -> None:
        self._at = at
        self._start = at
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def wall(self) -> int:
        """Return Unix microseconds, UTC."""
        return self._at

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return (self._at - self._start) / SECOND

    async def sleep(self, seconds: float) -> None:
        """Wait until `forward` has moved the clock past the moment."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._at + round(seconds * SECOND), waker))
        await waker

    def next_waking(self) -> int | None:
        """Return when the first sleeper wakes, Unix microseconds; None when nobody sleeps."""
        return min((at for at, waker in self._sleepers if not waker.done()), default=None)

    def forward(self, seconds: float) -> None:
        """Move the clock and wake those whose moment has come."""
        self._at += round(seconds * SECOND)
        due = [waker for at, waker in self._sleepers if at <= self._at]
        self._sleepers = [(at, waker) for at, waker in self._sleepers if at > self._at]
        for waker in due:
            if not waker.done():
                waker.set_result(None)


def rfc3339(at: int) -> str:
    """Write a moment as RFC 3339 in UTC with `Z`, whole seconds unless there is a fraction."""
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.replace(tzinfo=None).isoformat() + "Z"  # years before 1000 in four digits too


def microseconds(moment: datetime) -> int:
    """Turn an aware moment into Unix microseconds without a float."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
