"""Asks worker processes: which codes are in a picture, what is left of it once re-encoded."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

import msgspec

from app.errors import InvalidPicture, Unavailable
from app.pictures.frames import CODES, DONE, HEAD, ICON, PHOTO, ReadCode
from app.pictures.sizes import require_small

WAIT_SECONDS_MAX = 10  # for one picture, however busy the machine is
WAITING_MAX = 64  # pictures of at most 5 MiB each; what is beyond is told to come again
_read_codes = msgspec.json.Decoder(list[ReadCode]).decode


class Pictures:
    """Keeps a few worker processes, begun when they are needed and begun again when one dies."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(max(1, (os.cpu_count() or 1) - 1))
        self._waiting = 0
        self._idle: list[Process] = []

    async def codes(self, data: bytes) -> list[ReadCode]:
        """Return the codes in a picture, the best first. Raises TooBig, InvalidPicture."""
        return _read_codes(await self._done(CODES, data))

    async def photo(self, data: bytes) -> bytes:
        """Return a card's front or back as a small PNG of ours. Raises TooBig, InvalidPicture.

        Of its own output it makes the same bytes.
        """
        return await self._done(PHOTO, data)

    async def icon(self, data: bytes) -> bytes:
        """Return an icon as a small PNG of ours, as `photo` does, with what is transparent."""
        return await self._done(ICON, data)

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _done(self, task: bytes, data: bytes) -> bytes:
        require_small(data)
        if self._waiting >= WAITING_MAX:
            raise Unavailable("too many pictures at once, try again")
        self._waiting += 1
        try:
            async with self._free:
                return await self._asked(task, data)
        finally:
            self._waiting -= 1

    async def _asked(self, task: bytes, data: bytes) -> bytes:
        worker = await self._worker()
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                outcome, answer = await _exchange(worker, task, data)
        except (OSError, EOFError, TimeoutError):
            await _end(worker)
            raise InvalidPicture("it takes too long to decode") from None
        except BaseException:  # who asked has gone: its answer would be the next one's
            await asyncio.shield(_end(worker))
            raise
        self._idle.append(worker)
        if outcome != DONE:
            raise InvalidPicture("it cannot be decoded as a PNG, JPEG or WebP")
        return answer

    async def _worker(self) -> Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
        try:  # our own interpreter and module; the settings are none of its business
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.pictures.worker"), stdin=PIPE, stdout=PIPE, env={}
            )
        except OSError:
            raise Unavailable("no process for pictures can be started") from None


async def _exchange(worker: Process, task: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Hand a picture over and wait for what comes back. Raises OSError, EOFError."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(HEAD.pack(task, len(data)))
    worker.stdin.write(data)
    await worker.stdin.drain()
    outcome, length = HEAD.unpack(await worker.stdout.readexactly(HEAD.size))
    return outcome, await worker.stdout.readexactly(length)


async def _end(worker: Process) -> None:
    with suppress(ProcessLookupError):
        worker.kill()
    await worker.wait()
