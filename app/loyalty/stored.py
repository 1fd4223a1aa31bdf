"""What a decision may ask of what is stored of its card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from app.loyalty.model import Burn, Gift, Hold, Lot, Ticket, Voucher


class Source(Protocol):
    """What is stored of one card; what it hands out is the reader's own to change."""

    def lots_in_order(self, unit: str, order: str) -> Iterator[Lot]:
        """Walk lots that are available with something left, in spend order (`spend_key`)."""

    def lots_due(self, until: int) -> Iterable[Lot]:
        """List lots that mature, or expire with something left, at or before a moment."""

    def first_lot_due(self, after: int) -> int | None:
        """Return the first moment after another at which a lot matures or expires."""

    def lots_expiring(self, unit: str, after: int, until: int) -> Iterator[Lot]:
        """Walk lots with something left that expire after a moment until another, by expiry."""

    def lot(self, number: int) -> Lot:
        """Return a lot by its number."""

    def lots_between(self, unit: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Walk (number, earned_at, counted) of lots with start <= earned_at <= end, by time."""

    def tickets_between(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Walk (id, occurred_at, net) of tickets with start <= occurred_at <= end, by time."""

    def ticket(self, key: str) -> Ticket | None:
        """Return a ticket by its id."""

    def burn(self, key: str) -> Burn | None:
        """Return a burn by its id."""

    def hold(self, key: str) -> Hold | None:
        """Return a hold by its id."""

    def open_lots(self) -> Iterable[Lot]:
        """List lots with something left, pending ones too."""

    def open_vouchers(self) -> Iterable[Voucher]:
        """List vouchers that were neither used nor voided, in order of issue."""

    def gifts_of(self) -> Iterable[Gift]:
        """List what messages gave."""

    def gift(self, key: str) -> Gift | None:
        """Return what a message gave, by its id."""

    def voucher(self, number: int) -> Voucher | None:
        """Return a voucher by its number, from 1 in order of issue."""

    def tally(self, key: str) -> int:
        """Return a count that limits and challenges keep; 0 where there is none."""
