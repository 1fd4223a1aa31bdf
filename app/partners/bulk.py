"""A bulk file of statements: read, taken and answered line by line, never held as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec

from app.errors import AppError, TooBig, invalid
from app.http.media import decode_json
from app.http.ports import Ports
from app.partners.deciding import Named, judge
from app.partners.lines import LINE_MAX, TOO_LONG, Lines
from app.partners.schemas import StatementLine
from app.partners.statements import EVENTS_PER_CHANGE, Answered, Line, named_of, take_lines
from app.programs.service import Program

LINES_MAX = 100_000
CHUNK = 1_000  # lines a unit of work: it holds the writer for at most some 60 ms
_encode = msgspec.json.Encoder().encode


class Counts(msgspec.Struct):
    """How many lines ended how."""

    ok: int = 0
    stale: int = 0
    error: int = 0


class Done(msgspec.Struct, frozen=True):
    """The last line of the answer."""

    done: bool
    ok: int
    stale: int
    error: int


class Stopped(msgspec.Struct, frozen=True):
    """The last line when not all was taken, by its code; earlier lines stand."""

    done: bool
    code: str


async def answers(
    ports: Ports, program: Program, body: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Give the answer's lines as they come to be.

    Reading goes on whether or not the answer is read: up to 100,000 short lines wait here, so
    that a client which first sends all and then reads never waits for a server that waits for it.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    reading = asyncio.create_task(_read(ports, program, body, queue))
    try:
        while (part := await queue.get()) is not None:
            yield part
        await reading
    finally:
        reading.cancel()


async def _read(
    ports: Ports, program: Program, body: AsyncIterator[bytes], queue: asyncio.Queue[bytes | None]
) -> None:
    taker = _Taker(ports, program, queue)
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
    """Collects lines into chunks and takes each in one unit of work."""

    def __init__(self, ports: Ports, program: Program, queue: asyncio.Queue[bytes | None]) -> None:
        self._ports, self._program, self._queue = ports, program, queue
        self._named = named_of(program)
        self._chunk: list[Line] = []
        self._counts = Counts()
        self._is_over = False

    async def add(self, number: int, line: bytes | None) -> None:
        """Take a line with its chunk; lines above the limit are read over."""
        if self._is_over:
            return
        if number > LINES_MAX:
            await self._take()
            self.stop("too-many-lines")
            return
        self._chunk.append(_judged(number, line, self._named, self._ports))
        if len(self._chunk) >= CHUNK:
            await self._take()

    async def finish(self) -> None:
        """Take what is left and say how it went."""
        await self._take()
        if not self._is_over:
            counts = self._counts
            self._say(Done(True, counts.ok, counts.stale, counts.error))

    def stop(self, code: str) -> None:
        """Say that nothing more is taken, and why; the rest is read over."""
        self._is_over = True
        self._say(Stopped(False, code))

    async def _take(self) -> None:
        if not self._chunk:
            return
        lines, self._chunk = self._chunk, []
        now, program = self._ports.clock.wall(), self._program
        taken = await self._ports.database.write(lambda tx: take_lines(tx, program, lines, now=now))
        self._queue.put_nowait(b"".join(self._counted(answer) for answer in taken))

    def _counted(self, answer: Answered) -> bytes:
        setattr(self._counts, answer.status, getattr(self._counts, answer.status) + 1)
        return _encode(answer) + b"\n"

    def _say(self, last: Done | Stopped) -> None:
        self._queue.put_nowait(_encode(last) + b"\n")


def _judged(number: int, line: bytes | None, named: Named, ports: Ports) -> Line:
    """Read a line; whatever is wrong with it is its own answer and loses no other."""
    if line is TOO_LONG:
        return Line(number, "", None, TooBig(f"a line has at most {LINE_MAX} bytes"))
    try:
        found: StatementLine = decode_json(line, StatementLine)
        told = judge(found, named)
    except AppError as error:
        return Line(number, "", None, error)
    if not found.number.strip():
        return Line(number, "", None, invalid("number", "a number is expected"))
    drawn = ports.ids.secret(16 * EVENTS_PER_CHANGE)
    return Line(number, found.number.strip(), told, None, (drawn[:16], drawn[16:]))
