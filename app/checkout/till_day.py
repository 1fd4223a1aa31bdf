"""A till's day: what it sold, what has become of it, and the sums."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from app.cards.promotion_queries import put_visit
from app.cards.tickets import ticket_public
from app.checkout import till_queries
from app.checkout.seller import Seller
from app.checkout.till_queries import DayRow, TillTicket
from app.checkout.till_schemas import DayTotals, TillDay, TillSale
from app.clock import DAY, rfc3339
from app.errors import invalid
from app.ledger.service import Posted
from app.loyalty import calendar
from app.programs import service as programs
from app.programs.partnering import programs_at_till
from app.programs.service import Program
from app.storage.database import Transaction

SALES_MAX = 2_000  # of one till and day: a sale every half minute, around the clock
KEPT_FOR = 90 * DAY
LAST_DIGITS = 4
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(tuple[dict[str, int], dict[str, int]]).decode


def note(
    tx: Transaction,
    till_id: int | None,
    posted: Posted,
    *,
    own_id: str,
    at: int,
    minor: int,
    location: str | None = None,
) -> None:
    """Let a till find a sale that was just posted; a merchant's own system has no day here.

    `location`: where it was, if somebody stood there; the card keeps where it was used last.
    """
    if till_id is None or not posted.is_kept or posted.is_replay:
        return
    if location is not None:
        put_visit(tx, posted.card_id, location, at)
    burned: Counter[str] = Counter()
    for entry in posted.entries:
        if entry.kind == "burn":
            burned[entry.unit] -= entry.units
    units = [posted.results.get("earned_units", {}), dict(burned)]
    row = TillTicket(
        *(till_id, at, posted.program_id, own_id, posted.card_id, minor),
        units=_encode(units).decode(),
    )
    till_queries.note_ticket(tx, row)


def time_zone_of(program: Program) -> str:
    """Return the time zone whose days a program means."""
    rules: Any = program.document.rules
    return str(rules.get("tz") or "UTC") if isinstance(rules, dict) else "UTC"


def currency_of(program: Program) -> str:
    """Return the currency of a hosted program."""
    rules: Any = program.document.rules
    return str(rules.get("currency") or "EUR") if isinstance(rules, dict) else "EUR"


def day_of(tx: Transaction, seller: Seller, day: str | None, *, now: int) -> TillDay:
    """Tell what a till sold on a day `YYYY-MM-DD`, today where none is asked.

    The days are those of its first program. Raises InvalidInput.
    """
    assert seller.till_id is not None, "the route is for tills"
    found = programs_at_till(tx, seller.merchant_id)
    zone = time_zone_of(found[0]) if found else "UTC"
    asked = calendar.local_date(now, zone) if day is None else _day(day)
    span = (calendar.midnight(asked, zone), calendar.midnight(asked + timedelta(days=1), zone))
    rows = till_queries.day_of(tx, seller.till_id, span, SALES_MAX + 1)
    items = [_sale(tx, row) for row in rows[:SALES_MAX]]
    return TillDay(
        day=asked.isoformat(),
        items=items,
        totals=_totals(items),
        is_whole=len(rows) <= SALES_MAX,
    )


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or not 1970 <= found.year <= 9_000:
        raise invalid("day", "a day like 2026-11-25 expected")
    return found


def _sale(tx: Transaction, row: DayRow) -> TillSale:
    program = programs.program_by_id(tx, row.program_id)
    assert program is not None, "programs are never deleted"
    earned, burned = _decode(row.units)
    taken = row.amount_minor if row.is_voided else 0
    if row.net is not None:
        taken = row.amount_minor - row.net
    return TillSale(
        id=row.own_id,
        ticket_id=None if row.net is None else ticket_public(row.program_id, row.own_id),
        at=rfc3339(row.sold_at),
        card_last_digits=None if row.number is None else row.number[-LAST_DIGITS:],
        amount_minor=row.amount_minor,
        currency=currency_of(program),
        earned_units=earned,
        burned_units=burned,
        refunded=taken > 0 or bool(row.is_voided) or row.moved_to is not None,
        refunded_minor=taken,
        moved_to=UNSET if row.moved_to is None else row.moved_to,
    )


def _totals(items: list[TillSale]) -> DayTotals:
    """Add a day up; what moved to another card counts there, and is no refund to anybody."""
    amounts: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    earned: Counter[str] = Counter()
    burned: Counter[str] = Counter()
    standing = [each for each in items if each.moved_to is UNSET]
    for each in standing:
        amounts[each.currency] += each.amount_minor
        refunded[each.currency] += each.refunded_minor
        earned.update(each.earned_units)
        burned.update(each.burned_units)
    return DayTotals(
        tickets=len(standing),
        amounts_minor=dict(amounts),
        refunded_minor=dict(refunded),
        earned_units=dict(earned),
        burned_units=dict(burned),
    )
