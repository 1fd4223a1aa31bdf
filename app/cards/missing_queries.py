"""All SQL of purchases whose units are missing, as their holders tell them."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "missing_points": "DELETE FROM missing_points WHERE card_id = ?",
    "missing_points_by_public": "DELETE FROM missing_points_by_public WHERE public_id = ?",
}
KEPT: dict[str, str] = {}
EXPORT = {  # of the cards that a user owns
    "missing_points": "SELECT c.public_id AS card_id, m.receipt, m.purchased_on, m.amount_minor,"
    " m.note, m.status, m.unit, m.units, m.reason, m.created_at, m.decided_at"
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN missing_points m ON m.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.position, h.card_id, m.request_id",
}


class MissingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request; `amount_minor`: in the program's currency. `decided_at` None: it is open."""

    card_id: int
    request_id: int
    public_id: bytes
    program_id: int
    receipt: str
    purchased_on: str | None
    amount_minor: int | None
    note: str | None
    status: str
    unit: str | None
    units: int | None
    reason: str | None
    created_at: int
    decided_at: int | None


_NAMES = MissingRow.__struct_fields__
_COLUMNS = ", ".join(f"m.{name}" for name in _NAMES)
_MISSING = f"SELECT {_COLUMNS} FROM missing_points m "  # noqa: S608  # names of our own


def _row(*values: object) -> MissingRow:
    return MissingRow(**dict(zip(_NAMES, values, strict=True)))  # type: ignore[arg-type]


def insert_missing(tx: Transaction, row: MissingRow) -> None:
    """Write a request with the look-up of its public id; under the card's lock."""
    tx.run(
        "INSERT INTO missing_points (card_id, request_id, public_id, program_id, receipt,"
        " purchased_on, amount_minor, note, status, unit, units, reason, created_at, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO missing_points_by_public (public_id, card_id, request_id) VALUES (?, ?, ?)",
        *(row.public_id, row.card_id, row.request_id),
    )


def decide(tx: Transaction, row: MissingRow) -> None:
    """Write the merchant's answer; under the card's lock."""
    tx.run(
        "UPDATE missing_points SET status = ?, unit = ?, units = ?, reason = ?, decided_at = ?"
        " WHERE card_id = ? AND request_id = ?",
        *(row.status, row.unit, row.units, row.reason, row.decided_at),
        *(row.card_id, row.request_id),
    )


def card_of(tx: Transaction, public_id: bytes) -> int | None:
    """Find the card of a request by its public id."""
    found = tx.value("SELECT card_id FROM missing_points_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None


def of_card(tx: Transaction, card_id: int, public_id: bytes) -> MissingRow | None:
    """Find a card's request by its public id."""
    return tx.one(_row, _MISSING + "WHERE m.card_id = ? AND m.public_id = ?", card_id, public_id)


def by_receipt(tx: Transaction, card_id: int, receipt: str) -> MissingRow | None:
    """Find what was told of a receipt on a card."""
    return tx.one(_row, _MISSING + "WHERE m.card_id = ? AND m.receipt = ?", card_id, receipt)


def open_count(tx: Transaction, card_id: int) -> int:
    """Count a card's open requests."""
    sql = "SELECT count(*) FROM missing_points WHERE card_id = ? AND status = 'open'"
    found = tx.value(sql, card_id)
    return found if isinstance(found, int) else 0


def before(tx: Transaction, card_id: int, request_id: int, limit: int) -> list[MissingRow]:
    """List a card's requests older than one, newest first."""
    sql = _MISSING + "WHERE m.card_id = ? AND m.request_id < ? ORDER BY m.request_id DESC LIMIT ?"
    return tx.all(_row, sql, card_id, request_id, limit)


def last_answered(tx: Transaction, card_id: int) -> MissingRow | None:
    """Find the last request of a card whose answer nothing else tells: it brought no units here."""
    sql = (
        _MISSING + "WHERE m.card_id = ? AND m.decided_at IS NOT NULL AND m.units IS NULL"
        " ORDER BY m.decided_at DESC, m.request_id DESC LIMIT 1"
    )
    return tx.one(_row, sql, card_id)


def queue(
    tx: Transaction, program_id: int, status: str, *, after: int, limit: int
) -> list[MissingRow]:
    """List a program's requests of one status, oldest first. # across: a merchant's queue"""
    sql = (
        _MISSING + "WHERE m.program_id = ? AND m.status = ? AND m.request_id > ?"
        " ORDER BY m.request_id LIMIT ?"
    )
    return tx.all(_row, sql, program_id, status, after, limit)


def queue_of_all(tx: Transaction, program_id: int, after: int, limit: int) -> list[MissingRow]:
    """List a program's requests, oldest first. # across: a merchant's queue"""
    sql = (
        _MISSING + "WHERE m.program_id = ? AND m.status IN ('open', 'adjusted', 'declined')"
        " AND m.request_id > ? ORDER BY m.request_id LIMIT ?"
    )
    return tx.all(_row, sql, program_id, after, limit)


def others_of_receipt(tx: Transaction, program_id: int, receipt: str, request_id: int) -> int:
    """Count other requests of the same receipt. # across: so that it does not earn twice"""
    found = tx.value(
        "SELECT count(DISTINCT request_id) FROM missing_points"
        " WHERE program_id = ? AND receipt = ? AND request_id <> ?",
        *(program_id, receipt, request_id),
    )
    return found if isinstance(found, int) else 0


def take_over(tx: Transaction, card_id: int, merged: int) -> None:
    """Copy what was told on a card that was merged into this one; harmless twice."""
    for row in tx.all(_row, _MISSING + "WHERE m.card_id = ?", merged):
        tx.run(
            "INSERT INTO missing_points (card_id, request_id, public_id, program_id, receipt,"
            " purchased_on, amount_minor, note, status, unit, units, reason, created_at,"
            " decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (card_id, request_id) DO NOTHING",
            *msgspec.structs.astuple(msgspec.structs.replace(row, card_id=card_id)),
        )
        tx.run(
            "UPDATE missing_points_by_public SET card_id = ? WHERE public_id = ?",
            *(card_id, row.public_id),
        )


def public_ids(tx: Transaction, card_id: int) -> list[bytes]:
    """List the public ids of a card's requests."""
    return tx.all(bytes, "SELECT public_id FROM missing_points WHERE card_id = ?", card_id)
