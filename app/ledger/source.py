"""What is stored of one card, as the engine reads it: lazily, in pages."""

from __future__ import annotations

from collections.abc import Iterator

from app.ledger import kept_queries, lot_queries
from app.loyalty.book import NEVER
from app.loyalty.model import Burn, Gift, Hold, Lot, Ticket, Voucher
from app.storage.database import Transaction

PAGE = 50
_FIRST_ID = ""  # before every id


class Stored:
    """The engine's `Source` of one card, within one unit of work."""

    def __init__(self, tx: Transaction, card_id: int) -> None:
        self._tx = tx
        self._card_id = card_id

    def lots_in_order(self, unit: str, order: str) -> Iterator[Lot]:
        """Walk available lots with something left, in spend order."""
        return self._by_age(unit) if order == "fifo" else self._by_expiry(unit)

    def _by_expiry(self, unit: str) -> Iterator[Lot]:
        after = (-NEVER, -NEVER, 0)
        while True:
            page = lot_queries.spendable(self._tx, self._card_id, unit, after=after, limit=PAGE)
            if page:
                last = page[-1]
                dies_at = NEVER if last.expires_at is None else last.expires_at
                after = (dies_at, last.earned_at, last.number)
            yield from page
            if len(page) < PAGE:
                return

    def _by_age(self, unit: str) -> Iterator[Lot]:
        after = (-NEVER, 0)
        while True:
            page = lot_queries.spendable_by_age(
                self._tx, self._card_id, unit, after=after, limit=PAGE
            )
            after = (page[-1].earned_at, page[-1].number) if page else after
            yield from page
            if len(page) < PAGE:
                return

    def lots_due(self, until: int) -> list[Lot]:
        """List lots that mature, or expire with something left, at or before a moment."""
        found = {lot.number: lot for lot in lot_queries.dying(self._tx, self._card_id, until)}
        found |= {lot.number: lot for lot in lot_queries.maturing(self._tx, self._card_id, until)}
        return list(found.values())

    def first_lot_due(self, after: int) -> int | None:
        """Return the first moment after another at which a lot matures or expires."""
        moments = (
            lot_queries.first_maturing(self._tx, self._card_id, after),
            lot_queries.first_dying(self._tx, self._card_id, after),
        )
        return min((each for each in moments if each is not None), default=None)

    def lots_expiring(self, unit: str, after: int, until: int) -> Iterator[Lot]:
        """Walk lots with something left that expire between two moments, by expiry."""
        place = (after, NEVER, 0)  # behind all that expire at that moment
        while True:
            page = lot_queries.expiring(
                self._tx, self._card_id, unit, after=place, until=until, limit=PAGE
            )
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]
            assert last.expires_at is not None, "it expires"
            place = (last.expires_at, last.earned_at, last.number)

    def lot(self, number: int) -> Lot:
        """Return a lot by its number."""
        found = lot_queries.lot(self._tx, self._card_id, number)
        assert found is not None, "lots are never deleted"
        return found

    def lots_between(self, unit: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Walk (number, earned_at, counted) of lots with start <= earned_at <= end, by time."""
        after = (start, 0)  # numbers begin at 1
        while True:
            page = lot_queries.between(
                self._tx, self._card_id, unit, after=after, end=end, limit=PAGE
            )
            yield from page
            if len(page) < PAGE:
                return
            after = (page[-1][1], page[-1][0])

    def tickets_between(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """Walk (id, occurred_at, net) of tickets with start <= occurred_at <= end, by time."""
        after = (start, _FIRST_ID)
        while True:
            page = kept_queries.tickets_between(
                self._tx, self._card_id, after=after, end=end, limit=PAGE
            )
            yield from page
            if len(page) < PAGE:
                return
            after = (page[-1][1], page[-1][0])

    def ticket(self, key: str) -> Ticket | None:
        """Return a ticket by its id."""
        return kept_queries.ticket(self._tx, self._card_id, key)

    def burn(self, key: str) -> Burn | None:
        """Return a burn by its id."""
        found = kept_queries.burn(self._tx, self._card_id, key)
        return None if found is None else found.burn

    def hold(self, key: str) -> Hold | None:
        """Return a hold by its id."""
        return kept_queries.hold(self._tx, self._card_id, key)

    def open_lots(self) -> list[Lot]:
        """List lots with something left."""
        return lot_queries.open_lots(self._tx, self._card_id, NEVER)

    def open_vouchers(self) -> list[Voucher]:
        """List vouchers that were neither used nor voided."""
        return kept_queries.open_vouchers(self._tx, self._card_id)

    def gifts_of(self) -> list[Gift]:
        """List what messages gave."""
        return kept_queries.gifts_of(self._tx, self._card_id)

    def gift(self, key: str) -> Gift | None:
        """Return what a message gave, by its id."""
        return kept_queries.gift(self._tx, self._card_id, key)

    def voucher(self, number: int) -> Voucher | None:
        """Return a voucher by its number, from 1 in order of issue."""
        return kept_queries.voucher(self._tx, self._card_id, number)

    def tally(self, key: str) -> int:
        """Return a count that limits and challenges keep; 0 where there is none."""
        return kept_queries.tally(self._tx, self._card_id, key)
