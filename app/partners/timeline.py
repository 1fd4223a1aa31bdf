"""A card's timeline: many sources, each newest first, put together page by page.

A cursor holds how far each source was shown, so that a page follows the one before without a gap
or a repeat, however many things happen at one moment.
"""

from __future__ import annotations

from collections.abc import Callable

from app.http.paging import Page, cursor, position
from app.http.secrets import Secrets
from app.partners.members_schemas import TimelineItem
from app.partners.timeline_sources import (
    Asked,
    Found,
    entries,
    issued,
    messages,
    notes,
    rest,
    statements,
    used,
)
from app.storage.database import Transaction

__all__ = ["Asked", "page", "read_position"]

NEWEST = 2**62  # above every number
Place = tuple[int, ...]
Source = Callable[[Transaction, Asked, Place, int], list[Found]]

# Each with how many numbers say how far it was shown.
_SOURCES: tuple[tuple[Source, int], ...] = (
    (entries, 1),
    (statements, 1),
    (issued, 1),
    (used, 2),
    (messages, 2),
    (notes, 1),
    (rest, 2),
)
_REST = len(_SOURCES) - 1


def read_position(secrets: Secrets, after: str | None, *, now: int) -> list[Place]:
    """Read how far each source was shown. Raises InvalidInput for a cursor of somebody else's."""
    found = position(secrets, after, count=sum(count for _, count in _SOURCES))
    if found is None:
        # What has no number of its own, and may move, is shown up to this moment.
        return [(NEWEST,) * count for _, count in _SOURCES[:-1]] + [(now, NEWEST)]
    places, begin = [], 0
    for _, count in _SOURCES:
        places.append(found[begin : begin + count])
        begin += count
    return places


def page(
    tx: Transaction, secrets: Secrets, asked: Asked, places: list[Place]
) -> Page[TimelineItem]:
    """Show the next items, newest first."""
    rows = [
        source(tx, asked, place, asked.limit + 1)
        for (source, _), place in zip(_SOURCES, places, strict=True)
    ]
    after = [
        place if number == _REST else _begun(found, place)
        for number, (found, place) in enumerate(zip(rows, places, strict=True))
    ]
    taken = [0] * len(rows)
    items: list[TimelineItem] = []
    while len(items) < asked.limit and (best := _newest(rows, taken)) is not None:
        found = rows[best][taken[best]]
        items.append(found.item)
        after[best] = found.place
        taken[best] += 1
    has_more = _newest(rows, taken) is not None
    flat = [number for place in after for number in place]
    return Page(items=items, next=cursor(secrets, *flat) if has_more else None)


def _newest(rows: list[list[Found]], taken: list[int]) -> int | None:
    """Choose the source whose next item is the newest; the first of equals."""
    best: int | None = None
    for number, found in enumerate(rows):
        if taken[number] == len(found):
            continue
        if best is None or found[taken[number]].at > rows[best][taken[best]].at:
            best = number
    return best


def _begun(found: list[Found], place: Place) -> Place:
    """Hold a source, of which nothing is shown yet, to what it has now."""
    if not found:
        return (0,) * len(place)
    first = found[0].place
    return (*first[:-1], min(first[-1] + 1, NEWEST))
