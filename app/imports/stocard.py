"""Stocard's data export: one folder a card. What tells where somebody was is never read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.imports import values
from app.imports.archive import Archive
from app.imports.documents import object_in
from app.imports.files import unreadable
from app.imports.found import CARDS_MAX, FoundCard, FoundFile, Given, Picture
from app.imports.judging import GUESS, Said, format_named, take, text_in

_FOLDER = re.compile(r"((extracts/[^/]+)/users/[^/]+/loyalty-cards/[^/]+/)(.*)", re.DOTALL)
_USAGE = re.compile(r"(?:usage-statistics|usages/[^/]+)/content\.json")
_PICTURE = re.compile(r"images/(front|back)/[^/]+\.(?:jpe?g|png|webp)", re.IGNORECASE)
_OF_STOCARD = re.compile(r"/loyalty-card-providers/([^/]+)")
_NAMES = {
    "shop_name": "input_provider_name",
    "number": "input_id",
    "barcode_format": "input_barcode_format",
    "note": "notes",
}
_Entries = dict[str, str]  # path inside a card's folder → name in the zip


def is_stocard(archive: Archive) -> bool:
    """Tell whether any entry lies in a folder of loyalty cards."""
    return any(_parent(name) is not None for name in (*archive.names, *archive.folders))


def read_stocard(archive: Archive, given: Given) -> FoundFile:
    """Read each card by itself: a damaged one fails alone. Raises TooBig."""
    said = Said()
    folders = _folders(archive)
    if len(folders) > CARDS_MAX:
        raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
    for folder, (base, entries) in folders.items():
        if "content.json" not in entries:
            said.skip(folder, "no-card-data", folder.rstrip("/").rpartition("/")[2])
            continue
        content = _object(archive, entries["content.json"])
        if content is None:
            said.fail(entries["content.json"], "bad-json", "content.json")
            continue
        _take(said, _Folder(archive, base, entries, content), given)
    return said.file()


class _Folder:
    """A card's folder: its entries, and what its `content.json` says."""

    def __init__(
        self, archive: Archive, base: str, entries: _Entries, content: dict[str, Any]
    ) -> None:
        self.archive, self.base, self.entries, self.content = archive, base, entries, content
        self.row = entries["content.json"]

    def said(self, name: str) -> str:
        """Return a text of the card, empty where there is none."""
        return text_in(self.content.get(name)).strip()

    def objects(self, pattern: re.Pattern[str]) -> Iterator[dict[str, Any]]:
        """Yield the readable objects whose paths match."""
        for path, name in self.entries.items():
            if pattern.fullmatch(path) and (found := _object(self.archive, name)) is not None:
                yield found


def _folders(archive: Archive) -> dict[str, tuple[str, _Entries]]:
    folders: dict[str, tuple[str, _Entries]] = {}
    for name in (*archive.folders, *archive.names):
        found = _FOLDER.fullmatch(name)
        if found is not None:
            folders.setdefault(found[1], (found[2], {}))[1][found[3]] = name
    return folders


def _parent(name: str) -> str | None:
    found = re.match(r"extracts/[^/]+/users/[^/]+/loyalty-cards/", name)
    return None if found is None else found[0]


def _take(said: Said, folder: _Folder, given: Given) -> None:
    row, name = folder.row, folder.said("input_barcode_format")
    shop, pictures = _shop(said, folder)
    card = FoundCard(
        row=row,
        shop_name=shop,
        number=text_in(folder.content.get("input_id")),
        barcode_format=format_named(said, row, name, "input_barcode_format") if name else GUESS,
        note=_note(folder),
        label=folder.said("label"),
        last_used_at=_last_used(folder),
        pictures=(*pictures, *_pictures(folder)),
    )
    take(said, card, _NAMES, given)


def _shop(said: Said, folder: _Folder) -> tuple[str, tuple[Picture, ...]]:
    """Find the shop's name; the numbers of Stocard's own table mean nothing to us."""
    reference = folder.content.get("input_provider_reference")
    identifier = text_in(reference.get("identifier")) if isinstance(reference, dict) else ""
    if "/loyalty-card-custom-providers/" in identifier:
        provider = f"{folder.base}/{identifier.strip('/')}"
        found = _object(folder.archive, f"{provider}/content.json") or {}
        logo = f"{provider}/logo.png"
        name = text_in(found.get("name")).strip()
        if name:
            return name, _picture(folder.archive, "icon", logo, folder.row)
    name = folder.said("input_provider_name") or folder.said("label")
    number = _OF_STOCARD.fullmatch(identifier)
    if not name and identifier:
        said.warn(folder.row, "unknown-shop", "input_provider_reference")
        name = f"Stocard {number[1]}" if number else "Stocard"
    return name, ()


def _note(folder: _Folder) -> str | None:
    found = next(folder.objects(re.compile(r"notes/default/content\.json")), {})
    return text_in(found.get("content")).strip() or None


def _last_used(folder: _Folder) -> int | None:
    latest = None
    for found in folder.objects(_USAGE):
        listed = found.get("usages")
        for usage in listed if isinstance(listed, list) else [found]:
            time = usage.get("time") if isinstance(usage, dict) else None
            at = values.written_moment(text_in(time.get("value") if isinstance(time, dict) else ""))
            latest = at if latest is None or (at is not None and at > latest) else latest
    return latest


def _pictures(folder: _Folder) -> Iterator[Picture]:
    """Take a picture a side; `images/*/content.json` is a picture forced into text: garbage."""
    sides: set[str] = set()
    for path, name in folder.entries.items():
        found = _PICTURE.fullmatch(path)
        if found is not None and found[1].lower() not in sides:
            sides.add(found[1].lower())
            yield from _picture(folder.archive, found[1].lower(), name, folder.row)


def _picture(archive: Archive, side: str, name: str, row: str) -> tuple[Picture, ...]:
    if name not in archive.names:
        return ()
    return (Picture(side, archive.picture(name), row),)


def _object(archive: Archive, name: str) -> dict[str, Any] | None:
    if name not in archive.names:
        return None
    try:
        return object_in(archive.read(name).content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None
