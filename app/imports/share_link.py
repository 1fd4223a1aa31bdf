"""A card that Catima shares as a link: columns as form data after `#`, of old links after `?`."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus, urlsplit

from app.imports.catima_row import COUNT, Columns, card_of
from app.imports.files import unreadable
from app.imports.found import FoundFile, Given
from app.imports.records import Record

LINK_MAX = 64 * 1024  # characters
HOSTS = (
    *("catima.app/share", "thelastproject.github.io/catima/share"),
    "brarcher.github.io/loyalty-card-locker/share",
)
_NOT_SHARED = {"_id", "starstatus", "archive", "lastused"}
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def looks_like_link(text: str) -> bool:
    """Tell whether the whole text is one http(s) address."""
    return len(text) <= LINK_MAX and _LINK.fullmatch(text.strip()) is not None


def read_link(text: str, given: Given) -> FoundFile:
    """Read the card of a link. Raises UnreadableFile for a link of anybody else's."""
    data, is_whole = _data(text.strip(), given)
    # Encoded as a whole, so that no `=` and `&` is left; links typed by hand are not.
    if is_whole and "=" not in data:
        data = unquote(data)
    columns: Columns = {"_id": 0}
    fields = ["0"]
    for pair in data.split("&"):
        name, equals, value = pair.partition("=")
        name = unquote_plus(name).strip().lower()
        if equals and name not in columns and name not in _NOT_SHARED:
            columns[name] = len(fields)
            fields.append(unquote_plus(value))
    columns[COUNT] = len(fields)
    read = card_of(columns, Record(1, tuple(fields)))
    return FoundFile(
        () if read.card is None else (read.card,),
        failed=() if read.failure is None else (read.failure,),
        warnings=read.warnings,
    )


def _data(text: str, given: Given) -> tuple[str, bool]:
    """Return the form data of a known host's link, and whether it stood after `#`."""
    try:
        link = urlsplit(text)
        place = f"{(link.hostname or '').removeprefix('www.')}{link.path.rstrip('/')}".lower()
    except ValueError:
        place = ""
    if place not in (*HOSTS, *(f"{host}/share".lower() for host in given.hosts)):
        raise unreadable("unknown-file", "The address is not one that shares a card of Catima's.")
    return (link.fragment, True) if link.fragment else (link.query, False)
