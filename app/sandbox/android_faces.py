"""Draws the cards of a simulated Android phone as Google Wallet lays them out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from app.sandbox.android import AndroidPhone, Shows, shows_of
from app.sandbox.faces import Face, Fact, Notification, Screen, code_of, ink_on, key_of
from app.sandbox.fake_google_texts import said
from app.sandbox.pixels import Pixels

NOTICES_SHOWN = 3
FRONT_ROWS = 2  # of two facts each; the rest stands below the card, as with Google
SYSTEM = "Android"
_HEX = re.compile(r"#[0-9a-f]{6}")
_PLAIN = "#f1f3f4"


def android_screens(pixels: Pixels, *, now: int) -> list[Screen]:
    """Draw the phones as they are at a moment (microseconds): a rotating code changes with it."""
    return [_screen(name, phone, pixels, now=now) for name, phone in pixels.phones.items()]


def _screen(name: str, phone: AndroidPhone, pixels: Pixels, *, now: int) -> Screen:
    faces = {it: _face(phone, it, pixels, now=now) for it in phone.wallet}
    notices = [
        _notice(faces[it.serial], it.text)
        for it in reversed(phone.lock_screen)
        if it.serial in faces
    ]
    return Screen(
        id=key_of(name),
        name=name,
        system=SYSTEM,
        is_apple=False,
        language=phone.language,
        cards=list(faces.values()),
        notices=notices[:NOTICES_SHOWN],
        noticed=len(phone.lock_screen),
    )


def _face(phone: AndroidPhone, object_id: str, pixels: Pixels, *, now: int) -> Face:
    document = phone.wallet[object_id]
    assert pixels.google is not None, "phones are there with a Google only"
    of_class = pixels.google.memory.classes[document["classId"]].document
    face = object_face(document, of_class, phone.language, now=now)
    return msgspec.structs.replace(
        face, logo=_ours(face.logo, pixels), strip=_ours(face.strip, pixels)
    )


def object_face(
    document: Mapping[str, Any], of_class: Mapping[str, Any], language: str, *, now: int
) -> Face:
    """Draw an object of a class; logo and strip are the addresses that these name."""
    shows = shows_of(document, of_class, language, at=now)
    background = str(of_class.get("hexBackgroundColor", _PLAIN)).lower()
    if not _HEX.fullmatch(background):
        background = _PLAIN
    ink = ink_on(background)
    facts = [Fact(line.label, line.value) for line in shows.lines]
    shown, rest = facts[: 2 * FRONT_ROWS], facts[2 * FRONT_ROWS :]
    return Face(
        key=key_of(str(document.get("accountId", shows.object_id))),
        name=shows.program,
        background=background,
        ink=ink,
        label_ink=ink,
        logo=shows.logo,
        strip=_hero(document, of_class),
        state="" if shows.state == "ACTIVE" else shows.state.lower(),
        head=[],
        primary=[],
        rows=[shown[at : at + 2] for at in range(0, len(shown), 2)],
        code=None
        if shows.code is None
        else code_of(str(shows.code_format), shows.code, _beneath(document, shows)),
        back=rest + _details(document, of_class, language),
    )


def _notice(face: Face, text: str) -> Notification:
    """Word a notification; Google begins it with the program's name, which stands above it."""
    return Notification(name=face.name, text=text.removeprefix(f"{face.name}: "), key=face.key)


def _details(document: Mapping[str, Any], of_class: Mapping[str, Any], language: str) -> list[Fact]:
    """List what stands below the card: number, messages, texts of the program, links."""
    found = []
    if "accountId" in document:
        found.append(Fact(said(of_class, "accountIdLabel", language), document["accountId"]))
    if "accountName" in document:
        found.append(Fact(said(of_class, "accountNameLabel", language), document["accountName"]))
    modules = [
        *document.get("messages", []),
        *of_class.get("messages", []),
        *of_class.get("textModulesData", []),
    ]
    found += [Fact(said(it, "header", language), said(it, "body", language)) for it in modules]
    return found + [
        Fact(said(link, "description", language), link["uri"], _safe(link["uri"]))
        for link in (*_links(document), *_links(of_class))
    ]


def _links(holder: Mapping[str, Any]) -> list[Any]:
    return list(holder.get("linksModuleData", {}).get("uris", []))


def _safe(uri: str) -> str | None:
    return uri if uri.startswith(("https://", "http://")) else None


def _beneath(document: Mapping[str, Any], shows: Shows) -> str:
    code = document.get("barcode") or document.get("rotatingBarcode") or {}
    return str(
        code.get("alternateText", "") or ("" if "rotatingBarcode" in document else shows.code)
    )


def _hero(document: Mapping[str, Any], of_class: Mapping[str, Any]) -> str:
    image = document.get("heroImage") or of_class.get("heroImage") or {}
    return str(image.get("sourceUri", {}).get("uri", ""))


def _ours(url: str, pixels: Pixels) -> str:
    """Return the path of a picture of our own; a page of ours loads none from elsewhere."""
    base = pixels.public_url + "/"
    return url.removeprefix(pixels.public_url) if url.startswith(base) else ""
