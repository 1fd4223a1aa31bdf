"""Time that passes only while everybody waits for it: what takes no time takes none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, TypeVar

from app.clock import SECOND, FrozenClock
from app.storage.database import Database, Work

T = TypeVar("T")
HANDED_OVER_SECONDS = 0.02  # of real time
TURNS = 30  # of the loop without anybody at work: then all wait for time


class Watch:
    """Counts what is at work outside of the loop."""

    def __init__(self) -> None:
        self.count = 0
        self._less = asyncio.Event()

    async def of(self, awaited: Awaitable[T]) -> T:
        """Await what is at work."""
        self.count += 1
        try:
            return await awaited
        finally:
            self.done()

    def done(self) -> None:
        """Note that something is at work no more."""
        self.count -= 1
        self._less.set()

    async def less(self) -> None:
        """Wait until something is at work no more."""
        self._less.clear()
        await self._less.wait()


class WatchedDatabase:
    """`Database` around another one: says when it is at work."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self.inner, self.engine, self._watch = database, database.engine, watch

    async def write(self, work: Work[T]) -> T:
        """Write."""
        return await self._watch.of(self.inner.write(work))

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Write many."""
        return await self._watch.of(self.inner.write_batch(works))

    async def read(self, work: Work[T]) -> T:
        """Read."""
        return await self._watch.of(self.inner.read(work))

    async def read_point(self, work: Work[T]) -> T:
        """Read."""
        return await self._watch.of(self.inner.read_point(work))

    async def empty_log(self) -> bool:
        """Empty the log."""
        return await self._watch.of(self.inner.empty_log())

    async def close(self) -> None:
        """Close."""
        await self.inner.close()


class WatchedThreads(Executor):
    """An executor around another one: says when it is at work."""

    def __init__(self, threads: Executor, watch: Watch) -> None:
        self._threads, self._watch = threads, watch

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run in a thread."""
        loop = asyncio.get_running_loop()
        self._watch.count += 1
        future = self._threads.submit(fn, *args, **kwargs)
        # Whoever waits for it is told by a later callback of the same thread: not before that.
        done = partial(loop.call_later, HANDED_OVER_SECONDS, self._watch.done)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(done))
        return future


class Passing:
    """Moves the clock from one sleeper to the next, never while somebody is at work."""

    def __init__(self, clock: FrozenClock, watch: Watch) -> None:
        self._clock, self._watch = clock, watch

    async def until(self, awaited: Awaitable[T], *, seconds: float = 100_000) -> T:
        """Wait for something while time passes; at most so many seconds of it."""
        task = asyncio.ensure_future(awaited)
        end = self._clock.wall() + round(seconds * SECOND)
        while not task.done():
            await self._quiet(task)
            waking = self._clock.next_waking()
            if task.done():
                break
            assert waking is not None, "it waits, but not for time"
            assert waking <= end, "it takes too long"
            self._clock.forward(max(0, waking - self._clock.wall()) / SECOND)
        return task.result()

    async def _quiet(self, task: asyncio.Future[Any]) -> None:
        turns = 0
        while turns < TURNS and not task.done():
            if self._watch.count:
                await self._watch.less()
                turns = 0
            await asyncio.sleep(0)
            turns += 1
