"""The patterns of card numbers that merchants may write: so plain that none takes long."""

from __future__ import annotations

import re

LENGTH_MAX = 200
ATOMS_MAX = 40
# Each further atom of no fixed count multiplies the time by the length of the number, which is
# at most 128: two are 16,000 steps at worst. Groups and alternatives are not taken at all.
OPEN_ATOMS_MAX = 2
_CLASS = r"\[(?:\\d|\\-|[A-Za-z0-9](?:-[A-Za-z0-9])?|[ /._])+-?\]"
_ATOM = rf"\\d|{_CLASS}|\\[.+*$/-]|[A-Za-z0-9 :/_.-]"
_COUNT = r"\{\d{1,3}(?:,\d{0,3})?\}|[?*+]"
_PIECE = re.compile(rf"(?:{_ATOM})({_COUNT})?", re.ASCII)
_EXAMPLES = r"such as 29\d{11} or [A-Z]{2}\d{6,8}"


def refusal(pattern: str) -> str | None:
    """Say why a pattern is not taken; None: it is. It is meant to fit the whole number."""
    if len(pattern) > LENGTH_MAX:
        return f"at most {LENGTH_MAX} characters are taken"
    body = pattern.removeprefix("^").removesuffix("$")
    counts = []
    place = 0
    while place < len(body):
        piece = _PIECE.match(body, place)
        if piece is None:
            shown = place + len(pattern) - len(pattern.removeprefix("^")) + 1
            return f"characters and classes with counts expected, {_EXAMPLES}; see place {shown}"
        counts.append(piece[1] or "")
        place = piece.end()
    if not 0 < len(counts) <= ATOMS_MAX:
        return f"1 to {ATOMS_MAX} characters or classes expected, {_EXAMPLES}"
    if sum(map(_is_open, counts)) > OPEN_ATOMS_MAX:
        return f"at most {OPEN_ATOMS_MAX} counts may vary, {_EXAMPLES}"
    try:
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        return f"not a pattern: {error}"
    return None


def _is_open(count: str) -> bool:
    """Tell whether a count allows more than one length."""
    least, comma, most = count.strip("{}").partition(",")
    return count in {"?", "*", "+"} or (bool(comma) and least != most)
