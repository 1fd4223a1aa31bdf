"""Apple's passes as files: only data. Signature and manifest are neither needed nor believed.

What a pass says of its issuer's web service (address, token) is neither kept nor called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.errors import AppError
from app.imports import values
from app.imports.archive import PASS_BYTES_MAX, PASS_LIMITS, Archive
from app.imports.documents import object_in
from app.imports.files import unreadable
from app.imports.found import CARDS_MAX, TEXT_MAX, FoundCard, FoundFile, Given, Picture
from app.imports.judging import Said, take, text_in
from app.imports.pass_strings import strings_of
from passes.barcode import from_import_name

PASS = "pass.json"  # noqa: S105  # a file's name
_STYLES = ("storeCard", "coupon", "eventTicket", "generic", "boardingPass")
_FIELDS = (
    *("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"),
    "additionalInfoFields",
)
_ICONS = ("icon@3x.png", "icon@2x.png", "icon.png", "logo@2x.png", "logo.png")
_NAMES = {
    "shop_name": "organizationName",
    "barcode_value": "message",
    "barcode_format": "format",
    "note": "fields",
}


def read_pass(archive: Archive, given: Given) -> FoundFile:
    """Read one pass."""
    said = Said()
    _read(said, PASS, archive, given)
    return said.file()


def read_passes(archive: Archive, given: Given) -> FoundFile:
    """Read a bundle, each pass by itself. Raises TooBig."""
    said = Said()
    names = [name for name in archive.names if is_pass_name(name)]
    if len(names) > CARDS_MAX:
        raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
    for name in names:
        content = archive.read(name).content
        try:
            if len(content) > PASS_BYTES_MAX:
                raise unreadable("too-big", "")
            inner = Archive(content, limits=PASS_LIMITS, outer=archive.budget)
            inner.unlock(given.password)
            _read(said, name, inner, given)
        except AppError:
            if archive.budget.is_spent:
                raise
            said.fail(name, "bad-record", name)
    return said.file()


def is_pass_name(name: str) -> bool:
    """Tell whether an entry is a pass; a Mac's own shadow files are none."""
    return name.lower().endswith(".pkpass") and not name.startswith("__MACOSX/")


def _read(said: Said, row: str, archive: Archive, given: Given) -> None:
    try:
        document = object_in(archive.read(PASS).content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        document = None
    if document is None:
        said.fail(row, "bad-json", PASS)
        return
    strings = strings_of(archive, given.language)
    number, value, barcode_format, name = _code(said, row, document)
    shop = _told(document, "logoText", strings) or _told(document, "organizationName", strings)
    card = FoundCard(
        row=row,
        shop_name=shop or _told(document, "description", strings),
        number=number,
        barcode_value=value,
        barcode_format=barcode_format,
        note=_note(document, strings),
        color=_color(said, row, document),
        is_archived=document.get("voided") is True,
        expires_at=_expiry(said, row, document),
        pictures=tuple(_icon(archive, row)),
    )
    take(said, card, _NAMES | {"number": name}, given)


def _code(said: Said, row: str, document: dict[str, Any]) -> tuple[str, str | None, str, str]:
    """Return number, barcode value, format, and the key that the number stands under.

    Without a code the serial number is the number.
    """
    listed = document.get("barcodes")
    codes = [it for it in (listed if isinstance(listed, list) else []) if isinstance(it, dict)]
    if isinstance(document.get("barcode"), dict):
        codes.append(document["barcode"])
    codes = [it for it in codes if text_in(it.get("message"))]
    if not codes:
        said.warn(row, "unknown-barcode-format", "barcodes")
        return text_in(document.get("serialNumber")), None, "none", "serialNumber"
    code = next((it for it in codes if from_import_name(text_in(it.get("format")))), codes[0])
    value, name = text_in(code.get("message")), text_in(code.get("format"))
    alt = text_in(code.get("altText")).strip()
    number, key = (alt, "altText") if alt else (value, "message")
    barcode_format = from_import_name(name)
    if barcode_format is None:
        said.warn(row, "unknown-barcode-format", "format")
        return number, value, "none", key
    if barcode_format == "EAN_13" and value == "0" + number and len(number) == 12:
        return number, number, "UPC_A", key  # Apple draws a UPC-A as the EAN-13 with a 0 in front
    return number, value, barcode_format, key


def _told(document: dict[str, Any], name: str, strings: dict[str, str]) -> str:
    text = text_in(document.get(name))
    return strings.get(text, text).strip()


def _note(document: dict[str, Any], strings: dict[str, str]) -> str | None:
    """Write every field as a line, as many as a note holds."""
    lines: list[str] = []
    for line in _lines(document, strings):
        if sum(map(len, lines)) + len(lines) + len(line) > TEXT_MAX:
            break
        lines.append(line)
    return "\n".join(lines) or None


def _lines(document: dict[str, Any], strings: dict[str, str]) -> Iterator[str]:
    for style in _STYLES:
        parts = document.get(style)
        if not isinstance(parts, dict):
            continue
        for group in _FIELDS:
            fields = parts.get(group)
            for field in fields if isinstance(fields, list) else ():
                if isinstance(field, dict):
                    yield from _line(field, strings)


def _line(field: dict[str, Any], strings: dict[str, str]) -> Iterator[str]:
    value = field.get("value")
    text = repr(value) if isinstance(value, float) else text_in(value)
    text, label = strings.get(text, text), _told(field, "label", strings)
    written = f"{label}: {text}" if label else text
    # Our own notes hold no control characters but line ends; in passes they are slips.
    written = "".join(
        " " if values.has_control_character(it, allowed="\n") else it for it in written
    )
    if text.strip():
        yield written.strip()


def _color(said: Said, row: str, document: dict[str, Any]) -> str | None:
    text = text_in(document.get("backgroundColor"))
    color = values.written_color(text)
    if text and color is None:
        said.warn(row, "bad-colour", "backgroundColor")
    return color


def _expiry(said: Said, row: str, document: dict[str, Any]) -> int | None:
    text = text_in(document.get("expirationDate"))
    at = values.written_moment(text)
    if text and at is None:
        said.warn(row, "bad-date", "expirationDate")
    return at


def _icon(archive: Archive, row: str) -> Iterator[Picture]:
    name = next((it for it in _ICONS if it in archive.names), None)
    if name is not None:
        yield Picture("icon", archive.picture(name), row)
