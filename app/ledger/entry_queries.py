"""SQL of transfers and entries: what is only ever added, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from app.ledger.journal import trimmed
from app.loyalty.model import Entry, Transfer
from app.storage.database import Transaction, Value


class Link(msgspec.Struct, frozen=True):
    """What a transfer takes back, and where units were spent."""

    reverses: int | None = None
    redeemer: str | None = None


NO_LINK = Link()


def insert_transfers(
    tx: Transaction, card_id: int, journal: int, rows: Iterable[tuple[Transfer, Link]]
) -> None:
    """Add transfers."""
    values: list[Sequence[Value]] = [
        (
            *(card_id, row.number, journal, row.entry, row.unit, row.units, row.debit),
            *(row.credit, row.lot, row.occurred_at, row.reason, link.reverses, link.redeemer),
        )
        for row, link in rows
    ]
    tx.run_many(
        "INSERT INTO transfer (card_id, number, journal, entry, unit, units, debit, credit, lot,"
        " occurred_at, reason, reverses, redeemer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )


def transfers_of(tx: Transaction, card_id: int) -> list[Transfer]:
    """List all transfers of a card, in order."""
    return tx.all(
        Transfer,
        "SELECT number, entry, unit, units, debit, credit, lot, occurred_at, reason FROM transfer"
        " WHERE card_id = ? ORDER BY number",
        card_id,
    )


class EntryRow(msgspec.Struct, frozen=True):
    """What a person sees, as it is kept; `why` are the facts that wording turns into words."""

    number: int
    journal: int
    kind: str
    unit: str
    units: int
    at: int
    rule: str
    why: str

    @property
    def facts(self) -> dict[str, object]:
        """Read why."""
        found = _read_facts(self.why)
        if isinstance(found, dict):
            return found
        whole = [*found, *_EARNED[len(found) :]]
        told = dict(zip(("base", "step", "points", "rounding"), whole, strict=True))
        part = {"rule": self.rule, "kind": "per_amount", **told, "units": self.units}
        return {"parts": [part]}


# Most entries are of one rule that gives for an amount: `[base, step, points, rounding]` says all
# the entry itself does not, and of it the defaults at its end are left out.
_EARNED: tuple[object, ...] = (None, None, 1, "floor")
_read_facts = msgspec.json.Decoder(dict[str, object] | list[object]).decode
_write_facts = msgspec.json.Encoder().encode
_ENTRY = "SELECT number, journal, kind, unit, units, at, rule, why FROM entry WHERE card_id = ?"


def entry_row(entry: Entry, journal: int) -> EntryRow:
    """Write an entry as it is kept."""
    why = _write_facts(_facts(entry)).decode()
    return EntryRow(
        entry.number, journal, entry.kind, entry.unit, entry.units, entry.at, entry.rule, why
    )


def _facts(entry: Entry) -> object:
    """Say why in few bytes, where it can be said so."""
    parts = entry.why.get("parts")
    if not (parts and len(parts) == 1 and len(entry.why) == 1):
        return entry.why
    told = dict(parts[0])
    known = (told.pop("rule", None), told.pop("kind", None), told.pop("units", None))
    if known != (entry.rule, "per_amount", entry.units):
        return entry.why
    if list(told) != ["base", "step", "points", "rounding"]:
        return entry.why
    return trimmed(list(told.values()), _EARNED)


def insert_entries(tx: Transaction, card_id: int, rows: Iterable[EntryRow]) -> None:
    """Add entries."""
    tx.run_many(
        "INSERT INTO entry (card_id, number, journal, kind, unit, units, at, rule, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(card_id, *msgspec.structs.astuple(row)) for row in rows],
    )


def entries_before(tx: Transaction, card_id: int, number: int, limit: int) -> list[EntryRow]:
    """List a card's entries below a number, newest first."""
    return tx.all(
        EntryRow, _ENTRY + " AND number < ? ORDER BY number DESC LIMIT ?", card_id, number, limit
    )


def entries_between(tx: Transaction, card_id: int, first: int, last: int) -> list[EntryRow]:
    """List entries from a number to another, both included."""
    return tx.all(
        EntryRow,
        _ENTRY + " AND number >= ? AND number <= ? ORDER BY number",
        *(card_id, first, last),
    )
