"""The nightly list of each class's objects: who really holds what, where callbacks were lost."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import structlog

from app.cards import passes_of
from app.cards.pass_queries import PassRow
from app.google import queries, service
from app.google.calls import Calls
from app.google.queries import ClassRow
from app.google.verdicts import Refused, Settled, Unknown404
from app.google.wallet import OBJECTS
from app.http.ports import Ports
from app.storage.database import Transaction

OBJECTS_A_PAGE = 200
_FIELDS = "resources(id,hasUsers),pagination(nextPageToken)"
_log = structlog.get_logger("delivery")


class Listed(msgspec.Struct, rename="camel"):
    """An object as the list shows it."""

    id: str
    has_users: bool = False


class _Pagination(msgspec.Struct, rename="camel"):
    next_page_token: str | None = None


class _Answer(msgspec.Struct):
    resources: list[Listed] = []
    pagination: _Pagination = msgspec.field(default_factory=_Pagination)


class _Page(msgspec.Struct, frozen=True):
    issuer_id: int
    google_issuer: str
    asked_at: int
    listed: list[Listed]


class _Change(msgspec.Struct, frozen=True):
    row: PassRow
    is_saved: bool
    event_id: bytes


async def list_page(ports: Ports, calls: Calls, row: ClassRow) -> None:
    """Ask for a page of a class's objects and note who holds them; the cursor outlives us."""
    google_issuer = calls.issuer.google_issuer
    asked = {
        "classId": f"{google_issuer}.{row.suffix}",
        "maxResults": str(OBJECTS_A_PAGE),
        "fields": _FIELDS,
    }
    if row.list_page is not None:
        asked["token"] = row.list_page
    asked_at = ports.clock.wall()
    found = await calls.make("GET", OBJECTS, query=asked)
    match found:
        case Settled(body=body):
            answer = _read(body)
            page = _Page(row.issuer_id, google_issuer, asked_at, answer.resources)
            await _apply(ports, page)
            await _go_on(ports, row, answer.pagination.next_page_token or None)
        case Refused() if row.list_page is not None:
            await _go_on(ports, row, None, is_over=False)  # the cursor is too old: from the start
        case Unknown404():
            await ports.database.write(partial(_lost, row=row, now=ports.clock.wall()))
        case Refused(message=message):
            _log.error("unlisted", code=message[:100])
            await _go_on(ports, row, None)
        case _:
            pass  # its lease ends, and the page is asked for again


def _read(body: Any) -> _Answer:
    try:
        return msgspec.convert(body or {}, _Answer)
    except msgspec.ValidationError:
        return _Answer()


async def _go_on(ports: Ports, row: ClassRow, page: str | None, *, is_over: bool = True) -> None:
    """Keep the place of the next page; None: the list is whole until tomorrow."""
    is_whole = page is None and is_over
    listed_at = ports.clock.wall() if is_whole else row.listed_at
    moved = msgspec.structs.replace(row, list_page=page, listed_at=listed_at)
    await ports.database.write(lambda tx: queries.set_listed(tx, moved))


async def _apply(ports: Ports, page: _Page) -> None:
    now = ports.clock.wall()
    differing = await ports.database.read(lambda tx: _differing(tx, page))
    changes = [_Change(row, is_saved, ports.ids.public()) for row, is_saved in differing]
    works = [
        partial(_note, change=change, now=now)
        for change in sorted(changes, key=lambda each: each.row.card_id)
    ]
    if works:
        await ports.database.write_batch(works)


def _differing(tx: Transaction, page: _Page) -> list[tuple[PassRow, bool]]:
    """Find the passes of which Google says otherwise; what is not ours is ignored."""
    found = []
    for each in page.listed:
        try:
            serial = bytes.fromhex(each.id.removeprefix(f"{page.google_issuer}."))
        except ValueError:
            continue
        row = passes_of.pass_by_serial(tx, serial)
        known = None if row is None else queries.object_of(tx, row.card_id, serial)
        if row is None or known is None or known.issuer_id != page.issuer_id:
            continue
        # Saved while the list was on its way, or only now told: the list is older than that.
        is_older = known.told_at is None or known.told_at >= page.asked_at
        if bool(row.installed) != each.has_users and (each.has_users or not is_older):
            found.append((row, each.has_users))
    return found


def _note(tx: Transaction, *, change: _Change, now: int) -> None:
    act = service.saved if change.is_saved else service.removed
    act(tx, change.row, event_id=change.event_id, now=now)


def _lost(tx: Transaction, *, row: ClassRow, now: int) -> None:
    """Have a class told again that Google does not know, whatever we believed."""
    current = queries.lock_class(tx, row.issuer_id, row.suffix)
    if current is None:
        return
    forgotten = msgspec.structs.replace(current, is_inserted=0, told=None)
    queries.settle_class(tx, forgotten, told_to=current.done)
    queries.want_class(tx, row.issuer_id, row.suffix, now=now)
    ended = msgspec.structs.replace(current, listed_at=now, list_page=None)
    queries.set_listed(tx, ended)
