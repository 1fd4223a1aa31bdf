"""What pass and account ask of the ledger's rows: how the last change moved a card."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.storage.database import Transaction

TOLD_MAX = 10  # expiries that are told of at once
MOVES_MAX = 200  # transfers of one change that are looked at


class LastChange(msgspec.Struct, frozen=True):
    """The last change of a card's account; `since`: when the one before it was recorded."""

    journal: int
    since: int


def last_change(tx: Transaction, card_id: int) -> LastChange | None:
    """Find the last change of a card, None before the first."""
    rows = tx.all(
        lambda number, at: (int(number), int(at)),
        "SELECT number, recorded_at FROM journal WHERE card_id = ? ORDER BY number DESC LIMIT 2",
        card_id,
    )
    if not rows:
        return None
    return LastChange(rows[0][0], rows[1][1] if len(rows) > 1 else rows[0][1])


class Move(msgspec.Struct, frozen=True):
    """Units that went from one place to another."""

    unit: str
    units: int
    debit: str
    credit: str


def moves_of(tx: Transaction, card_id: int, journal: int) -> list[Move]:
    """List what a change moved, if it was the last that moved anything."""
    rows = tx.all(
        lambda number, *row: (number, Move(*row)),
        "SELECT journal, unit, units, debit, credit FROM transfer WHERE card_id = ?"
        " ORDER BY number DESC LIMIT ?",
        *(card_id, MOVES_MAX),
    )
    return [move for number, move in rows if number == journal]


def is_tier_new(tx: Transaction, card_id: int, sequence: int) -> bool:
    """Say whether the tier changed with a card's ledger sequence."""
    found = tx.value(
        "SELECT facts FROM event WHERE card_id = ? AND type = 'tier.changed'"
        " ORDER BY sequence DESC LIMIT 1",
        card_id,
    )
    return isinstance(found, str) and _read_facts(found).sequence == sequence


class Told(msgspec.Struct, frozen=True):
    """Units that expire at a moment (RFC 3339), as the user is told beforehand."""

    unit: str
    units: int
    at: str


def last_told(tx: Transaction, card_id: int) -> tuple[int, list[Told]] | None:
    """Return what a card's user was told of expiries last, and with which ledger sequence."""
    rows = tx.all(
        _read_notice,
        "SELECT facts FROM event WHERE card_id = ? AND type = 'expiry.near'"
        " ORDER BY sequence DESC LIMIT ?",
        *(card_id, TOLD_MAX),
    )
    if not rows:
        return None
    newest = rows[0].sequence
    return newest, [row.expiry for row in reversed(rows) if row.sequence == newest]


class _Notice(msgspec.Struct, frozen=True):
    sequence: int
    expiry: Told


_read_notice = msgspec.json.Decoder(_Notice).decode


class _Facts(msgspec.Struct, frozen=True):
    sequence: int | None = None


_read_facts = msgspec.json.Decoder(_Facts).decode


def tickets_among(tx: Transaction, card_id: int, keys: Sequence[str]) -> set[str]:
    """Return which of these names are tickets of a card."""
    if not keys:
        return set()
    marks = ",".join("?" * len(keys))
    sql = "SELECT id FROM ticket WHERE card_id = ? AND id IN ("
    return set(tx.all(str, sql + marks + ")", card_id, *keys))
