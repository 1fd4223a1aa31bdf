"""Our own export, `portecarte/1`: everything that a card has, live figures excepted."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from app.imports import values
from app.imports.documents import items_of, object_in
from app.imports.files import unreadable
from app.imports.found import CARDS_MAX, FoundCard, FoundFile, Given, OwnBalance, Picture
from app.imports.judging import GUESS, Said, format_named, group_names, take, text_in

FORMAT = "portecarte/1"
_AMOUNT = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,6})?")
SIDES = ("front", "back", "icon")


def names_format(text: str) -> bool:
    """Tell whether a JSON text is an export of ours, sound or damaged, of any version."""
    return '"portecarte/' in text[:4_096]


def read_portecarte(text: str, given: Given) -> FoundFile:
    """Read the cards in their order. Raises UnreadableFile, TooBig."""
    said = Said()
    document = object_in(text)
    if document is None and f'"{FORMAT}"' in text[:4_096]:
        items = list(items_of(text.partition('"cards"')[2], _is_card))
    else:
        found = (document or {}).get("cards")
        if (document or {}).get("format") != FORMAT:
            raise unreadable("unsupported-version", f"Of our own exports, {FORMAT} is read.")
        listed = found if isinstance(found, list) else []
        items = [(n, it if isinstance(it, dict) else None) for n, it in enumerate(listed, 1)]
    if len(items) > CARDS_MAX:
        raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
    for row, item in items:
        if item is None:
            said.fail(row, "bad-json", "cards")
        else:
            _take(said, row, item, given)
    return said.file()


def _is_card(item: dict[str, Any]) -> bool:
    return "shop_name" in item and "number" in item


def _take(said: Said, row: int, item: dict[str, Any], given: Given) -> None:
    name, groups = text_in(item.get("barcode_format")), item.get("groups")
    card = FoundCard(
        row=row,
        shop_name=text_in(item.get("shop_name")),
        number=text_in(item.get("number")),
        barcode_value=text_in(item.get("barcode_value")) or None,
        barcode_format=format_named(said, row, name, "barcode_format") if name else GUESS,
        label=text_in(item.get("label")) or None,
        note=text_in(item.get("note")) or None,
        groups=group_names(groups if isinstance(groups, list) else ()),
        color=_color(said, row, item),
        is_favorite=item.get("is_favorite") is True,
        is_archived=item.get("is_archived") is True,
        last_used_at=_moment(said, row, item, "last_used_at"),
        valid_from=_moment(said, row, item, "valid_from"),
        expires_at=_moment(said, row, item, "expires_at"),
        own_balance=_balance(said, row, item),
        pictures=tuple(_pictures(said, row, item)),
    )
    take(said, card, {}, given)


def _color(said: Said, row: int, item: dict[str, Any]) -> str | None:
    text = text_in(item.get("color"))
    color = values.written_color(text)
    if text and color is None:
        said.warn(row, "bad-colour", "color")
    return color


def _moment(said: Said, row: int, item: dict[str, Any], name: str) -> int | None:
    written = item.get(name)
    at = None if written is None else values.written_moment(text_in(written))
    if written is not None and at is None:
        said.warn(row, "bad-date", name)
    return at


def _balance(said: Said, row: int, item: dict[str, Any]) -> OwnBalance | None:
    own = item.get("own_balance")
    if own is None:
        return None
    try:
        if not isinstance(own, dict):
            raise ValueError("no object")
        value, currency = own.get("value"), own.get("currency")
        if isinstance(value, str) and _AMOUNT.fullmatch(value) and currency is None:
            return OwnBalance(value, None)  # also no points at all, as he wrote it
        return values.own_balance(text_in(own.get("value")), text_in(own.get("currency")))
    except ValueError:
        said.warn(row, "bad-balance", "own_balance")
        return None


def _pictures(said: Said, row: int, item: dict[str, Any]) -> list[Picture]:
    pictures, taken = item.get("pictures"), []
    for side in SIDES if isinstance(pictures, dict) else ():
        text = text_in(pictures.get(side)) if isinstance(pictures, dict) else ""
        if not text:
            continue
        try:
            content = base64.b64decode(text.partition("base64,")[2] or text, validate=True)
        except (binascii.Error, ValueError):
            said.warn(row, "bad-picture", side)
            continue
        taken.append(Picture(side, content, row))
    return taken
