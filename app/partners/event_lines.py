"""A bulk file of events: how a line is read, and how a chunk of them is taken."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from app.errors import AppError, CardNotFound
from app.http.ports import Ports
from app.ledger import claiming
from app.ledger import service as ledger
from app.ledger.claim_queries import OpenClaim
from app.ledger.drawing import SEED_BYTES
from app.ledger.journal import NO_CLAIMS
from app.ledger.service import Drawn, Posted
from app.loyalty.events import Claims, Step
from app.outbox import service as outbox
from app.partners import events
from app.partners.bulk import Answered, Work, error_answer
from app.partners.event_reading import Read, read_event
from app.programs.service import Program
from app.storage.database import Transaction

AT_ONCE = 100  # events in one commit: single ones get their turn in between


class Line(msgspec.Struct, frozen=True):
    """A line of a file: an event, or what is wrong with it."""

    number: int
    read: Read | AppError


class _Placed(msgspec.Struct, frozen=True):
    """An event whose card is known, with what was claimed for it."""

    line: int
    card_id: int
    read: Read
    claims: Claims
    claimed: OpenClaim | None


def event_work(ports: Ports, program: Program, *, merchant: str) -> Work[Line]:
    """Say what is done with the lines of a file of events. Raises WrongAuthority."""
    events.hosted(program)

    def read(number: int, line: bytes | AppError) -> Line:
        if isinstance(line, AppError):
            return Line(number, line)
        try:
            return Line(number, read_event(line, merchant=merchant, now=ports.clock.wall()))
        except AppError as error:
            return Line(number, error)

    async def take(lines: list[Line]) -> list[Answered]:
        answers: list[Answered] = []
        for first in range(0, len(lines), AT_ONCE):
            chunk = lines[first : first + AT_ONCE]
            answers += await _take(ports, program, chunk, merchant=merchant)
        return answers

    return Work(read=read, take=take, statuses=("ok", "replayed", "error"))


async def _take(
    ports: Ports, program: Program, lines: Sequence[Line], *, merchant: str
) -> list[Answered]:
    """Take a chunk in one commit, each event whole by itself; a card's events stay in order."""
    answers = {
        line.number: error_answer(line.number, line.read)
        for line in lines
        if isinstance(line.read, AppError)
    }
    placed: list[_Placed] = []
    for line, card_id in await ports.database.read(partial(_cards, program=program, lines=lines)):
        if isinstance(card_id, AppError):
            answers[line.number] = error_answer(line.number, card_id)
        elif isinstance(line.read, Read):
            placed.append(
                await _claimed(ports, program, line.read, line=line.number, card_id=card_id)
            )
    placed.sort(key=lambda each: (each.card_id, each.line))
    done = await _post(ports, program, placed, merchant=merchant)
    for each, posted in zip(placed, done, strict=True):
        answers[each.line] = _answer(each.line, posted)
    return [answers[line.number] for line in lines]


def _cards(
    tx: Transaction, *, program: Program, lines: Sequence[Line]
) -> list[tuple[Line, int | AppError]]:
    found: list[tuple[Line, int | AppError]] = []
    for line in lines:
        if isinstance(line.read, Read):
            try:
                found.append((line, events.find_card(tx, program, line.read)))
            except CardNotFound as error:
                found.append((line, error))
    return found


async def _claimed(
    ports: Ports, program: Program, read: Read, *, line: int, card_id: int
) -> _Placed:
    claims, claimed = NO_CLAIMS, None
    if isinstance(read.event, events.SHARED):
        now = ports.clock.wall()
        step = Step(read.id, read.occurred_at, read.event)
        claims, claimed = await claiming.claim(
            ports, program.program_id, card_id, event_id=read.id, step=step, now=now
        )
    return _Placed(line, card_id, read, claims, claimed)


async def _post(
    ports: Ports, program: Program, placed: list[_Placed], *, merchant: str
) -> list[Posted | Exception]:
    now = ports.clock.wall()
    works = [
        partial(
            events.take,
            program=program,
            card_id=each.card_id,
            read=each.read,
            merchant=merchant,
            claims=each.claims,
            claimed=each.claimed,
            priority=outbox.BULK,
            drawn=Drawn(ports.ids.secret(SEED_BYTES)),
            now=now,
        )
        for each in placed
    ]
    try:
        done = await ports.database.write_batch(works) if works else []
    finally:
        for each in placed:
            await claiming.resolve(ports, each.claimed)
    for posted in done:
        if isinstance(posted, Posted) and not posted.is_replay:
            await ledger.settle(ports, posted)
    return done


def _answer(line: int, posted: Posted | Exception) -> Answered:
    if isinstance(posted, AppError):
        return error_answer(line, posted)
    if isinstance(posted, Exception):
        raise posted
    return Answered(line=line, status="replayed" if posted.is_replay else "ok")
