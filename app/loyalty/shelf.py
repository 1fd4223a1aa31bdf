"""One card kept in memory: what a replay without any database works on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from app.loyalty.book import Book, expiring_of, spend_key
from app.loyalty.model import (
    Account,
    Burn,
    Entry,
    Gift,
    Hold,
    Lot,
    Notice,
    Ticket,
    Transfer,
    Voucher,
)

Kept = TypeVar("Kept", Lot, Ticket, Burn, Hold, Gift, Voucher)


class Shelf:
    """A card's account and all that hangs on it; a `Source` that `put` fills."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.lots: dict[int, Lot] = {}
        self.tickets: dict[str, Ticket] = {}
        self.burns: dict[str, Burn] = {}
        self.holds: dict[str, Hold] = {}
        self.gifts: dict[str, Gift] = {}
        self.vouchers: dict[int, Voucher] = {}
        self.tallies: dict[str, int] = {}
        self.transfers: list[Transfer] = []
        self.entries: list[Entry] = []
        self.notices: list[Notice] = []

    def put(self, book: Book) -> None:
        """Keep what a decision changed."""
        self.account = book.account
        self.lots |= book.lots
        self.tickets |= book.tickets
        self.burns |= book.burns
        self.holds |= book.holds
        self.gifts |= book.gifts
        self.vouchers |= book.vouchers
        self.tallies |= book.tallies
        self.transfers += book.transfers
        self.entries += book.entries
        self.notices += book.notices

    def lots_in_order(self, unit: str, order: str) -> Iterator[Lot]:
        """Walk available lots with something left, in spend order."""
        found = [
            lot
            for lot in self.lots.values()
            if lot.unit == unit and lot.is_available and lot.left > 0
        ]
        for lot in sorted(found, key=lambda lot: spend_key(lot, order)):
            yield _copy(lot)

    def lots_due(self, until: int) -> Iterable[Lot]:
        """List lots that mature, or expire with something left, until a moment."""
        return [
            _copy(lot)
            for lot in self.lots.values()
            if (not lot.is_available and lot.available_at <= until)
            or (lot.left > 0 and lot.expires_at is not None and lot.expires_at <= until)
        ]

    def first_lot_due(self, after: int) -> int | None:
        """Return the first later moment at which a lot matures or expires."""
        moments = [lot.available_at for lot in self.lots.values() if not lot.is_available]
        moments += [
            lot.expires_at
            for lot in self.lots.values()
            if lot.left > 0 and lot.expires_at is not None
        ]
        return min((at for at in moments if at > after), default=None)

    def lots_expiring(self, unit: str, after: int, until: int) -> Iterator[Lot]:
        """Walk lots with something left that expire between two moments, by expiry."""
        for lot in expiring_of(self.lots.values(), unit, after, until):
            yield _copy(lot)

    def lot(self, number: int) -> Lot:
        """Return a lot by its number."""
        return _copy(self.lots[number])

    def lots_between(self, unit: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Walk lots of a unit by the time they were earned."""
        found = (
            (lot.earned_at, lot.number, lot.counted)
            for lot in self.lots.values()
            if lot.unit == unit and start <= lot.earned_at <= end
        )
        for at, number, counted in sorted(found):
            yield number, at, counted

    def tickets_between(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Walk tickets by the time they occurred."""
        found = (
            (ticket.occurred_at, ticket.id, ticket.net)
            for ticket in self.tickets.values()
            if start <= ticket.occurred_at <= end
        )
        for at, key, net in sorted(found):
            yield key, at, net

    def ticket(self, key: str) -> Ticket | None:
        """Return a ticket by its id."""
        found = self.tickets.get(key)
        return found and msgspec.structs.replace(found, lines=list(found.lines))

    def burn(self, key: str) -> Burn | None:
        """Return a burn by its id."""
        found = self.burns.get(key)
        return found and _copy(found)

    def hold(self, key: str) -> Hold | None:
        """Return a hold by its id."""
        found = self.holds.get(key)
        return found and _copy(found)

    def open_lots(self) -> Iterable[Lot]:
        """List lots with something left."""
        return [_copy(lot) for lot in self.lots.values() if lot.left > 0]

    def open_vouchers(self) -> Iterable[Voucher]:
        """List vouchers that were neither used nor voided."""
        return [_copy(it) for _number, it in sorted(self.vouchers.items()) if it.status == "issued"]

    def gifts_of(self) -> Iterable[Gift]:
        """List what messages gave."""
        return [_copy(gift) for gift in self.gifts.values()]

    def gift(self, key: str) -> Gift | None:
        """Return what a message gave, by its id."""
        found = self.gifts.get(key)
        return found and _copy(found)

    def voucher(self, number: int) -> Voucher | None:
        """Return a voucher by its number."""
        found = self.vouchers.get(number)
        return found and _copy(found)

    def tally(self, key: str) -> int:
        """Return a count."""
        return self.tallies.get(key, 0)


def _copy(kept: Kept) -> Kept:
    return msgspec.structs.replace(kept)
