"""What a card shows of its account, and how a decision changes it."""

from __future__ import annotations

from typing import Any

import msgspec

from app.ledger import lot_queries
from app.ledger.queries import AccountRow
from app.loyalty.book import Book
from app.loyalty.model import Account
from app.storage.database import Transaction


class Shown(msgspec.Struct, frozen=True):
    """What phones show. `next_expiry`: (moment, units) of the program's first unit."""

    balances: dict[str, int]
    pending: dict[str, int]
    held: dict[str, int]
    tier: str | None
    next_expiry: tuple[int, int] | None

    @property
    def figures(self) -> tuple[Any, ...]:
        """Everything but the tier."""
        return (self.balances, self.pending, self.held, self.next_expiry)


def shown_before(row: AccountRow, account: Account) -> Shown:
    """Return what was shown until now."""
    expiry = None
    if row.next_expiry_at is not None:
        expiry = (row.next_expiry_at, row.next_expiry_units or 0)
    return _shown(account, expiry)


def shown_after(tx: Transaction, row: AccountRow, book: Book) -> Shown:
    """Return what a decision leaves to be shown; its lots are stored already."""
    return _shown(book.account, _next_expiry(tx, row, book))


def _shown(account: Account, expiry: tuple[int, int] | None) -> Shown:
    sums = account.sums
    return Shown(
        {unit: each.available - each.debt for unit, each in sums.items()},
        {unit: each.pending for unit, each in sums.items() if each.pending},
        {unit: each.held for unit, each in sums.items() if each.held},
        account.tier,
        expiry,
    )


def _next_expiry(tx: Transaction, row: AccountRow, book: Book) -> tuple[int, int] | None:
    """Carry the next expiry on from the changes, so that earning reads no lots."""
    unit = book.program.units[0].id
    changes: dict[int, int] = {}  # moment of expiry → change of what is available
    for transfer in book.transfers:
        if transfer.unit != unit:
            continue
        change = transfer.units * (
            (transfer.credit == "available") - (transfer.debit == "available")
        )
        expires_at = book.lot(transfer.lot).expires_at
        if change and expires_at is not None:
            changes[expires_at] = changes.get(expires_at, 0) + change
    before_at, before_units = row.next_expiry_at, row.next_expiry_units or 0
    # Whatever expires before the first that was known has come in just now.
    first = min(
        (
            at
            for at, units in changes.items()
            if units > 0 and (before_at is None or at < before_at)
        ),
        default=None,
    )
    if first is not None:
        return (first, changes[first])
    if before_at is None:
        return None
    left = before_units + changes.get(before_at, 0)
    if left > 0:
        return (before_at, left)
    return read_next_expiry(tx, row.card_id, unit)


def read_next_expiry(tx: Transaction, card_id: int, unit: str) -> tuple[int, int] | None:
    """Read when a unit's first available lots expire, and how much is left in them."""
    at = lot_queries.next_death(tx, card_id, unit)
    return None if at is None else (at, lot_queries.dying_at(tx, card_id, unit, at))
