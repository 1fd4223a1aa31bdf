"""Judges single values of a file: texts, codes, dates, colours, balances."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from unicodedata import category

from app.clock import SECOND, microseconds
from app.imports.found import OwnBalance
from passes.barcode import check

SECONDS_BELOW = 10**11  # a smaller date is in seconds: as milliseconds it would be before 1973
_MOMENT_MAX = 253_402_300_800 * SECOND  # the year 10,000
_MOMENT_MIN = -62_135_596_800 * SECOND  # the year 1, before which no calendar of ours writes dates
_NOT_DRAWN_BY_WALLETS = {"RSS_14", "RSS_EXPANDED", "MAXICODE"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_HEX_COLOR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})")
_RGB_COLOR = re.compile(
    r"rgba?\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*(?:,[0-9. %]{1,8})?\)"
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def has_control_character(text: str, *, allowed: str = "") -> bool:
    """Tell whether a control character, or half of a surrogate pair, stands in the text."""
    # Printable is the common case, and far cheaper to see.
    return not text.isprintable() and any(
        category(character) in {"Cc", "Cs"} and character not in allowed for character in text
    )


def integer(text: str) -> int | None:
    """Read a signed whole number of at most 18 digits; None when it is none."""
    return int(text) if _INTEGER.fullmatch(text) else None


def moment(text: str) -> tuple[int | None, str | None]:
    """Read milliseconds into Unix microseconds; the second value is a warning's reason, or None."""
    number = integer(text.strip())
    if number == 0 or not text.strip():
        return None, None
    is_seconds = number is not None and abs(number) < SECONDS_BELOW
    at = None if number is None else number * (SECOND if is_seconds else 1_000)
    if at is None or not _MOMENT_MIN <= at < _MOMENT_MAX:
        return None, "bad-date"
    return at, "date-in-seconds" if is_seconds else None


def written_moment(text: str) -> int | None:
    """Read an ISO 8601 moment or day into Unix microseconds; without a zone: UTC. None: neither."""
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
        at = microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return at if _MOMENT_MIN <= at < _MOMENT_MAX else None


def written_color(text: str) -> str | None:
    """Read `#rrggbb`, `#aarrggbb`, `#rgb`, `rgb(…)` or `rgba(…)`; None when it is none."""
    text = text.strip().lower()
    if _HEX_COLOR.fullmatch(text):
        digits = text[1:] if len(text) > 4 else "".join(digit * 2 for digit in text[1:])
        return f"#{digits[-6:]}"
    found = _RGB_COLOR.fullmatch(text)
    if found is None or any(int(part) > 255 for part in found.groups()):
        return None
    return "#" + "".join(f"{int(part):02x}" for part in found.groups())


def color_of_argb(text: str) -> str | None:
    """Turn a signed 32-bit ARGB number into `#rrggbb`; None when it is none."""
    number = integer(text.strip())
    if number is None or not -(2**31) <= number < 2**32:
        return None
    return f"#{number & 0xFFFFFF:06x}"


def own_balance(value: str, currency: str) -> OwnBalance | None:
    """Read a decimal and an ISO 4217 code (empty: points). Raises ValueError for anything else."""
    value, currency = value.strip(), currency.strip()
    if currency and not _CURRENCY.fullmatch(currency):
        raise ValueError("no currency code")
    if not value:
        return None
    try:
        number = Decimal(value) if value.isascii() and len(value) <= 32 else Decimal("NaN")
    except InvalidOperation:
        raise ValueError("no decimal number") from None
    if not number.is_finite() or abs(number.adjusted()) > 18:
        raise ValueError("no decimal number of a usable size")
    if number == 0 and not currency:
        return None
    return OwnBalance(f"{number:f}", currency or None)


def judge_code(barcode_format: str, value: str) -> tuple[str, str | None]:
    """Return the format to store, and the reason of a warning or None.

    What no reader could have read from a real card becomes `none`; a value with letters outside
    ASCII keeps its format, so that it can be exported again, and is shown as text.
    """
    if barcode_format == "none":
        return "none", None
    if not value.isascii():
        return barcode_format, "non-ascii-value"
    if check(barcode_format, value) is not None:
        return "none", "barcode-value-invalid"
    if barcode_format == "GS1_128":
        return barcode_format, "gs1-without-fnc1"
    is_hidden = barcode_format in _NOT_DRAWN_BY_WALLETS
    return barcode_format, "no-wallet-format" if is_hidden else None
