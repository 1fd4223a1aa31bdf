"""Tells Google of a class, of a card's passes, or asks it who holds what; settles what was told."""

from __future__ import annotations

from functools import partial
from typing import assert_never

from app.cards import queries as card_queries
from app.clock import SECOND
from app.delivery import google_listing, google_queries
from app.delivery.google_jobs import CardJob, ClassJob, Job, ListJob
from app.google import queries
from app.google.calls import Calls
from app.google.documents import Wanted, channel_of
from app.google.noting import Sent
from app.google.teller import Teller
from app.google.verdicts import (
    Exists409,
    Later,
    PushSpent,
    Refused,
    Settled,
    Stopped,
    TooFast,
    Unknown404,
    Verdict,
    delay,
    noise,
)
from app.http.ports import Ports
from app.http.tally import PUSHES_DELIVERED, PUSHES_FAILED
from app.outbox import queries as outbox_queries
from app.programs import queries as program_queries
from app.storage.database import Transaction

_NOISE_BYTES = 2


async def tell(ports: Ports, teller: Teller, calls: Calls, job: Job) -> None:
    """Do a piece of work and settle it, or leave it for later."""
    match job:
        case ClassJob():
            await _tell_class(ports, teller, calls, job)
        case CardJob():
            await _tell_card(ports, teller, calls, job)
        case ListJob(row=row):
            await google_listing.list_page(ports, calls, row)
        case _ as never:
            assert_never(never)


async def _tell_class(ports: Ports, teller: Teller, calls: Calls, job: ClassJob) -> None:
    row = job.row
    found = await teller.class_told(calls, row)
    if not isinstance(found, Settled | Refused):
        next_at = ports.clock.wall() + _pause(ports, found, calls.attempts)
        await ports.database.write(
            lambda tx: queries.delay_class(tx, row.issuer_id, row.suffix, next_at=next_at)
        )


async def _tell_card(ports: Ports, teller: Teller, calls: Calls, job: CardJob) -> None:
    issuer_id, now = calls.issuer.issuer_id, ports.clock.wall()
    passes = await ports.database.read_point(
        lambda tx: _saved(tx, teller, job.card_id, issuer_id=issuer_id, now=now)
    )
    for found in passes:
        sent = await teller.object_told(calls, found, priority=job.priority)
        _count(ports, found, sent)
        # A refused one waits for another change; a blank one that Google lacks needs nothing.
        if not isinstance(sent.verdict, Settled | Refused | Unknown404):
            at = ports.clock.wall() + _pause(ports, sent.verdict, calls.attempts)
            await ports.database.write(partial(_later, job=job, issuer_id=issuer_id, at=at))
            return
    await ports.database.write(
        partial(settle_card, job=job, issuer_id=issuer_id, passes=passes, now=now)
    )


def _count(ports: Ports, found: Wanted, sent: Sent) -> None:
    """Count a pass of which Google was told something new, or would not hear of it."""
    program_id, now = found.content.program_id, ports.clock.wall()
    if program_id is None or not sent.document:
        return  # a shop's card, or nothing was new
    if isinstance(sent.verdict, Settled):
        ports.tally.add(program_id, PUSHES_DELIVERED, now=now)
    elif isinstance(sent.verdict, Refused):
        ports.tally.add(program_id, PUSHES_FAILED, now=now)


def settle_card(
    tx: Transaction, *, job: CardJob, issuer_id: int, passes: list[Wanted], now: int
) -> None:
    """Note up to which revision Google was told, unless more changed than the card's revision."""
    channel = channel_of(issuer_id)
    card_queries.lock_card(tx, job.card_id)
    saved = google_queries.saved_of(tx, job.card_id, issuer_id)
    told = {found.row.serial for found in passes}
    if not told.issuperset(saved) or any(_is_outdated(tx, found) for found in passes):
        outbox_queries.delay(tx, job.card_id, channel, next_at=now)
        return
    outbox_queries.settle(tx, job.card_id, channel, job.wanted)
    live = {found.row.serial for found in passes if not found.content.is_voided}
    if not live.intersection(saved) and _is_settled(tx, job, channel):
        outbox_queries.close_channel(tx, job.card_id, channel)


def _later(tx: Transaction, *, job: CardJob, issuer_id: int, at: int) -> None:
    outbox_queries.delay(tx, job.card_id, channel_of(issuer_id), next_at=at)


def _saved(
    tx: Transaction, teller: Teller, card_id: int, *, issuer_id: int, now: int
) -> list[Wanted]:
    """Read what Google should know of each saved pass of a card."""
    serials = google_queries.saved_of(tx, card_id, issuer_id)
    wanted = [teller.wanted(tx, card_id, serial, now=now) for serial in serials]
    return [each for each in wanted if each is not None]


def _is_outdated(tx: Transaction, found: Wanted) -> bool:
    """Say whether the program was changed since: its campaign may have passed by already."""
    program_id = found.content.program_id
    if program_id is None:
        return False
    row = program_queries.program_by_id(tx, program_id)
    return row is not None and row.revision != found.content.program_revision


def _is_settled(tx: Transaction, job: CardJob, channel: str) -> bool:
    done = outbox_queries.done(tx, job.card_id, channel)
    return done is not None and done >= outbox_queries.revision(tx, job.card_id)


def _pause(ports: Ports, found: Verdict, attempts: int) -> int:
    """Return after how many microseconds it is tried again."""
    drawn = noise(ports.ids.secret(_NOISE_BYTES))
    match found:
        case Later(delay=seconds):
            return round(seconds * SECOND)
        case TooFast(retry_after=seconds):  # the bucket waits as well
            return round(max(seconds or 0.0, delay(attempts, drawn)) * SECOND)
        case Stopped():
            return 0  # the issuer stands still; whatever is repaired goes on at once
        case PushSpent() | Unknown404() | Exists409() | Settled() | Refused():
            return round(delay(attempts, drawn) * SECOND)
        case _ as never:
            assert_never(never)
