"""Draws the passes of a simulated iPhone as Wallet lays them out: from the .pkpass alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal

from app.sandbox.faces import (
    Code,
    Drawing,
    Face,
    Fact,
    Notification,
    Screen,
    code_of,
    drawing_of,
    ink_on,
    key_of,
)
from app.sandbox.phone import Phone
from app.sandbox.pkpass_reader import OpenedPass

# Whose phone runs which iOS: what is new in 27 is seen beside what an older one draws.
SYSTEMS = {"Camille's iPhone": 27}
OLDER = 26
ZONE = ZoneInfo("Europe/Paris")
NOTICES_SHOWN = 3
PICTURES = "/sandbox/pictures"
_FORMATS = {
    "QR": "QR_CODE",
    "PDF417": "PDF_417",
    "Aztec": "AZTEC",
    "Code128": "CODE_128",
    "EAN13": "EAN_13",
    "Code39": "CODE_39",
    "Codabar": "CODABAR",
    "I2of5": "ITF",
}
_STYLES = {"short": "short", "medium": "medium", "long": "long", "full": "full"}
_RGB = re.compile(r"rgb\((\d+), ?(\d+), ?(\d+)\)")
_PLAIN = "#f2f2f7"  # what Wallet takes where a pass names no colour
_TALL = ("storeCard", "generic", "coupon", "eventTicket", "boardingPass")


def iphone_screen(name: str, phone: Phone) -> Screen:
    """Draw a phone as it is now."""
    ios = SYSTEMS.get(name, OLDER)
    faces = {
        serial: pass_face(held.opened, phone.language, ios=ios)
        for serial, held in phone.wallet.items()
    }
    notices = [
        Notification(name=faces[it.serial].name, text=it.text, key=faces[it.serial].key)
        for it in reversed(phone.lock_screen)
        if it.serial in faces
    ]
    return Screen(
        id=key_of(name),
        name=name,
        system=f"iOS {ios}",
        is_apple=True,
        language=phone.language,
        cards=list(faces.values()),
        notices=notices[:NOTICES_SHOWN],
        noticed=len(phone.lock_screen),
    )


def pass_face(opened: OpenedPass, language: str, *, ios: int) -> Face:
    """Draw a pass in the phone's language; the barcode is the first that this iOS knows."""
    document = opened.document
    style = next(document[name] for name in _TALL if name in document)
    background = _color(document.get("backgroundColor"), _PLAIN)
    ink = _color(document.get("foregroundColor"), ink_on(background))

    def zone(name: str) -> list[Fact]:
        return [_fact(field, opened, language) for field in style.get(name, ())]

    rows = (zone("secondaryFields"), zone("auxiliaryFields"))
    return Face(
        key=key_of(_number(opened)),
        name=str(document.get("logoText") or document["organizationName"]),
        background=background,
        ink=ink,
        label_ink=_color(document.get("labelColor"), ink),
        logo=_address(opened, "logo"),
        strip=_address(opened, "strip"),
        state="voided" if document.get("voided") else "",
        head=zone("headerFields"),
        primary=zone("primaryFields"),
        rows=[row for row in rows if row],
        code=_code(opened.barcode(ios=ios)),
        back=zone("backFields"),
    )


def watch_face(opened: OpenedPass, language: str) -> Face:
    """Draw what an Apple Watch shows: less of the front, no text below the code, no back."""
    face = pass_face(opened, language, ios=OLDER)
    code = _code(opened.watch_barcode())
    if code is not None:
        code = msgspec.structs.replace(code, text="")
    return msgspec.structs.replace(face, code=code, strip="", back=[])


def pictures_of(phone: Phone) -> Iterator[Drawing]:
    """Yield the pictures that the passes of a phone bring."""
    for held in phone.wallet.values():
        for name in ("logo", "strip"):
            found = _picture(held.opened, name)
            if found is not None:
                yield found


def _number(opened: OpenedPass) -> str:
    """Return the card's number: every pass of ours has it on its back."""
    field = opened.fields().get("number")
    return opened.serial if field is None else str(field["value"])


def _fact(field: dict[str, Any], opened: OpenedPass, language: str) -> Fact:
    text = _value(field, opened, language)
    link = text if text.startswith(("https://", "http://")) else None
    return Fact(opened.said(str(field.get("label", "")), language), text, link)


def _value(field: dict[str, Any], opened: OpenedPass, language: str) -> str:
    """Write a value as iOS does for its style and language."""
    value = field["value"]
    if "currencyCode" in field:
        return str(format_currency(Decimal(str(value)), field["currencyCode"], locale=language))
    if isinstance(value, int | float):
        return str(format_decimal(Decimal(str(value)), locale=language))
    dated, timed = _style(field, "dateStyle"), _style(field, "timeStyle")
    if dated or timed:
        return _moment(str(value), dated, timed, language)
    return opened.said(str(value), language)


def _style(field: dict[str, Any], name: str) -> str | None:
    return _STYLES.get(str(field.get(name, "")).removeprefix("PKDateStyle").lower())


def _moment(text: str, dated: str | None, timed: str | None, language: str) -> str:
    try:
        at = datetime.fromisoformat(text).astimezone(ZONE)
    except ValueError:
        return text
    if dated and timed:
        return str(format_datetime(at, dated, locale=language))
    if dated:
        return str(format_date(at, dated, locale=language))
    return str(format_time(at, timed or "short", locale=language))


def _code(found: dict[str, str] | None) -> Code | None:
    if found is None:
        return None
    name = found["format"].removeprefix("PKBarcodeFormat")
    return code_of(_FORMATS.get(name, name), found["message"], found.get("altText", ""))


def _color(text: object, otherwise: str) -> str:
    found = _RGB.fullmatch(str(text))
    if found is None:
        return otherwise
    return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups())


def _picture(opened: OpenedPass, name: str) -> Drawing | None:
    sizes = (f"{name}@2x.png", f"{name}.png", f"{name}@3x.png")
    data = next((opened.files[each] for each in sizes if each in opened.files), None)
    return None if data is None else drawing_of(data)


def _address(opened: OpenedPass, name: str) -> str:
    found = _picture(opened, name)
    return "" if found is None else f"{PICTURES}/{found.name}.png"
