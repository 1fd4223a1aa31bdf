"""A ticket on the wrong card: taken back there, and the same basket on the right one.

The first unit of work refunds the ticket and keeps the move; the second posts the basket to the
other card under an id of its own; the third notes that it has arrived. Each may be repeated, by
the till or by the worker, and is done once.
"""

from __future__ import annotations

import hashlib

import msgspec
import structlog

from app.cards import queries as cards
from app.cards.tickets import ticket_public
from app.checkout import arriving, scanning, till_day, till_queries
from app.checkout.arriving import Sale
from app.checkout.refunding import Named, ticket_named
from app.checkout.seller import Known, Seller, card_named, hosted, slug_of
from app.checkout.sold import answered
from app.checkout.till_queries import MoveRow
from app.checkout.till_schemas import MovedOut, NewMove
from app.clock import SECOND
from app.errors import AppError, Conflict, IdempotencyConflict, NotFound, Unavailable, invalid
from app.http.fields import occurrence
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.ledger import queries as ledger_queries
from app.ledger import service as ledger
from app.ledger.journal import read_body
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty import calendar
from app.loyalty.events import BIG, Purchase, Refund, Step
from app.loyalty.model import INTERNAL, Ticket
from app.outbox import service as outbox
from app.programs import service as programs
from app.storage.database import Transaction

LEFT_BEHIND = 5 * SECOND  # whoever moves a ticket brings it himself; older ones were left behind
MOVES_AT_ONCE = 50
_encode = msgspec.json.Encoder(order="deterministic").encode
_log = structlog.get_logger("checkout")


class TooLate(Conflict):
    """A ticket moves on the day it was sold only: correct both cards instead."""

    code = "too-late"
    title = "The day of this ticket is over"


class AlreadyMoved(Conflict):
    """The ticket has gone to another card."""

    code = "already-moved"
    title = "The ticket has been moved"


class NotWhole(Conflict):
    """A part was taken back, or units or vouchers paid for it: refund the rest and sell again."""

    code = "ticket-not-whole"
    title = "Only a whole ticket can be moved"


class Begun(msgspec.Struct, frozen=True):
    """A move that stands, and what was posted to begin it; None: it was begun before."""

    row: MoveRow
    posted: Posted | None


def begin(
    tx: Transaction,
    seller: Seller,
    ticket: str,
    sent: NewMove,
    *,
    secrets: Secrets,
    seed: bytes,
    now: int,
) -> Begun:
    """Take a ticket back whole and keep where it goes, once; the card's family only.

    Raises: NotFound, CardNotFound, AmbiguousId, InvalidInput, WrongAuthority, TooLate,
    AlreadyMoved, NotWhole, IdempotencyConflict.
    """
    moved_at = now if sent.occurred_at is None else occurrence(sent.occurred_at, now=now)
    merchant, named = slug_of(tx, seller), ticket_named(tx, seller, ticket)
    card_id = named.known.card_id
    cards.lock_card(tx, card_id)
    asked = hashlib.sha256(_encode(["move", named.own_id, sent])).digest()
    before = till_queries.move_of(tx, card_id, named.own_id)
    if before is not None:
        if before.body_hash != asked:
            raise AlreadyMoved("look at the till's day: it stands on another card")
        return Begun(before, None)
    target = _target(tx, seller, sent, named, secrets=secrets, now=now)
    sale, sold = _whole(tx, named)
    _check_day(named, sold, moved_at, now)
    if ledger.event_of(tx, target.program.program_id, sent.new_id) is not None:
        raise IdempotencyConflict("this new_id was used for something else")
    posted = _take_back(tx, named, sale, at=moved_at, merchant=merchant, seed=seed, now=now)
    row = MoveRow(
        *(card_id, named.own_id, sent.new_id, target.card_id),
        sale.merchant,
        seller.till_id,
        asked,
        now,
    )
    till_queries.insert_move(tx, row)
    return Begun(row, posted)


def begun(tx: Transaction, seller: Seller, ticket: str) -> MoveRow:
    """Find a move that was begun. Raises NotFound."""
    named = ticket_named(tx, seller, ticket)
    row = till_queries.move_of(tx, named.known.card_id, named.own_id)
    if row is None:
        raise NotFound
    return row


async def bring(ports: Ports, row: MoveRow) -> tuple[str, Posted | None]:
    """Bring a moved ticket to its card and note it; return its own id there and what was posted.

    Another sale that took the id meanwhile keeps it: the ticket gets one of ours.
    Raises what the engine refuses; that is noted too, for it would be refused for ever.
    """
    sale, _sold = await ports.database.read_point(lambda tx: _sale(tx, row.card_id, row.own_id))
    sale = msgspec.structs.replace(
        sale, own_id=row.new_id, merchant=row.merchant, till_id=row.till_id
    )
    try:
        try:
            posted = await arriving.deliver(ports, row.to_card_id, sale)
        except IdempotencyConflict:
            spare = hashlib.sha256(_encode(["moved", row.card_id, row.own_id])).hexdigest()
            sale = msgspec.structs.replace(sale, own_id=f"moved-{spare[:32]}")
            posted = await arriving.deliver(ports, row.to_card_id, sale)
    except Unavailable:
        raise
    except AppError as error:
        _log.error("move-refused", code=error.code, card=row.to_card_id)
        await _note(ports, row, row.new_id)
        raise
    await _note(ports, row, sale.own_id)
    return sale.own_id, posted


async def bring_left(ports: Ports) -> int:
    """Bring moves that a crash left on their way; return how many."""
    until = ports.clock.wall() - LEFT_BEHIND
    rows = await ports.database.read_point(
        lambda tx: till_queries.moves_left(tx, until, MOVES_AT_ONCE)
    )
    for row in rows:
        try:
            await bring(ports, row)
        except Unavailable:
            raise
        except AppError:  # noted: nobody tries it again
            continue
    return len(rows)


def moved(
    tx: Transaction,
    row: MoveRow,
    own_id: str,
    posted: Posted,
    *,
    language: str | None,
    now: int,
) -> MovedOut:
    """Write where a ticket stands now."""
    state = cards.card_state(tx, posted.card_id)
    program = programs.program_by_id(tx, posted.program_id)
    from_card = ledger_queries.account(tx, row.card_id)
    assert state is not None and program is not None and from_card is not None, "both stand"
    members = answered(
        *(tx, Known(state, program), posted),
        own_id=own_id,
        most_minor=BIG,
        now=now,
        language=language,
    )
    return MovedOut(
        **members,
        ticket_id=ticket_public(posted.program_id, own_id),
        flags=[],
        moved_from=ticket_public(from_card.program_id, row.own_id),
    )


async def _note(ports: Ports, row: MoveRow, new_id: str) -> None:
    now = ports.clock.wall()
    await ports.database.write(
        lambda tx: till_queries.note_arrival(tx, row.card_id, row.own_id, new_id, now=now)
    )


def _target(
    tx: Transaction, seller: Seller, sent: NewMove, named: Named, *, secrets: Secrets, now: int
) -> Known:
    """Find the card that was meant: another one, in the same currency."""
    if (sent.card_id is None) == (sent.code is None):
        raise invalid("card_id", "exactly one of card_id and code is needed")
    if sent.card_id is not None:
        target = card_named(tx, seller, sent.card_id)
    else:
        found = scanning.recognise(tx, secrets, seller, sent.code or "", at=now)
        if found.code is not None:
            raise invalid("code", "a code that changes is scanned first: send its card_id")
        target = found.known
    hosted(target)
    field = "code" if sent.card_id is None else "card_id"
    if target.card_id == named.known.card_id:
        raise invalid(field, "the ticket is this card's already")
    if till_day.currency_of(target.program) != till_day.currency_of(named.known.program):
        raise invalid(field, "that card's program counts another currency")
    return target


def _whole(tx: Transaction, named: Named) -> tuple[Sale, Ticket]:
    """Return a ticket as it was sold. Raises NotWhole where something of it has changed since."""
    sale, steps = _sale(tx, named.known.card_id, named.own_id)
    found = ledger.ticket_by_own_id(tx, named.known.program.program_id, named.own_id)
    assert found is not None, "it was named"
    ticket = found[1]
    if len(steps) > 1:
        raise NotWhole("units or vouchers of this card paid for a part: refund it and sell again")
    lines = [(line.unit_minor, line.qty) for line in sale.bought.lines or ()]
    if sale.bought.lines is None:
        lines = [(sale.bought.amount_minor or 0, 1)]
    if [(line.unit_minor, line.qty) for line in ticket.lines] != lines:
        raise NotWhole("a part was taken back: refund the rest and sell again")
    return sale, ticket


def _sale(tx: Transaction, card_id: int, own_id: str) -> tuple[Sale, tuple[Step, ...]]:
    """Read from the journal what a ticket was, and all that was done with it."""
    row = ledger_queries.account(tx, card_id)
    event = None if row is None else ledger.event_of(tx, row.program_id, own_id)
    if event is None:
        raise NotFound
    rows = ledger_queries.journal_after(tx, event.card_id, event.journal - 1, 1)
    steps = read_body(rows[0].body).steps
    for step in steps:
        if isinstance(step.event, Purchase):
            sale = Sale(
                own_id=own_id,
                occurred_at=step.occurred_at,
                bought=step.event,
                merchant=step.merchant or "",
                till_id=None,
            )
            return sale, steps
    raise NotFound


def _check_day(named: Named, sold: Ticket, moved_at: int, now: int) -> None:
    zone = till_day.time_zone_of(named.known.program)
    days = {calendar.local_date(at, zone) for at in (sold.occurred_at, moved_at, now)}
    if len(days) > 1:
        raise TooLate("a ticket moves on the day it was sold only")


def _take_back(
    tx: Transaction, named: Named, sale: Sale, *, at: int, merchant: str, seed: bytes, now: int
) -> Posted:
    """Refund each line whole: also one that cost nothing may have brought a stamp."""
    count = [line.qty for line in sale.bought.lines or ()] or [1]
    event = Refund(of=named.own_id, lines=tuple(enumerate(count)))
    key = f"{INTERNAL}move:{named.own_id}"
    posting = Posting(
        program_id=named.known.program.program_id,
        event_id=key,
        steps=(Step(key, at, event, merchant),),
        priority=outbox.AT_TILL,
        kind="refund",
    )
    return ledger.post(tx, named.known.card_id, posting, drawn=Drawn(seed), now=now)
