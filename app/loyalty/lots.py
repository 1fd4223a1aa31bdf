"""Lots: how units are granted, mature, expire, repay a debt and leave in spend order."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty import calendar, metrics, notices
from app.loyalty.book import Book
from app.loyalty.events import BIG
from app.loyalty.model import OPERATOR, Allocation, EntryKind, Lot, Place
from app.loyalty.refusing import Refused

AVAILABLE_TO: dict[str, tuple[Place, Place]] = {
    "burned": ("available", "burned"),
    "held": ("available", "held"),
    "debt": ("available", "debt"),
    "mint": ("available", "mint"),
}


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Units to give: from what, by whom, and as which kind of entry."""

    unit: str
    units: int
    source: str
    rule: str
    why: dict[str, Any]
    issuer: str = OPERATOR
    kind: EntryKind = "earn"
    is_pending: bool = True  # whether the unit's return window applies
    available_at: int | None = None  # later than it was earned, whatever the return window
    expires_at: int | None = None
    has_own_expiry: bool = False  # then `expires_at` is meant as it stands


def grant(book: Book, given: Grant, *, earned_at: int) -> Lot:
    """Make one lot. Its life counts from earning; one that arrives dead is recorded and expires.

    Raises Refused where the card would hold more than a JSON number can.
    """
    account, unit, tz = book.account, book.unit(given.unit), book.program.tz
    sums = book.sums(given.unit)
    if given.units > BIG - sums.available - sums.pending - sums.held:
        raise Refused("above_maximum", maximum_units=BIG)
    available_at = earned_at if given.available_at is None else given.available_at
    if given.is_pending and unit.pending is not None:
        available_at = calendar.add(earned_at, unit.pending, tz)
    expires_at = given.expires_at
    if not given.has_own_expiry and unit.expiry.after is not None:
        expires_at = calendar.add(earned_at, unit.expiry.after, tz, unit.expiry.align)
    lot = _new_lot(book, given, (earned_at, available_at, expires_at))
    entry = book.enter(
        given.kind, given.unit, given.units, at=earned_at, rule=given.rule, why=given.why
    )
    to = place("available" if lot.is_available else "pending")
    book.post(lot, given.units, ("mint", to), at=earned_at, reason=given.kind, entry=entry)
    metrics.note_units(book, given.unit, earned_at, given.units)
    if account.last_activity_at is None or earned_at > account.last_activity_at:
        account.last_activity_at = earned_at
    if expires_at is not None and expires_at <= book.at:
        expire(book, lot, expires_at)
    _watch(book, lot)
    return lot


def restore(book: Book, unit: str, units: int, *, entry: int) -> Lot:
    """Put units that were burned into a lot with a life of its own, which no metric counts."""
    expires_at, expiry = None, book.unit(unit).expiry
    if expiry.after is not None:
        expires_at = calendar.add(book.at, expiry.after, book.program.tz, expiry.align)
    given = Grant(unit=unit, units=units, source="restored", rule="restore", why={})
    lot = _new_lot(book, given, (book.at, book.at, expires_at))
    lot.reversed = lot.owed = units  # they were counted when they were first earned
    book.post(lot, units, ("burned", "available"), at=book.at, reason="reverse", entry=entry)
    _watch(book, lot)
    return lot


def withdraw(book: Book, lot: Lot, *, reason: str, entry: int) -> None:
    """Take all that is left off a lot, pending or not."""
    places = (place("available" if lot.is_available else "pending"), place("mint"))
    book.post(lot, lot.left, places, at=book.at, reason=reason, entry=entry)
    lot.left, lot.withdrawn = 0, lot.withdrawn + lot.left


def owe(book: Book, unit: str, units: int, *, kind: EntryKind, rule: str) -> None:
    """Let the card owe units that no lot of its own ever held."""
    entry = book.enter(kind, unit, -units, at=book.at, rule=rule, why={})
    lot = _bare_lot(book, unit, 0, rule)
    lot.owed = lot.withdrawn = units
    book.post(lot, units, ("debt", "mint"), at=book.at, reason=rule, entry=entry)


def forgive(book: Book, unit: str, units: int, *, rule: str) -> None:
    """Take a debt off the card without any units."""
    entry = book.enter("adjust", unit, units, at=book.at, rule=rule, why={})
    lot = _bare_lot(book, unit, units, rule)
    lot.reversed = units
    book.post(lot, units, ("mint", "debt"), at=book.at, reason=rule, entry=entry)


def _bare_lot(book: Book, unit: str, amount: int, source: str) -> Lot:
    """Make a lot with nothing in it, for transfers name one."""
    given = Grant(unit=unit, units=amount, source=source, rule=source, why={})
    lot = _new_lot(book, given, (book.at, book.at, None))
    lot.left = 0
    return lot


def _new_lot(book: Book, given: Grant, times: tuple[int, int, int | None]) -> Lot:
    earned_at, available_at, expires_at = times
    book.account.lots += 1
    lot = Lot(
        book.account.lots,
        given.unit,
        given.units,
        given.source,
        given.issuer,
        earned_at,
        available_at,
        expires_at,
        available_at <= book.at,
        given.units,
    )
    book.lots[lot.number] = lot
    return lot


def _watch(book: Book, lot: Lot) -> None:
    """Have the card looked at again when this lot matures or expires."""
    for due_at in (None if lot.is_available else lot.available_at, lot.expires_at):
        if due_at is None or due_at <= book.at:
            continue
        if book.account.lots_due_at is None or due_at < book.account.lots_due_at:
            book.account.lots_due_at = due_at
    notices.watch(book, lot)


def mature(book: Book, lot: Lot) -> None:
    """Let pending units be spent from their moment on."""
    lot.is_available = True
    if lot.left > 0:
        places: tuple[Place, Place] = ("pending", "available")
        book.post(lot, lot.left, places, at=lot.available_at, reason="mature")


def expire(book: Book, lot: Lot, at: int, *, rule: str = "expiry") -> None:
    """Remove what is left of one lot, and nothing else."""
    units = lot.left
    if units == 0:
        return
    entry = book.enter(
        "expire", lot.unit, -units, at=at, rule=rule, why={"lot": lot.number, "source": lot.source}
    )
    place: Place = "available" if lot.is_available else "pending"
    book.post(lot, units, (place, "expired"), at=at, reason=rule, entry=entry)
    lot.left, lot.expired = 0, lot.expired + units


def take_units(
    book: Book, unit: str, units: int, *, to: str, reason: str, entry: int = 0
) -> Allocation:
    """Move units out of `available` in spend order; the caller has seen that there are enough."""
    alloc: Allocation = []
    needed = units
    for lot in book.in_spend_order(unit):
        if needed == 0:
            break
        taken = min(lot.left, needed)
        book.take(lot)
        lot.left -= taken
        match to:
            case "held":
                lot.held += taken
            case "mint":
                lot.withdrawn += taken
            case _:
                lot.spent += taken
        book.post(lot, taken, AVAILABLE_TO[to], at=book.at, reason=reason, entry=entry)
        alloc.append((lot.number, taken))
        needed -= taken
    assert needed == 0, "the balance is the sum of the lots"
    return alloc


def give_back(book: Book, lot: Lot, units: int, *, held: bool, entry: int = 0) -> None:
    """Put units into their own lot again; in one that expired meanwhile they are dead on return."""
    if held:
        lot.held -= units
    else:
        lot.spent -= units
    lot.left += units
    source, reason = place("held" if held else "burned"), "release" if held else "reverse"
    book.post(lot, units, (source, "available"), at=book.at, reason=reason, entry=entry)
    if lot.expires_at is not None and lot.expires_at <= book.at:
        expire(book, lot, book.at)
    _watch(book, lot)  # nobody waited for it while nothing was left


def place(name: Place) -> Place:
    """Say that a word is a place of the ledger."""
    return name


def repay_debts(book: Book) -> None:
    """Let available units repay what the card owes, first of all, in spend order."""
    for unit, sums in book.account.sums.items():
        if sums.debt > 0 and sums.available > 0:
            units = min(sums.debt, sums.available)
            take_units(book, unit, units, to="debt", reason="repay")
