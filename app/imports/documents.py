"""JSON that others wrote: read whole where it is sound, item by item where it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from app.imports.files import unreadable
from app.imports.found import CARDS_MAX

FORGIVEN_MAX = 1024 * 1024  # characters of a document whose slips are forgiven; lists: item by item
BROKEN_MAX = 100  # places after which a damaged list is given up
_NOTHING = object()
_WHITE = re.compile(r"[\s,]*")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_decoder = json.JSONDecoder()


def document_in(text: str) -> Any:
    """Decode JSON, forgiving a comma before a closing bracket. None when it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        if len(text) > FORGIVEN_MAX:
            return None
    try:  # the standard decoder forgives halves of surrogate pairs and NaN, which real files hold
        return _decoder.decode(_TRAILING_COMMA.sub(r"\1", text))
    except (ValueError, RecursionError):
        return None


def object_in(text: str) -> dict[str, Any] | None:
    """Decode one JSON object. None when it is none."""
    found = document_in(text)
    return found if isinstance(found, dict) else None


def items_of(
    text: str, is_item: Callable[[dict[str, Any]], bool]
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield a list's objects with their positions from 1; None: what stands there is none.

    In a list that is damaged the sound objects are found by `is_item`. Raises TooBig.
    """
    found = document_in(text)
    items: Iterator[tuple[int, dict[str, Any] | None]]
    if isinstance(found, list):
        items = ((n, item if isinstance(item, dict) else None) for n, item in enumerate(found, 1))
    else:
        items = _salvaged(text, is_item)
    for position, item in items:
        if position > CARDS_MAX:
            raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
        yield position, item


def _salvaged(
    text: str, is_item: Callable[[dict[str, Any]], bool]
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    at, position, broken = text.find("[") + 1, 0, 0
    is_in_ruins = False  # objects inside a broken one are none of the list's
    while broken < BROKEN_MAX:
        at = _WHITE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        if at >= len(text) or text[at] == "]":
            return
        try:
            item, at = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            broken, item = broken + 1, _NOTHING
        if isinstance(item, dict) and (not is_in_ruins or is_item(item)):
            position, is_in_ruins = position + 1, False
            yield position, item
            continue
        if not is_in_ruins:
            position, is_in_ruins = position + 1, True
            yield position, None
        at = text.find("{", at + 1 if item is _NOTHING else at)
        if at < 0:
            return
