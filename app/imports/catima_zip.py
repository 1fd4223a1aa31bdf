"""Catima's zip: the table `catima.csv` and pictures named after its `_id`s."""

from __future__ import annotations

import re

import msgspec

from app.errors import UnreadableFile
from app.imports.archive import Archive
from app.imports.catima import read_catima
from app.imports.files import text_of, unreadable
from app.imports.found import FoundFile, Picture, Remark

TABLE = "catima.csv"
_PICTURE = re.compile(r"card_(-?[0-9]{1,18})_(front|back|icon)\.png")


def read_catima_zip(archive: Archive) -> FoundFile:
    """Read the table, then the pictures of its cards; any other entry is named and ignored.

    Raises: UnreadableFile, TooBig.
    """
    entry = archive.read(TABLE)
    try:
        file = read_catima(text_of(entry.content))
    except UnreadableFile:
        if entry.is_damaged:
            raise unreadable("bad-zip", f"The entry {TABLE} is damaged.") from None
        raise
    pictures: dict[int, list[Picture]] = {}
    ignored: list[Remark] = []
    known = {card.file_id for card in file.cards}
    for name in archive.names:
        found = _PICTURE.fullmatch(name)
        if found is not None and int(found[1]) in known:
            content = archive.picture(name)
            pictures.setdefault(int(found[1]), []).append(Picture(found[2], content, name))
        elif name != TABLE:
            ignored.append(Remark(name, "ignored-entry", name))
    cards = []
    for card in file.cards:
        # Of two cards with one id the first has the pictures, as with groups.
        own = () if card.file_id is None else tuple(pictures.pop(card.file_id, ()))
        cards.append(msgspec.structs.replace(card, pictures=own))
    damaged = (Remark(TABLE, "bad-record"),) if entry.is_damaged else ()
    return msgspec.structs.replace(
        file,
        cards=tuple(cards),
        failed=(*file.failed, *damaged),
        warnings=(*file.warnings, *ignored),
    )
