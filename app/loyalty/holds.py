"""Holds: units set aside at a till, spent or given back once (specs/loyalty.md §7)."""

from __future__ import annotations

from typing import Any

from app.loyalty import calendar, lots
from app.loyalty.book import Book
from app.loyalty.events import Capture, Reserve, Step
from app.loyalty.model import Burn, Hold
from app.loyalty.refusing import Refused
from app.loyalty.spending import check_balance


def reserve(book: Book, step: Step, event: Reserve) -> dict[str, Any]:
    """Move units from balance to held, in spend order, until the hold times out."""
    unit = event.unit or book.program.units[0].id
    check_balance(book, unit, event.units)
    alloc = lots.take_units(book, unit, event.units, to="held", reason="hold")
    if event.ttl_seconds is None:
        expires_at = calendar.add(book.at, event.ttl, book.program.tz)
    else:
        expires_at = book.at + event.ttl_seconds * calendar.SECOND
    book.holds[step.id] = Hold(
        id=step.id,
        unit=unit,
        alloc=alloc,
        expires_at=expires_at,
        rule=event.rule,
        discount_minor=event.discount_minor,
    )
    book.account.open_holds[step.id] = expires_at
    return {}


def capture(book: Book, step: Step, event: Capture) -> dict[str, Any]:
    """Spend held units in the order they were set aside; the rest goes back to its lots."""
    hold = _open(book, event.of)
    units = hold.units if event.units is None else event.units
    if units > hold.units:
        raise Refused("exceeds_hold", held=hold.units)
    why: dict[str, Any] = {"hold": True, "minor": discount_of(hold, units)}
    rule = hold.rule or "hold"
    entry = book.enter("burn", hold.unit, -units, at=book.at, rule=rule, why=why)
    spent, needed = [], units
    for number, part in hold.alloc:
        lot, taken = book.lot(number), min(part, needed)
        if taken:
            lot.held -= taken
            lot.spent += taken
            book.post(lot, taken, ("held", "burned"), at=book.at, reason="capture", entry=entry)
            spent.append((number, taken))
        if part > taken:
            lots.give_back(book, lot, part - taken, held=True)
        needed -= taken
    why["lots"] = [list(each) for each in spent]
    _close(book, hold, "captured")
    hold.captured = units
    book.burns[step.id] = Burn(id=step.id, rule=rule, unit=hold.unit, alloc=spent)
    book.account.last_activity_at = max(book.account.last_activity_at or book.at, book.at)
    return {"alloc": [[book.lot(number).source, part] for number, part in spent]}


def discount_of(hold: Hold, units: int) -> int:
    """Return what a part of a hold pays for: its share, rounded down."""
    return hold.discount_minor * units // hold.units


def void(book: Book, key: str) -> dict[str, Any]:
    """Give all back."""
    _release(book, _open(book, key), "voided")
    return {}


def time_out(book: Book, key: str) -> None:
    """End a hold nobody resolved in time."""
    hold = book.hold(key)
    assert hold is not None and hold.status == "open", "open holds are known by name"
    _release(book, hold, "expired")


def _open(book: Book, key: str) -> Hold:
    hold = book.hold(key)
    if hold is None or hold.status != "open":
        raise Refused("hold_closed", status=hold.status if hold else None)
    return hold


def _release(book: Book, hold: Hold, status: str) -> None:
    for number, units in hold.alloc:
        lots.give_back(book, book.lot(number), units, held=True)
    _close(book, hold, status)


def _close(book: Book, hold: Hold, status: str) -> None:
    hold.status = status  # type: ignore[assignment]
    del book.account.open_holds[hold.id]
