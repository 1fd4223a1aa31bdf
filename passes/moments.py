"""Moments as documents write them, and days as people do."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = 1_000_000  # µs
_DAY_SECONDS = 86_400
# "Never" is written as the last day there is; a day before it fits every time zone.
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date(1, 1, 2).toordinal(), date(9999, 12, 30).toordinal()
_TWO_DIGITS = tuple(f"{value:02}" for value in range(60))
_WITHOUT_SECONDS_OF_ZONE = len("2027-01-31T22:59:59+01:00")  # +00:44:30 once was Monrovia's
_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_ENGLISH = "January February March April May June July August September October November December"
_MONTHS = {"fr": _FRENCH.split(), "en": _ENGLISH.split()}


def utc_time(at: int) -> str:
    """Write a moment as W3C date and time, `2027-01-31T22:59:00Z`."""
    day, second = divmod(at // _SECOND, _DAY_SECONDS)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_date(day)}T{_TWO_DIGITS[hour]}:{_TWO_DIGITS[minute]}:{_TWO_DIGITS[second]}Z"


@lru_cache(maxsize=64)  # many cards were last told about within a few days
def _date(day: int) -> str:
    return date.fromordinal(min(max(day + _EPOCH, _FIRST_DAY), _LAST_DAY)).isoformat()


def local_time(at: int, time_zone: str) -> str:
    """Write a moment as the clocks of an IANA zone show it, with their distance from UTC."""
    return _local(at, time_zone).isoformat()[:_WITHOUT_SECONDS_OF_ZONE]


def spoken_day(at: int, time_zone: str, language: str) -> str:
    """Write the day of a moment in a zone: `31 janvier 2027`, `31 January 2027`, else ISO 8601."""
    local = _local(at, time_zone)
    months = _MONTHS.get(language)
    if months is None:
        return local.date().isoformat()
    day = "1er" if language == "fr" and local.day == 1 else local.day
    return f"{day} {months[local.month - 1]} {local.year}"


def spoken_moment(at: int, time_zone: str, language: str) -> str:
    """Write the day and the clock of a moment in a zone: `31 janvier 2027, 22:59`."""
    return f"{spoken_day(at, time_zone, language)}, {_local(at, time_zone):%H:%M}"


def _local(at: int, time_zone: str) -> datetime:
    day = min(max(at // _SECOND // _DAY_SECONDS, _FIRST_DAY - _EPOCH), _LAST_DAY - _EPOCH)
    second = day * _DAY_SECONDS + at // _SECOND % _DAY_SECONDS
    return datetime.fromtimestamp(second, ZoneInfo(time_zone))
