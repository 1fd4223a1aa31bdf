"""Moments, periods and local days. Moments are Unix microseconds, UTC (specs: loyalty §2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import msgspec

SECOND = 1_000_000  # microseconds
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
# A sum beyond what a calendar can write stands for "never in practice".
EARLIEST = -62_135_596_800 * SECOND + 2 * DAY  # 0001-01-03
LATEST = 253_402_300_800 * SECOND - 2 * DAY  # 9999-12-30
_KEPT = 10_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)
_NO_TIME = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)(?![\s\S])", re.ASCII
)
_PERIOD = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?)?(?![\s\S])",
    re.ASCII,
)


class Period(msgspec.Struct, frozen=True):
    """A calendar period, as it is written."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0


@lru_cache(_KEPT)
def parse_instant(text: str) -> int:
    """Read RFC 3339 with `Z` or an offset; finer digits than microseconds are cut off.

    Raises ValueError when it is no moment.
    """
    found = _INSTANT.match(text)
    if found is None:
        raise ValueError("a moment like 2026-11-21T20:05:00Z expected")
    day, clock, fraction, offset = found.groups()
    zone = "+00:00" if offset in "Zz" else offset
    try:
        read = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}{zone}")
    except ValueError:
        raise ValueError("no such day or hour") from None
    at = (read - _EPOCH) // _MICROSECOND
    if not EARLIEST <= at <= LATEST:
        raise ValueError("no such year")
    return at


def write_instant(at: int) -> str:
    """Write a moment with whole seconds and `Z`."""
    return (_EPOCH + timedelta(seconds=at // SECOND)).isoformat()[:19] + "Z"


@cache
def parse_period(text: str) -> Period:
    """Read ISO 8601 `P…Y…M…W…DT…H…M`. Raises ValueError when it is none."""
    found = _PERIOD.match(text)
    if found is None or len(text) > 40:
        raise ValueError("a period like P12M or P1DT12H expected")
    return Period(*(int(part or 0) for part in found.groups()))


@cache
def zone(tz: str) -> ZoneInfo:
    """Find a time zone by its name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):  # unknown; no path; a directory of zones
        raise ValueError("a time zone like Europe/Paris expected") from None


def add(at: int, period: str | None, tz: str, align: str = "none") -> int:
    """Add a period on the local calendar (t ⊕ P), then move to the end that `align` names.

    A wall time that does not exist moves forward by the gap, one that exists twice is the first.
    Hours and minutes alone are elapsed time, even in an hour that exists twice.
    """
    return _moved(at, parse_period(period) if period else _NOTHING, tz, align=align)


def subtract(at: int, period: str | None, tz: str) -> int:
    """Take a period off on the local calendar (t ⊖ P), the mirror of `add`."""
    return _moved(at, parse_period(period) if period else _NOTHING, tz, sign=-1)


def local(at: int, tz: str) -> datetime:
    """Return the wall time of a moment, to the second."""
    return datetime.fromtimestamp(_clamped(at) // SECOND, zone(tz))


def local_date(at: int, tz: str) -> date:
    """Return the local day of a moment."""
    return local(at, tz).date()


def local_hhmm(at: int, tz: str) -> str:
    """Return the wall time of a moment as `HH:MM`."""
    wall = local(at, tz)
    return f"{wall.hour:02d}:{wall.minute:02d}"


def local_minutes(at: int, tz: str) -> int:
    """Return the wall time of a moment in minutes since 00:00."""
    wall = local(at, tz)
    return wall.hour * 60 + wall.minute


def iso_weekday(at: int, tz: str) -> int:
    """Return the local weekday of a moment: 1 is Monday."""
    return local(at, tz).isoweekday()


def midnight(day: date, tz: str) -> int:
    """Return the first moment of a local day."""
    return _clamped(_instant(datetime(day.year, day.month, day.day), zone(tz)))


def period_after(at: int, calendar: str, tz: str) -> int:
    """Return the start of the next local day, month or year."""
    day = local_date(at, tz)
    if calendar == "day":
        return midnight(day + timedelta(days=1), tz)
    return midnight(_end_of(day, f"end_of_{calendar}"), tz)


@lru_cache(_KEPT)
def next_month_day(after: int, month_day: str, tz: str) -> int:
    """Return the first local midnight of `MM-DD` strictly after a moment.

    29 February is 28 February in common years.
    """
    year = local_date(after, tz).year
    for each in (year, year + 1):
        found = midnight(day_in(month_day, min(each, 9999)), tz)
        if found > after:
            return found
    return LATEST


def day_in(month_day: str, year: int) -> date:
    """Return the day `MM-DD` of a year; 29 February is 28 February in common years."""
    month, day = int(month_day[:2]), int(month_day[3:])
    if (month, day) == (2, 29) and _days_of(year, 2) < 29:
        day = 28
    return date(year, month, day)


_NOTHING = Period()


def _moved(at: int, period: Period, tz: str, *, sign: int = 1, align: str = "none") -> int:
    months = sign * (12 * period.years + period.months)
    days = sign * (7 * period.weeks + period.days)
    elapsed = sign * (60 * period.hours + period.minutes) * MINUTE
    if not (months or days) and align == "none":
        return _clamped(at + elapsed)
    at = _clamped(at)
    found = zone(tz)
    seconds, rest = divmod(at, SECOND)
    wall = datetime.fromtimestamp(seconds, found)
    try:
        year, month, day = wall.year, wall.month, wall.day
        if months:
            year, month = divmod(year * 12 + month - 1 + months, 12)
            month += 1
            if day > 28:
                day = min(day, _days_of(year, month))
        wall = datetime(year, month, day, wall.hour, wall.minute, wall.second)
        if days:
            wall += timedelta(days)
        if align != "none":
            day_after = _end_of(wall.date(), align)
            wall, rest = datetime(day_after.year, day_after.month, day_after.day), 0
    except (ValueError, OverflowError):  # before year 1 or after 9999
        return LATEST if sign > 0 else EARLIEST
    return _clamped(_instant(wall, found) + rest + elapsed)


def _instant(wall: datetime, found: ZoneInfo) -> int:
    # With fold=0 a time in a gap keeps the offset before it, so it comes out later by the gap,
    # and a time that exists twice is the first one (PEP 495).
    offset = found.utcoffset(wall) or _NO_TIME
    seconds = (wall.toordinal() - _EPOCH_DAY.toordinal()) * 86_400
    seconds += wall.hour * 3_600 + wall.minute * 60 + wall.second
    return (seconds - offset.days * 86_400 - offset.seconds) * SECOND


def _end_of(day: date, align: str) -> date:
    if align == "end_of_day":
        return day + timedelta(days=1)
    if align == "end_of_month" and day.month < 12:
        return date(day.year, day.month + 1, 1)
    return date(day.year + 1, 1, 1)


def _days_of(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _clamped(at: int) -> int:
    if EARLIEST <= at <= LATEST:
        return at
    return EARLIEST if at < EARLIEST else LATEST
