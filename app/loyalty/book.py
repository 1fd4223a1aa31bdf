"""One decision's working copy of a card: reads what is stored when needed, keeps what changes."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from app.loyalty import program as rules_of
from app.loyalty.model import (
    Account,
    Burn,
    Entry,
    EntryKind,
    Gift,
    Hold,
    Lot,
    Message,
    Notice,
    Place,
    Progress,
    Sums,
    Ticket,
    Transfer,
    Voucher,
)
from app.loyalty.rules import Rules
from app.loyalty.stored import Source

NEVER = 2**62  # later than every moment: sorts lots that do not expire
SpendKey = tuple[int, int, int]
Key = TypeVar("Key", str, int)
Value = TypeVar("Value")


def spend_key(lot: Lot, order: str) -> SpendKey:
    """Say a lot's place in spend order: `fefo` or `fifo` (specs/loyalty.md §3)."""
    if order == "fifo":
        return (lot.earned_at, lot.number, 0)
    return (NEVER if lot.expires_at is None else lot.expires_at, lot.earned_at, lot.number)


def expiring_of(lots: Iterable[Lot], unit: str, after: int, until: int) -> list[Lot]:
    """List those of a unit's lots with something left that expire after a moment until another."""
    found = [lot for lot in lots if lot.unit == unit and lot.left > 0]
    found = [lot for lot in found if after < (lot.expires_at or NEVER) <= until < NEVER]
    return sorted(found, key=lambda lot: spend_key(lot, "fefo"))


class Book:
    """What one decision works on. `now`: processing time; `at`: the moment being worked on."""

    def __init__(
        self,
        source: Source,
        account: Account,
        *,
        rules: Rules,
        now: int,
        birthday: str | None = None,
    ) -> None:
        self.source = source
        self.account = account
        self.rules = rules
        # Time never goes back for a card, whatever the caller's clock does.
        self.now = now if now > account.caught_up_at else account.caught_up_at
        self.at = self.now
        self.birthday = birthday
        self.program = rules.at(self.at).program  # the rules in force at that moment
        self.is_kept = True
        self.lots: dict[int, Lot] = {}
        self.tickets: dict[str, Ticket] = {}
        self.burns: dict[str, Burn] = {}
        self.holds: dict[str, Hold] = {}
        self.gifts: dict[str, Gift] = {}
        self.vouchers: dict[int, Voucher] = {}
        self.tallies: dict[str, int] = {}
        self.transfers: list[Transfer] = []
        self.entries: list[Entry] = []
        self.messages: list[Message] = []
        self.progress: list[Progress] = []
        self.notices: list[Notice] = []

    def move_to(self, at: int) -> None:
        """Work on another moment: its rules are those in force then."""
        self.at = at
        self.program = self.rules.at(at).program

    def unit(self, unit: str) -> rules_of.Unit:
        """Return a unit's rules; one that a later version dropped lives on without any."""
        for each in self.program.units:
            if each.id == unit:
                return each
        return rules_of.Unit(id=unit)

    def sums(self, unit: str) -> Sums:
        """Return a unit's sums, to be changed by `post` only."""
        found = self.account.sums.get(unit)
        if found is None:
            found = self.account.sums[unit] = Sums()
        return found

    def balance(self, unit: str) -> int:
        """Return available units net of debt."""
        sums = self.account.sums.get(unit)
        return 0 if sums is None else sums.available - sums.debt

    def post(
        self,
        lot: Lot,
        units: int,
        places: tuple[Place, Place],
        *,
        at: int,
        reason: str,
        entry: int = 0,
    ) -> None:
        """Add a transfer from its debit to its credit, and keep the sums."""
        account = self.account
        account.transfers += 1
        debit, credit = places
        self.transfers.append(
            Transfer(
                account.transfers, entry, lot.unit, units, debit, credit, lot.number, at, reason
            )
        )
        sums = self.sums(lot.unit)
        for place, change in ((debit, -units), (credit, units)):
            if place == "available":
                sums.available += change
            elif place == "pending":
                sums.pending += change
            elif place == "held":
                sums.held += change
            elif place == "debt":
                sums.debt -= change

    def enter(
        self, kind: EntryKind, unit: str, units: int, *, at: int, rule: str, why: dict[str, Any]
    ) -> int:
        """Add an entry and return its number."""
        self.account.entries += 1
        number = self.account.entries
        self.entries.append(Entry(number, kind, unit, units, at, rule, why))
        return number

    def lot(self, number: int) -> Lot:
        """Return a lot to be changed."""
        found = self.lots.get(number)
        if found is None:
            found = self.lots[number] = self.source.lot(number)
        return found

    def take(self, lot: Lot) -> Lot:
        """Say that a lot the source handed out is being changed."""
        return self.lots.setdefault(lot.number, lot)

    def in_spend_order(self, unit: str) -> Iterator[Lot]:
        """Walk available lots with something left, first to be spent first."""
        order = self.unit(unit).spend_order
        key = functools.partial(spend_key, order=order)
        mine = sorted(
            (it for it in self.lots.values() if it.unit == unit and it.is_available), key=key
        )
        stored = (
            each for each in self.source.lots_in_order(unit, order) if each.number not in self.lots
        )
        for lot in heapq.merge(mine, stored, key=key):
            if lot.left > 0:
                yield lot

    def expiring(self, unit: str, after: int, until: int) -> Iterator[Lot]:
        """Walk lots with something left that expire after a moment until another, by expiry."""
        mine = expiring_of(self.lots.values(), unit, after, until)
        stored = self.source.lots_expiring(unit, after, until)
        others = (lot for lot in stored if lot.number not in self.lots)
        return heapq.merge(mine, others, key=lambda lot: spend_key(lot, "fefo"))

    def ticket(self, key: str) -> Ticket | None:
        """Return a ticket to be changed."""
        return _kept(self.tickets, key, self.source.ticket)

    def burn(self, key: str) -> Burn | None:
        """Return a burn to be changed."""
        return _kept(self.burns, key, self.source.burn)

    def hold(self, key: str) -> Hold | None:
        """Return a hold to be changed."""
        return _kept(self.holds, key, self.source.hold)

    def gift(self, key: str) -> Gift | None:
        """Return what a message gave, to be changed."""
        return _kept(self.gifts, key, self.source.gift)

    def voucher(self, number: int) -> Voucher | None:
        """Return a voucher to be changed."""
        return _kept(self.vouchers, number, self.source.voucher)

    def tally(self, key: str) -> int:
        """Return a count."""
        found = self.tallies.get(key)
        return self.source.tally(key) if found is None else found

    def count(self, key: str, change: int) -> int:
        """Change a count and return it."""
        value = self.tallies[key] = self.tally(key) + change
        return value

    def tickets_between(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Walk (occurred_at, net) of tickets by time, as this decision leaves them."""
        mine = sorted(
            (each.occurred_at, each.net)
            for each in self.tickets.values()
            if start <= each.occurred_at <= end
        )
        stored = (
            (at, net)
            for key, at, net in self.source.tickets_between(start, end)
            if key not in self.tickets
        )
        return heapq.merge(mine, stored)

    def lots_between(self, unit: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Walk (earned_at, counted) of a unit's lots by time, as this decision leaves them."""
        mine = sorted(
            (each.earned_at, each.counted)
            for each in self.lots.values()
            if each.unit == unit and start <= each.earned_at <= end
        )
        stored = (
            (at, counted)
            for number, at, counted in self.source.lots_between(unit, start, end)
            if number not in self.lots
        )
        return heapq.merge(mine, stored)


def _kept(kept: dict[Key, Value], key: Key, read: Any) -> Value | None:
    found = kept.get(key)
    if found is None:
        found = read(key)
        if found is not None:
            kept[key] = found
    return found


def copy_of(account: Account) -> Account:
    """Copy an account whole, so that a decision which is refused changes nothing."""
    return _read_account(_write_account(account))


_write_account = msgspec.msgpack.Encoder().encode
_read_account = msgspec.msgpack.Decoder(Account).decode
