"""Reads a user's stream of events, while a test moves the clock by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from app.cards.live import LOOK_SECONDS
from tests.cards.cards_world import Asking
from tests.flows.conftest import World

_PATIENCE_SECONDS = 20


class Stream:
    """An open stream: its events in order, comments among them."""

    def __init__(self, world: World, answer: Any) -> None:
        self._world = world
        self._answer = answer
        self._lines = answer.aiter_lines()
        self.state = ""  # of the wallet, as the stream began

    async def next(self) -> tuple[str, Any]:
        """Return the next event; nobody moves the clock meanwhile."""
        return await asyncio.wait_for(self._next(), _PATIENCE_SECONDS)

    async def after_a_look(self) -> tuple[str, Any]:
        """Move the clock by looks until an event comes."""
        async with looking(self._world):
            return await self.next()

    async def ends(self) -> None:
        """Move the clock by looks until the server ends the stream; no event may come."""
        async with looking(self._world):
            with contextlib.suppress(StopAsyncIteration):
                raise AssertionError(await self.next())

    async def _next(self) -> tuple[str, Any]:
        name = ""
        while True:
            line = await anext(self._lines)
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                return name, msgspec.json.decode(value)
            elif (field, value) == ("", "beat"):
                return "beat", None


@contextlib.asynccontextmanager
async def looking(world: World) -> AsyncIterator[None]:
    """Let the server look again and again, as its clock would."""

    async def forward() -> None:
        while True:
            world.clock.forward(LOOK_SECONDS)
            await asyncio.sleep(0.005)

    task = asyncio.create_task(forward())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def following(world: World, ask: Asking, **headers: str) -> AsyncIterator[Stream]:
    """Open a user's stream, with his token unless headers say otherwise, past its `ready`."""
    headers = headers or {"Authorization": f"Bearer {ask.token}"}
    async with world.client.stream("GET", "/v1/me/events", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        stream = Stream(world, answer)
        name, data = await stream.next()
        assert (name, list(data)) == ("ready", ["state"])
        stream.state = data["state"]
        yield stream
