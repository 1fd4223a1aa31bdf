"""All of a program as a zip that is written while it is read: members, ledger, the program."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from app.cards import consents
from app.cards import queries as card_queries
from app.cards.showing import Showing
from app.clock import rfc3339
from app.http.ports import Ports
from app.ids import public_id
from app.partners import export_queries as queries
from app.partners.export_queries import CardNamed
from app.programs.schemas import ProgramOut
from app.storage.database import Transaction

CARDS_AT_ONCE = 50  # of one read: other reads get their turn in between
LINES_AT_ONCE = 1_000
_MEMBER = (
    *("card_id", "number", "barcode_value", "barcode_format", "display_name", "email", "phone"),
    *("birthday", "enrolled_at", "created_at", "tier", "consents"),
)
_LINE = (
    *("card_id", "card_number", "at", "kind", "unit", "units", "rule", "reason", "tier"),
    "sequence",
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Cell = str | int | None
Line = tuple[Cell, ...]


class Place(msgspec.Struct, frozen=True):
    """How far the ledger was written: up to which line of which card."""

    card_id: int = -1
    number: int = -1


class _Written(io.RawIOBase):
    """Takes what the zip writes until it is sent: it never grows past a page."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to; a zip needs no more."""
        return True

    def write(self, data: object) -> int:
        """Keep what was written."""
        part = bytes(memoryview(data))  # type: ignore[arg-type]  # whatever holds bytes
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since."""
        found, self._parts = b"".join(self._parts), []
        return found


async def archive(ports: Ports, program_id: int, shown: ProgramOut) -> AsyncGenerator[bytes, None]:
    """Write the zip part by part; at no time more than a page of it is held."""
    target, at = _Written(), (_EPOCH + timedelta(microseconds=ports.clock.wall())).timetuple()[:6]
    units = [unit.id for unit in shown.units]
    files: list[tuple[str, AsyncIterator[str]]] = [
        ("members.csv", _members(ports, program_id, units)),
        ("ledger.csv", _ledger(ports, program_id)),
    ]
    with zipfile.ZipFile(target, "w") as made:
        for name, pages in files:
            with made.open(_entry(name, at), "w", force_zip64=True) as entry:
                async for text in pages:
                    entry.write(text.encode())
                    if part := target.take():
                        yield part
        described = msgspec.json.format(msgspec.json.encode(shown), indent=2)
        made.writestr(_entry("program.json", at), described)
    yield target.take()


def _entry(name: str, at: tuple[int, ...]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=at)  # type: ignore[arg-type]  # six numbers
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


async def _members(ports: Ports, program_id: int, units: list[str]) -> AsyncIterator[str]:
    yield "\ufeff" + _csv([(*_MEMBER, *(f"balance:{unit}" for unit in units))])
    after = -1
    while True:
        now = ports.clock.wall()
        page = await ports.database.read(
            partial(_page, program_id=program_id, after=after, units=units, now=now)
        )
        if not page:
            return
        after = page[-1][0]
        yield _csv([row for _, row in page if row is not None])


def _page(
    tx: Transaction, *, program_id: int, after: int, units: list[str], now: int
) -> list[tuple[int, Line | None]]:
    """Read a page of members; None for a card that has ended: it is nobody's."""
    show = Showing(tx, now=now)
    found = queries.cards_after(tx, program_id, after, CARDS_AT_ONCE)
    return [(card.card_id, _member(tx, card.card_id, show, units)) for card in found]


def _member(tx: Transaction, card_id: int, show: Showing, units: list[str]) -> Line | None:
    state = card_queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        return None
    facts, contact = show.facts(state), card_queries.contact(tx, card_id)
    held = {balance.unit: balance.value for balance in facts["balances"]}
    agreed = [each.key for each in consents.of_account(tx, card_id) if each.withdrawn_at is None]
    enrolled_at = contact.enrolled_at if contact else state.card.created_at
    told = (contact.display_name, contact.email, contact.phone) if contact else (None, None, None)
    return (
        *(facts["id"], _safe(facts["number"]), _safe(facts["barcode_value"])),
        facts["barcode_format"],
        *(_safe(text) for text in told),
        contact.birthday if contact else None,
        rfc3339(enrolled_at),
        facts["created_at"],
        facts["tier"].id if facts["tier"] else None,
        " ".join(agreed),
        *(held.get(unit) for unit in units),
    )


async def _ledger(ports: Ports, program_id: int) -> AsyncIterator[str]:
    yield "\ufeff" + _csv([_LINE])
    place: Place | None = Place()
    while place is not None:
        rows, place = await ports.database.read(partial(_lines, program_id=program_id, place=place))
        yield _csv(rows)


def _lines(tx: Transaction, *, program_id: int, place: Place) -> tuple[list[Line], Place | None]:
    """Read some lines from a place on, and say where it goes on; None: that was all."""
    rows: list[Line] = []
    cards = queries.cards_after(tx, program_id, place.card_id - 1, CARDS_AT_ONCE)
    for card in cards:
        after = place.number if card.card_id == place.card_id else -1
        for number, lines in _of_card(tx, card, after):
            rows += lines
            if len(rows) >= LINES_AT_ONCE:
                return rows, Place(card.card_id, number)
    if len(cards) < CARDS_AT_ONCE:
        return rows, None
    return rows, Place(cards[-1].card_id + 1)


def _of_card(tx: Transaction, card: CardNamed, after: int) -> Iterable[tuple[int, list[Line]]]:
    """Read a card's lines above a number: entries of a hosted card, statements of a mirrored one.

    A statement has a line for each unit.
    """
    named = (public_id("card", card.public_id), _safe(card.number))
    for entry in queries.entries_after(tx, card.card_id, after, LINES_AT_ONCE):
        at, reason = rfc3339(entry.at), _safe(entry.reason)
        told: Line = (at, entry.kind, entry.unit, entry.units, entry.rule, reason, None, None)
        yield entry.number, [(*named, *told)]
    for stated in queries.statements_after(tx, card.card_id, after, LINES_AT_ONCE):
        balances = msgspec.json.decode(stated.balances, type=dict[str, int])
        at, message = rfc3339(stated.as_of), _safe(stated.message)
        ending: Line = (None, message, stated.tier, stated.sequence)
        lines: list[Line] = [
            (*named, at, "statement", unit, value, *ending) for unit, value in balances.items()
        ]
        yield stated.sequence, lines or [(*named, at, "statement", None, None, *ending)]


def _safe(text: str | None) -> str | None:
    """Keep a spreadsheet from reading somebody's text as a formula."""
    return f"'{text}" if text is not None and text.startswith(_RISKY) else text


def _csv(rows: Iterable[Line]) -> str:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue()
