"""A card looked at because time has passed, and a card closed in favour of another."""

from __future__ import annotations

import msgspec

from app.clock import MINUTE
from app.ledger import posting, queries
from app.ledger.drawing import Drawn
from app.ledger.journal import NO_CLAIMS
from app.ledger.posting import Posted, keep, open_book, take
from app.ledger.storing import Done
from app.loyalty.book import Book
from app.loyalty.engine import catch_up, next_due_at
from app.loyalty.events import HandOver, Step, Void
from app.loyalty.notices import standing
from app.outbox import service as outbox
from app.programs.service import rules_of
from app.storage.database import Transaction

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
    has_moved = _tier_of(book) != tier_before
    if not (book.transfers or book.vouchers or standing(book) or has_moved):
        due_at = next_due_at(book.account, book.rules, now=book.now)
        if due_at is not None and due_at <= now:
            due_at = now + LOOK_AGAIN
        queries.set_next_due(tx, card_id, due_at)
        return False
    book.account.sequence += 1
    done = Done(vouchers=vouchers)
    keep(tx, row, book, done, priority=outbox.BULK, drawn=drawn, now=now)
    return True


def _tier_of(book: Book) -> tuple[str | None, int | None]:
    """Return what a person sees of a tier: which, and until when; a hold renewed is a change."""
    return book.account.tier, book.account.tier_hold_until


def merge(tx: Transaction, card_id: int, into: int, *, drawn: Drawn, now: int) -> Posted | None:
    """Close a card's account; all it holds goes to another card, as a message with its expiries.

    Open holds are voided first. None: it was closed before.
    """
    row = posting.lock(tx, card_id)
    if row.merged_into is not None:
        return None
    book = open_book(tx, row, rules_of(tx, row.program_id), now=now, birthday=row.birthday)
    vouchers = book.account.vouchers
    catch_up(book)
    caught_up = len(book.transfers)
    voids = tuple(Step("", now, Void(of=key)) for key in sorted(book.account.open_holds))
    leave = HandOver(to=str(into), message=f"merge:{card_id}:{row.journal + 1}")
    steps = (*voids, Step("", now, leave))
    for step in steps:
        take(book, card_id, step, NO_CLAIMS)
    book.account.sequence += 1
    done = Done(steps, NO_CLAIMS, tuple({} for _step in steps), caught_up, vouchers)
    closed = msgspec.structs.replace(row, merged_into=into)
    return keep(tx, closed, book, done, priority=outbox.SINGLE, drawn=drawn, now=now)
