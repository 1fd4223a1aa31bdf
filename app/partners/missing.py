"""The merchant's queue of missing points: each request is answered once, by whoever comes first."""

from __future__ import annotations

import hashlib

import msgspec

from app.cards import missing_queries
from app.cards import queries as card_queries
from app.cards.hosted import HOSTED, speaker_of
from app.cards.missing import ADJUSTED, DECLINED, OPEN, PREFIX, missing_out
from app.cards.missing_queries import MissingRow
from app.errors import AlreadyDecided, Conflict, NotFound, WrongAuthority, invalid
from app.ids import parse_public_id, public_id
from app.ledger import service as ledger
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import Adjust, Step
from app.outbox import service as outbox
from app.partners.missing_schemas import Adjusting, Declining, QueuedOut
from app.programs.service import Program
from app.storage.database import Transaction


class Answered(msgspec.Struct, frozen=True):
    """A request with its answer, and what was posted for it; None: nothing."""

    request: QueuedOut
    posted: Posted | None = None


def adjust(
    tx: Transaction,
    program: Program,
    text: str,
    answer: Adjusting,
    *,
    drawn: Drawn,
    now: int,
) -> Answered:
    """Give the units that miss, with the answer; the card's family only.

    Through the ledger, under the request's own id, so that they come once.
    Raises: NotFound, AlreadyDecided, InvalidInput for a unit the program has not, Conflict while
    the card is being merged, WrongAuthority for units where the merchant's system counts.
    """
    row = _locked(tx, program, text)
    unit, units = _judged(tx, program, answer, now=now)
    decided = msgspec.structs.replace(
        row, status=ADJUSTED, unit=unit, units=units, reason=answer.reason, decided_at=now
    )
    missing_queries.decide(tx, decided)
    if unit is None or units is None:
        outbox.touch(tx, row.card_id, now=now, priority=outbox.SINGLE)
        return Answered(queued_out(tx, program, decided))
    if not ledger.has_account(tx, row.card_id):  # a card made before there were accounts
        ledger.open_account(tx, row.card_id, program.program_id, drawn=drawn, now=now)
    own_id = public_id(PREFIX, row.public_id)
    event = Adjust(unit=unit, units=units, reason=answer.reason)
    posting = Posting(
        program_id=program.program_id,
        event_id=own_id,
        body_hash=hashlib.sha256(own_id.encode()).digest(),
        steps=(Step(own_id, now, event),),
        priority=outbox.SINGLE,
    )
    posted = ledger.post(tx, row.card_id, posting, drawn=drawn, now=now)
    return Answered(queued_out(tx, program, decided), posted)


def decline(
    tx: Transaction, program: Program, text: str, answer: Declining, *, now: int
) -> Answered:
    """Refuse, with the reason; the card's phones are told. The card's family only.

    Raises: NotFound, AlreadyDecided, Conflict while the card is being merged.
    """
    row = _locked(tx, program, text)
    decided = msgspec.structs.replace(row, status=DECLINED, reason=answer.reason, decided_at=now)
    missing_queries.decide(tx, decided)
    outbox.touch(tx, row.card_id, now=now, priority=outbox.SINGLE)
    return Answered(queued_out(tx, program, decided))


def listed(
    tx: Transaction, program: Program, status: str | None, *, after: int, limit: int
) -> list[MissingRow]:
    """List a program's requests, oldest first; `status` None: of each."""
    if status is None:
        return missing_queries.queue_of_all(tx, program.program_id, after, limit)
    return missing_queries.queue(tx, program.program_id, status, after=after, limit=limit)


def queued_out(tx: Transaction, program: Program, row: MissingRow) -> QueuedOut:
    """Write a request for the merchant."""
    state = card_queries.card_state(tx, row.card_id)
    assert state is not None, "a request is of a card"
    contact = card_queries.contact(tx, row.card_id)
    return QueuedOut(
        **msgspec.structs.asdict(missing_out(row)),
        card_id=public_id("card", state.card.public_id),
        card_number=state.card.number,
        display_name=contact.display_name if contact else None,
        currency=speaker_of(tx, program).currency,
        others=missing_queries.others_of_receipt(tx, row.program_id, row.receipt, row.request_id),
    )


def _locked(tx: Transaction, program: Program, text: str) -> MissingRow:
    """Find an open request under its card's lock."""
    raw = parse_public_id(PREFIX, text)
    card_id = None if raw is None else missing_queries.card_of(tx, raw)
    if raw is None or card_id is None:
        raise NotFound
    card = card_queries.lock_card(tx, card_id)
    row = missing_queries.of_card(tx, card_id, raw)
    if card is None or row is None or row.program_id != program.program_id:
        raise NotFound  # also where a merge or an erasure was faster
    if row.status != OPEN:
        raise AlreadyDecided(f"it was {row.status}", answer=row.status)
    if card.voided_at is not None:
        raise Conflict("this card has just been merged into another: ask again in a moment")
    return row


def _judged(
    tx: Transaction, program: Program, answer: Adjusting, *, now: int
) -> tuple[str | None, int | None]:
    if program.authority != HOSTED:
        if (answer.unit, answer.units) != (None, None):
            raise WrongAuthority(
                "your own system counts here: state the new balance, and answer without units"
            )
        return None, None
    if answer.units is None:
        raise invalid("units", "so many units are expected")
    if answer.unit is None:
        raise invalid("unit", "a unit of the program is expected")
    rules = ledger.rules_of(tx, program.program_id).at(now).program
    if all(unit.id != answer.unit for unit in rules.units):
        raise invalid("unit", "the program has no such unit")
    return answer.unit, answer.units
