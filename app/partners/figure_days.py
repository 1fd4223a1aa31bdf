"""Which days figures are asked of, in the program's time zone."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

import msgspec

from app.errors import invalid
from app.loyalty import calendar

DAYS_DEFAULT = 30
DAYS_MAX = 366
YEARS = range(2000, 2100)  # whose days are asked of


class Days(msgspec.Struct, frozen=True):
    """Local days one after the other. `begins`: the first moment of each, and of the day behind."""

    days: tuple[str, ...]
    begins: tuple[int, ...]
    before: int  # the first moment of as many days right before

    @property
    def since(self) -> int:
        """The first moment."""
        return self.begins[0]

    @property
    def until(self) -> int:
        """The first moment behind the last day."""
        return self.begins[-1]

    def place(self, at: int) -> int:
        """Say on which of the days a moment lies that lies on one of them."""
        return bisect_right(self.begins, at) - 1


def days_between(begin: str | None, end: str | None, tz: str, *, now: int) -> Days:
    """Read `from` and `to` (YYYY-MM-DD); absent: the last 30 days. Raises InvalidInput."""
    last = calendar.local_date(now, tz) if end is None else _day("to", end)
    first = last - timedelta(days=DAYS_DEFAULT - 1) if begin is None else _day("from", begin)
    count = (last - first).days + 1
    if count < 1:
        raise invalid("to", "not before `from`")
    if count > DAYS_MAX:
        raise invalid("from", f"at most {DAYS_MAX} days at once")
    dates = [first + timedelta(days=number) for number in range(count + 1)]
    return Days(
        days=tuple(each.isoformat() for each in dates[:-1]),
        begins=tuple(calendar.midnight(each, tz) for each in dates),
        before=calendar.midnight(first - timedelta(days=count), tz),
    )


def _day(path: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or found.year not in YEARS:
        raise invalid(path, "a day like 2026-11-21 expected")
    return found
