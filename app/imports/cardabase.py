"""Cardabase: a `.cdb` zip, a bare JSON list, or the text lines of old backups; read leniently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from app.imports import values
from app.imports.archive import Archive
from app.imports.documents import items_of
from app.imports.files import text_of, unreadable
from app.imports.found import CARDS_MAX, FoundCard, FoundFile, Given, OwnBalance, Picture
from app.imports.judging import GUESS, Said, group_names, take, text_in
from app.imports.reasons import Reason
from passes.barcode import from_import_name

CARDS = "cards/cards"
LINE_MAX = 32 * 1024  # characters: every field of a card at its longest
_PICTURE = re.compile(r"images/(.+)-([fb])\.[A-Za-z0-9]{1,5}", re.DOTALL)
_SIDES = {"f": "front", "b": "back"}
_NAMES = {"shop_name": "name", "number": "data", "barcode_value": "data", "note": "notes"}
_OLD_KEYS = {
    "cardName": "name",
    "cardId": "data",
    "cardType": "type",
    "note": "notes",
    "pointsAmount": "points",
    "uniqueId": "id",
}
_OLD_LINE = re.compile(r"\[([^\[\]]*)\]|\{([^{}]*)\}")
_OLD_COMMA = re.compile(r",(?=\s*[A-Za-z]+:)")  # between pairs; others stand in a text
_OLD_LIST = ("name", "data", "redValue", "greenValue", "blueValue", "type")
# Names of the drawing library that the app uses, without their `Code` or `CardType.`.
_FORMATS = {
    "ean13": "EAN_13",
    "ean8": "EAN_8",
    "isbn": "EAN_13",
    "upca": "UPC_A",
    "upce": "UPC_E",
    "code128": "CODE_128",
    "128": "CODE_128",
    "code39": "CODE_39",
    "39": "CODE_39",
    "code93": "CODE_93",
    "93": "CODE_93",
    "gs128": "GS1_128",
    "itf": "ITF",
    "itf14": "ITF",
    "itf16": "ITF",
    "codabar": "CODABAR",
    "qrcode": "QR_CODE",
    "qr": "QR_CODE",
    "pdf417": "PDF_417",
    "aztec": "AZTEC",
    "datamatrix": "DATA_MATRIX",
}


def is_cardabase(item: dict[str, Any]) -> bool:
    """Tell whether an object of a list is one of this app's."""
    return "barcode" in item and "name" in item


def looks_like_lines(text: str) -> bool:
    """Tell whether the first line is a card of an old backup."""
    first = text[: LINE_MAX * 2].lstrip().partition("\n")[0].strip()
    found = _OLD_LINE.fullmatch(first)
    if found is None:
        return False
    if found[1] is None:
        return "cardName:" in first
    return found[1].count(",") >= len(_OLD_LIST)


def read_cardabase(archive: Archive, given: Given) -> FoundFile:
    """Read the cards and their pictures from a zip. Raises TooBig, UnreadableFile."""
    entry = archive.read(CARDS)
    pictures: dict[str, list[tuple[str, str]]] = {}
    for name in archive.names:
        if found := _PICTURE.fullmatch(name):
            pictures.setdefault(found[1], []).append((_SIDES[found[2]], name))
    file = read_text(text_of(entry.content), given, archive=archive, pictures=pictures)
    if entry.is_damaged and not file.cards:
        raise unreadable("bad-zip", f"The entry {CARDS} is damaged.")
    return file


def read_text(
    text: str,
    given: Given,
    *,
    archive: Archive | None = None,
    pictures: dict[str, list[tuple[str, str]]] | None = None,
) -> FoundFile:
    """Read a JSON list, or the lines of an old backup. Raises TooBig."""
    is_old = looks_like_lines(text)
    items = _old_items(text) if is_old else items_of(text, is_cardabase)
    broken: Reason = "bad-record" if is_old else "bad-json"
    return read_items(items, given, archive=archive, pictures=pictures, broken=broken)


def read_items(
    items: Iterable[tuple[int, dict[str, Any] | None]],
    given: Given,
    *,
    archive: Archive | None = None,
    pictures: dict[str, list[tuple[str, str]]] | None = None,
    broken: Reason = "bad-json",
) -> FoundFile:
    """Read the objects of a list; None: what stands there is none."""
    said = Said()
    for row, item in items:
        if item is None:
            said.fail(row, broken, CARDS)
            continue
        named = (pictures or {}).get(text_in(item.get("id")), ())
        shown = () if archive is None else (Picture(s, archive.picture(n), row) for s, n in named)
        _take(said, row, item, given=given, pictures=tuple(shown))
    return said.file()


def _take(
    said: Said, row: int, item: dict[str, Any], *, given: Given, pictures: tuple[Picture, ...]
) -> None:
    barcode = item.get("barcode")
    code = barcode if isinstance(barcode, dict) else item
    tags, data = item.get("tags"), text_in(code.get("data") or code.get("cardId"))
    card = FoundCard(
        row=row,
        shop_name=text_in(item.get("name") or item.get("cardName")),
        number=data,
        barcode_value=data,
        barcode_format=_format(said, row, text_in(code.get("type") or code.get("cardType"))),
        note=text_in(item.get("notes") or item.get("note")) or None,
        groups=group_names(tags if isinstance(tags, list) else ()),
        color=_color(said, row, item),
        own_balance=_points(said, row, item),
        pictures=pictures,
    )
    take(said, card, _NAMES, given)


def _format(said: Said, row: int, name: str) -> str:
    if not name:
        return GUESS
    plain = re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())
    found = _FORMATS.get(plain) or _FORMATS.get(plain.removeprefix("code"))
    found = found or from_import_name(name)
    if found is None:
        said.warn(row, "unknown-barcode-format", "type")
        return "none"
    return found


def _color(said: Said, row: int, item: dict[str, Any]) -> str | None:
    written = item.get("color")
    if written is None and "redValue" in item:
        parts = (text_in(item.get(name)).strip() for name in _OLD_LIST[2:5])
        written = f"rgb({','.join(parts)})"
    if written is None:
        return None
    text = text_in(written)
    color = values.written_color(text) or values.color_of_argb(text)
    if color is None:
        said.warn(row, "bad-colour", "color")
    return color


def _points(said: Said, row: int, item: dict[str, Any]) -> OwnBalance | None:
    try:
        return values.own_balance(text_in(item.get("points")), "")
    except ValueError:
        said.warn(row, "bad-balance", "points")
        return None


def _old_items(text: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield the lines: `{cardName: …, cardId: …}`, or `[name, number, red, green, blue, type]`."""
    cards = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        cards += 1
        if cards > CARDS_MAX:
            raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
        found = _OLD_LINE.fullmatch(line.strip()) if len(line) <= LINE_MAX else None
        yield number, None if found is None else _old_item(found)


def _old_item(found: re.Match[str]) -> dict[str, Any] | None:
    if found[1] is not None:
        parts = [part.strip() for part in found[1].split(",")]
        is_whole = len(parts) >= len(_OLD_LIST)
        return dict(zip(_OLD_LIST, parts, strict=False)) if is_whole else None
    pairs = (part.partition(":") for part in _OLD_COMMA.split(found[2]))
    item = {key.strip(): value.strip() for key, colon, value in pairs if colon}
    return {_OLD_KEYS.get(key, key): value for key, value in item.items()} or None
