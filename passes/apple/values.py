"""Numbers, times and colours as pass.json writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = 1_000_000  # µs
_DAY_SECONDS = 86_400
# "Never" is written as the last day there is; a day before it fits every time zone.
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date(1, 1, 2).toordinal(), date(9999, 12, 30).toordinal()
_TWO_DIGITS = tuple(f"{value:02}" for value in range(60))
_WITHOUT_SECONDS_OF_ZONE = len("2027-01-31T22:59:59+01:00")  # +00:44:30 once was Monrovia's

# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DECIMALS = {
    currency: decimals
    for decimals, currencies in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for currency in currencies.split()
}


def amount(value: int, currency: str | None) -> int | Decimal:
    """Return a count as it is, and minor units of money with the currency's decimals."""
    if currency is None:
        return value
    decimals = _DECIMALS.get(currency, 2)
    return Decimal(value).scaleb(-decimals) if decimals else value


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
    day = min(max(at // _SECOND // _DAY_SECONDS, _FIRST_DAY - _EPOCH), _LAST_DAY - _EPOCH)
    second = day * _DAY_SECONDS + at // _SECOND % _DAY_SECONDS
    local = datetime.fromtimestamp(second, ZoneInfo(time_zone))
    return local.isoformat()[:_WITHOUT_SECONDS_OF_ZONE]


def rgb(color: str) -> str:
    """Turn `#rrggbb` into `rgb(r, g, b)`."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
