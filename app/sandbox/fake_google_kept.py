"""Keeps what the fake Google knows over a restart of the sandbox, as Google herself would."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from app.clock import Clock
from app.sandbox.fake_google_memory import Memory, Stored
from app.sandbox.private_files import write_private

WAIT_SECONDS = 1.0  # what changes meanwhile is written with it


class Keeper:
    """Writes the memory soon after each change; a killed server loses the last second at most."""

    def __init__(self, memory: Memory, path: Path, clock: Clock) -> None:
        """Read what an earlier run kept."""
        self._memory = memory
        self._path = path
        self._clock = clock
        self._is_waiting = False
        self._last: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        read_memory(memory, path)
        memory.on_change = self._changed

    async def settle(self) -> None:
        """Wait until the latest changes are written; their second must have passed."""
        if self._last is not None:
            await self._last

    async def close(self) -> None:
        """Write for the last time."""
        self._memory.on_change = None
        if self._last is not None and self._is_waiting:
            self._last.cancel()
        await self._write()

    def _changed(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._last = asyncio.get_running_loop().create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await self._clock.sleep(WAIT_SECONDS)
        self._is_waiting = False
        await self._write()

    async def _write(self) -> None:
        async with self._lock:
            # In a thread: a slow disk must not hold the loop.
            await asyncio.to_thread(_write, self._path, _encoded(self._memory))


class _Kept(msgspec.Struct, frozen=True):
    classes: list[Stored]
    objects: list[Stored]


def read_memory(memory: Memory, path: Path) -> bool:
    """Read them back; False: there is no such file, or none that can be read."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        classes = {it.document["id"]: it for it in kept.classes}
        objects = {it.document["id"]: it for it in kept.objects}
    except (OSError, msgspec.MsgspecError, KeyError):
        return False
    memory.restore(classes, objects)
    return True


def _encoded(memory: Memory) -> bytes:
    return msgspec.json.encode(_Kept([*memory.classes.values()], [*memory.objects.values()]))


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads: objects hold numbers and secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, content)
