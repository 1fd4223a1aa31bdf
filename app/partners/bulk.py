"""A bulk file: read, taken and answered line by line, never held as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from app.errors import AppError, TooBig
from app.partners.lines import LINE_MAX, TOO_LONG, Lines

LINES_MAX = 100_000
CHUNK = 1_000  # lines a unit of work: it holds the writer for at most some 60 ms
_encode = msgspec.json.Encoder().encode
Item = TypeVar("Item")


class Answered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a line."""

    line: int
    status: str
    sequence: int | None = None
    code: str | None = None
    detail: str | None = None


class Work(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """What is done with lines: each is read by itself, then a chunk is taken and answered.

    `read` gets the number from 1 and the line, or what is wrong with it already; whatever else is
    wrong with it is its own answer and loses no other. `statuses`: what is counted, in order.
    """

    read: Callable[[int, bytes | AppError], Item]
    take: Callable[[list[Item]], Awaitable[list[Answered]]]
    statuses: tuple[str, ...]


class Stopped(msgspec.Struct, frozen=True):
    """The last line when not all was taken, by its code; earlier lines stand."""

    done: bool
    code: str


def error_answer(line: int, error: AppError) -> Answered:
    """Write the answer of a line that was refused."""
    return Answered(line=line, status="error", code=error.code, detail=error.detail)


async def answers(work: Work[Any], body: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Give the answer's lines as they come to be.

    Reading goes on whether or not the answer is read: up to 100,000 short lines wait here, so
    that a client which first sends all and then reads never waits for a server that waits for it.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    reading = asyncio.create_task(_read(work, body, queue))
    try:
        while (part := await queue.get()) is not None:
            yield part
        await reading
    finally:
        reading.cancel()


async def _read(
    work: Work[Any], body: AsyncIterator[bytes], queue: asyncio.Queue[bytes | None]
) -> None:
    taker = _Taker(work, queue)
    lines = Lines()
    try:
        async for chunk in body:
            for number, line in lines.feed(chunk):
                await taker.add(number, line)
        for number, line in lines.close():
            await taker.add(number, line)
        await taker.finish()
    except AppError as error:
        taker.stop(error.code)
    finally:
        queue.put_nowait(None)


class _Taker:
    """Collects lines into chunks and has each taken."""

    def __init__(self, work: Work[Any], queue: asyncio.Queue[bytes | None]) -> None:
        self._work, self._queue = work, queue
        self._chunk: list[Any] = []
        self._counts = dict.fromkeys(work.statuses, 0)
        self._is_over = False

    async def add(self, number: int, line: bytes | None) -> None:
        """Take a line with its chunk; lines above the limit are read over."""
        if self._is_over:
            return
        if number > LINES_MAX:
            await self._take()
            self.stop("too-many-lines")
            return
        read = TooBig(f"a line has at most {LINE_MAX} bytes") if line is TOO_LONG else line
        self._chunk.append(self._work.read(number, read))
        if len(self._chunk) >= CHUNK:
            await self._take()

    async def finish(self) -> None:
        """Take what is left and say how it went."""
        await self._take()
        if not self._is_over:
            self._queue.put_nowait(_encode({"done": True, **self._counts}) + b"\n")

    def stop(self, code: str) -> None:
        """Say that nothing more is taken, and why; the rest is read over."""
        self._is_over = True
        self._queue.put_nowait(_encode(Stopped(False, code)) + b"\n")

    async def _take(self) -> None:
        if not self._chunk:
            return
        lines, self._chunk = self._chunk, []
        taken = await self._work.take(lines)
        self._queue.put_nowait(b"".join(self._counted(answer) for answer in taken))

    def _counted(self, answer: Answered) -> bytes:
        self._counts[answer.status] += 1
        return _encode(answer) + b"\n"
