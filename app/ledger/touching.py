"""A card looked at because time has passed, and a card closed in favour of another."""

from __future__ import annotations

import msgspec

from app.clock import MINUTE, rfc3339
from app.ledger import posting, queries
from app.ledger.drawing import Drawn
from app.ledger.journal import NO_CLAIMS
from app.ledger.posting import Posted, keep, open_book, take
from app.ledger.queries import AccountRow
from app.ledger.storing import Done
from app.loyalty.book import Book
from app.loyalty.engine import catch_up, next_due_at
from app.loyalty.events import Adjust, Opening, OpeningLot, Step, Void
from app.loyalty.model import Message
from app.outbox import service as outbox
from app.programs.service import rules_of
from app.storage.database import Transaction

_MERGED = "merged"  # why the units of a closed card go
LOOK_AGAIN = MINUTE  # where time brought nothing although it was to


def touch(tx: Transaction, card_id: int, *, drawn: Drawn, now: int) -> bool:
    """Run what is due on a card; say whether it changed anything that counts.

    What changed nothing is not kept: the next one computes it again, with the same outcome.
    """
    row = posting.lock(tx, card_id)
    if row.next_due_at is None or row.next_due_at > now:
        return False  # somebody else was first
    book = open_book(tx, row, rules_of(tx, row.program_id), now=now, birthday=row.birthday)
    tier_before, vouchers = _tier_of(book), book.account.vouchers
    catch_up(book)
    steps = _move_on(book, row, row.merged_into, now) if row.merged_into is not None else ()
    if not book.transfers and not book.vouchers and _tier_of(book) == tier_before:
        due_at = next_due_at(book.account, book.rules, now=book.now)
        if due_at is not None and due_at <= now:
            due_at = now + LOOK_AGAIN
        queries.set_next_due(tx, card_id, due_at)
        return False
    book.account.sequence += 1
    done = Done(steps, results=tuple({} for _step in steps), vouchers=vouchers)
    keep(tx, row, book, done, priority=outbox.BULK, drawn=drawn, now=now)
    return True


def _tier_of(book: Book) -> tuple[str | None, int | None]:
    """Return what a person sees of a tier: which, and until when; a hold renewed is a change."""
    return book.account.tier, book.account.tier_hold_until


def merge(tx: Transaction, card_id: int, into: int, *, drawn: Drawn, now: int) -> Posted | None:
    """Close a card's account; what it holds goes to another card, as a message with its expiries.

    Open holds are voided; what is pending follows when it matures. None: it was closed before.
    """
    row = posting.lock(tx, card_id)
    if row.merged_into is not None:
        return None
    book = open_book(tx, row, rules_of(tx, row.program_id), now=now, birthday=row.birthday)
    vouchers = book.account.vouchers
    catch_up(book)
    caught_up = len(book.transfers)
    voids = tuple(Step("", now, Void(of=key)) for key in sorted(book.account.open_holds))
    for step in voids:
        take(book, card_id, step, NO_CLAIMS)
    steps = (*voids, *_move_on(book, row, into, now))
    book.account.sequence += 1
    done = Done(steps, NO_CLAIMS, tuple({} for _step in steps), caught_up, vouchers)
    closed = msgspec.structs.replace(row, merged_into=into)
    return keep(tx, closed, book, done, priority=outbox.SINGLE, drawn=drawn, now=now)


def _move_on(book: Book, row: AccountRow, into: int, now: int) -> tuple[Step, ...]:
    """Take every balance off a card, and send the lots it stood in to the card that gets them."""
    first, steps = len(book.transfers), []
    for unit in list(book.account.sums):
        balance = book.balance(unit)
        if balance > 0:
            step = Step("", now, Adjust(unit=unit, units=-balance, reason=_MERGED))
            take(book, row.card_id, step, NO_CLAIMS)
            steps.append(step)
    lots: dict[tuple[str, int | None], int] = {}
    for transfer in book.transfers[first:]:
        place = (transfer.unit, book.lot(transfer.lot).expires_at)
        lots[place] = lots.get(place, 0) + transfer.units
    if lots:
        moved = tuple(
            OpeningLot(unit=unit, units=units, expires_at=None if at is None else rfc3339(at))
            for (unit, at), units in lots.items()
        )
        message_id = f"merge:{row.card_id}:{row.journal + 1}"
        book.messages.append(Message(message_id, str(into), Opening(lots=moved)))
    return tuple(steps)
