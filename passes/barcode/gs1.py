"""GS1 element strings: application identifiers in brackets, or run together as a reader tells."""

from __future__ import annotations

import re

from passes.barcode.digits import has_right_check_digit, is_digits

Elements = tuple[tuple[str, str], ...]

_IN_BRACKETS = re.compile(r"\[([0-9]{2,4})\]([^\[\]]+)")
_IN_PARENTHESES = re.compile(r"\(([0-9]{2,4})\)((?:(?!\([0-9]{2,4}\)).)+)")

# Digits of an application identifier by its first two (GS1 General Specifications §3.2).
_IDENTIFIER_DIGITS = {
    **dict.fromkeys(("00", "01", "02", "03", "04", "20", "21", "22", "30", "37"), 2),
    **dict.fromkeys((str(first) for first in (*range(10, 20), *range(90, 100))), 2),
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43"), 4),
    **dict.fromkeys(("70", "72", "80", "81", "82"), 4),
}
# Data digits of the identifiers that need no FNC1 after them (§7.8.5); others run to the end.
_PREDEFINED_DIGITS = {
    **dict.fromkeys(("01", "02", "03"), 14),
    "00": 18,
    "04": 16,
    "20": 2,
    "41": 13,
    **dict.fromkeys((str(first) for first in range(11, 20)), 6),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 6),
}
# Identifiers whose data is digits ending with a GS1 check digit.
_WITH_CHECK_DIGIT = {"00", "01", "02", "03", "8017", "8018", *(f"41{n}" for n in range(8))}


def elements(value: str) -> Elements | None:
    """Take a value apart into (identifier, data); None when it is no GS1 element string."""
    if value.startswith("["):
        return _all_of(_IN_BRACKETS, value)
    if value.startswith("("):
        return _all_of(_IN_PARENTHESES, value)
    return _run_together(value)


def in_brackets(parts: Elements) -> str:
    """Write elements the way the drawing library wants them: `[8018]…`."""
    return "".join(f"[{identifier}]{data}" for identifier, data in parts)


def bare(value: str) -> str:
    """Return the text without the brackets, as a till's reader tells it; else the value as is."""
    parts = elements(value)
    return value if parts is None else "".join(identifier + data for identifier, data in parts)


def wrong_check_digit(parts: Elements, only: str | None = None) -> str | None:
    """Return the first identifier (or `only` that one) whose data ends with a wrong digit."""
    for identifier, data in parts:
        if identifier not in _WITH_CHECK_DIGIT or only not in {None, identifier}:
            continue
        if is_digits(data) and not has_right_check_digit(data):
            return identifier
    return None


def _all_of(pattern: re.Pattern[str], value: str) -> Elements | None:
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(value):
        found = pattern.match(value, position)
        if found is None:
            return None
        parts.append((found[1], found[2]))
        position = found.end()
    return tuple(parts)


def _run_together(value: str) -> Elements | None:
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(value):
        first = value[position : position + 2]
        start = position + _IDENTIFIER_DIGITS.get(first, 0)
        identifier = value[position:start]
        end = start + _PREDEFINED_DIGITS.get(first, len(value))
        if not is_digits(identifier) or start >= len(value):
            return None
        if first in _PREDEFINED_DIGITS and end > len(value):
            return None
        parts.append((identifier, value[start:end]))
        position = end
    return tuple(parts)
