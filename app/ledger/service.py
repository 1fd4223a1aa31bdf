"""What other rooms may ask of the ledger; a card is locked by its first statement."""

from __future__ import annotations

import msgspec

from app.errors import CardNotFound
from app.ledger import (
    entry_queries,
    kept_queries,
    lot_queries,
    posting,
    queries,
    report_queries,
    viewing,
)
from app.ledger.at_till import is_at_till
from app.ledger.drawing import Drawn, key_hash
from app.ledger.entry_queries import EntryRow
from app.ledger.journal import NO_CLAIMS, encode
from app.ledger.messages import pending_for, settle, settle_card
from app.ledger.posting import Posted, Posting
from app.ledger.proving import prove, prove_page, prove_sums
from app.ledger.queries import AccountRow, EventRow
from app.ledger.report_queries import Settled
from app.ledger.touching import merge, touch
from app.ledger.viewing import Missing, NextTier, Quoted, ShownVoucher, View
from app.loyalty.engine import new_account
from app.loyalty.events import Attributes, Claims, Enrol, Step
from app.loyalty.model import Hold, Lot, Ticket
from app.programs.service import rules_of
from app.storage.database import Transaction

NEWEST = 2**62  # above every number
LOTS_MAX = 500  # shown at once

__all__ = [
    "Drawn",
    "EntryRow",
    "Missing",
    "NextTier",
    "Posted",
    "Posting",
    "Quoted",
    "ShownVoucher",
    "View",
    "event_of",
    "has_account",
    "history",
    "hold_by_own_id",
    "is_at_till",
    "lots_of",
    "merge",
    "open_account",
    "pending_for",
    "post",
    "prove",
    "prove_page",
    "prove_sums",
    "quote",
    "reason_of",
    "rules_of",
    "set_birthday",
    "settle",
    "settle_card",
    "settlement",
    "ticket_by_own_id",
    "touch",
    "view",
    "voucher_by_code",
    "vouchers_of",
]


class FoundVoucher(msgspec.Struct, frozen=True):
    """A voucher and the card it belongs to, or did until that was merged into another."""

    card_id: int
    shown: ShownVoucher
    merged_into: int | None = None


def open_account(
    tx: Transaction,
    card_id: int,
    program_id: int,
    *,
    referred_by: int | None = None,
    birthday: str | None = None,
    enrolled_at: int | None = None,
    drawn: Drawn,
    now: int,
) -> None:
    """Open a new card's account, and enrol it unless its program waits for a ticket that does.

    `referred_by`: the sponsor's card, of the same program; `birthday`: "MM-DD"; `enrolled_at`:
    when seniority began, None for now.
    """
    rules = rules_of(tx, program_id)
    account = new_account(now)
    sponsor = _sponsor(tx, referred_by, program_id)
    account.referred_by = sponsor
    row = AccountRow(
        card_id=card_id,
        program_id=program_id,
        sequence=0,
        journal=0,
        seed=drawn.seed,
        state=encode(account).decode(),
        next_due_at=None,
        merged_into=None,
        birthday=birthday,
        next_expiry_at=None,
        next_expiry_units=None,
    )
    if not queries.insert_account(tx, row, now=now):
        return
    if rules.at(now).program.enrol_when:
        if birthday is not None:
            queries.put_birthday(tx, card_id, 1, birthday)
        return
    event = Enrol(referred_by=sponsor, attrs=Attributes(birthday=birthday))
    since = now if enrolled_at is None else enrolled_at
    enrolled = Posting(program_id=program_id, event_id=None, steps=(Step("", since, event),))
    posting.post(tx, row, rules, enrolled, drawn=drawn, now=now)


def _sponsor(tx: Transaction, referred_by: int | None, program_id: int) -> str | None:
    """Name the sponsor as the engine does; None for a card of another program."""
    row = None if referred_by is None else queries.account(tx, referred_by)
    return None if row is None or row.program_id != program_id else str(row.card_id)


def has_account(tx: Transaction, card_id: int) -> bool:
    """Say whether a card has an account here."""
    return queries.account(tx, card_id) is not None


def set_birthday(tx: Transaction, card_id: int, birthday: str) -> None:
    """Let a birthday ("MM-DD") count for what happens from now on."""
    row = posting.lock(tx, card_id)
    queries.put_birthday(tx, card_id, row.journal + 1, birthday)


def post(tx: Transaction, card_id: int, posted: Posting, *, drawn: Drawn, now: int) -> Posted:
    """Do what happened to a card, once by its id; the card's family only.

    Raises: Refused, NotFound or InvalidInput as the engine refuses; IdempotencyConflict;
    CardNotFound for a card without account.
    """
    row = posting.lock(tx, card_id)
    rules = rules_of(tx, row.program_id)
    return posting.post(tx, row, rules, posted, drawn=drawn, now=now)


def quote(
    tx: Transaction,
    card_id: int,
    steps: tuple[Step, ...],
    *,
    claims: Claims = NO_CLAIMS,
    now: int,
) -> Quoted:
    """Do steps as `post` would, and store nothing. `now` may lie ahead."""
    row = _account(tx, card_id)
    return viewing.quote(tx, row, rules_of(tx, row.program_id), steps, claims=claims, now=now)


def view(tx: Transaction, card_id: int, *, now: int) -> View:
    """Look at a card's account at a moment, which may lie ahead. Raises CardNotFound."""
    row = _account(tx, card_id)
    return viewing.view(tx, row, rules_of(tx, row.program_id), now=now)


def history(
    tx: Transaction, card_id: int, *, before: int | None = None, limit: int
) -> list[EntryRow]:
    """List a card's entries below a number, newest first."""
    return entry_queries.entries_before(tx, card_id, NEWEST if before is None else before, limit)


def reason_of(tx: Transaction, card_id: int, journal: int) -> str | None:
    """Return why a balance was corrected, in words, while that is kept."""
    return queries.reason_of(tx, card_id, journal)


def lots_of(tx: Transaction, card_id: int, *, limit: int = LOTS_MAX) -> list[Lot]:
    """List lots with something left, those first that expire first."""
    return lot_queries.open_lots(tx, card_id, limit)


def vouchers_of(
    tx: Transaction, card_id: int, *, before: int | None = None, limit: int
) -> list[ShownVoucher]:
    """List a card's vouchers below a number, newest first."""
    row = _account(tx, card_id)
    below = NEWEST if before is None else before
    return viewing.vouchers_of(tx, row, before=below, limit=limit)


def voucher_by_code(tx: Transaction, program_id: int, code: str) -> FoundVoucher | None:
    """Find a voucher of a program by its code."""
    place = kept_queries.voucher_place(tx, program_id, code.strip().upper())
    if place is None:
        return None
    card_id, number = place
    row, voucher = queries.account(tx, card_id), kept_queries.voucher(tx, card_id, number)
    assert row is not None and voucher is not None, "a code points at what stands"
    return FoundVoucher(card_id, viewing.shown_voucher(row, voucher), row.merged_into)


def event_of(tx: Transaction, program_id: int, own_id: str) -> EventRow | None:
    """Find by an event's own id which card it was of, and what it did."""
    return queries.event(tx, program_id, key_hash(own_id))


def ticket_by_own_id(tx: Transaction, program_id: int, own_id: str) -> tuple[int, Ticket] | None:
    """Find (card id, ticket) by the merchant's own id of it."""
    event = event_of(tx, program_id, own_id)
    ticket = None if event is None else kept_queries.ticket(tx, event.card_id, own_id)
    return None if event is None or ticket is None else (event.card_id, ticket)


def hold_by_own_id(tx: Transaction, program_id: int, own_id: str) -> tuple[int, Hold] | None:
    """Find (card id, hold) by the id of the event that set the units aside."""
    event = event_of(tx, program_id, own_id)
    hold = None if event is None else kept_queries.hold(tx, event.card_id, own_id)
    return None if event is None or hold is None else (event.card_id, hold)


def settlement(tx: Transaction, program_id: int, *, since: int, until: int) -> list[Settled]:
    """Sum what each merchant owes for units spent elsewhere, recorded since a moment until another.

    One row a unit, issuer and merchant where they were spent; the issuer's own shop included.
    """
    found: list[Settled] = []
    for unit in rules_of(tx, program_id).at(until).program.units:
        found += report_queries.settled(
            tx, program_id, unit.id, cost_micro=unit.cost_micro, since=since, until=until
        )
    return found


def _account(tx: Transaction, card_id: int) -> AccountRow:
    row = queries.account(tx, card_id)
    if row is None:
        raise CardNotFound
    return row
