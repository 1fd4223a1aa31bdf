"""All SQL of passes: a card as drawn in one wallet of one user."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"pass": "UPDATE pass SET voided_at = ? WHERE card_id = ? AND voided_at IS NULL"}
KEPT = {"pass_by_serial": "a random serial number and an id of ours"}
EXPORT = {
    "passes": "SELECT c.public_id AS card_id, p.wallet, p.installed, p.created_at, p.pulled_at,"
    " p.voided_at FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN pass p ON p.card_id = h.card_id AND p.user_id = h.user_id"
    " WHERE h.user_id = ? ORDER BY h.card_id, p.created_at",
}

_SELECT = (
    "SELECT card_id, serial, user_id, wallet, signer_id, pass_key, served_card_revision,"
    " served_program_revision, modified, pulled_at, installed, created_at, voided_at FROM pass"
)


class PassRow(msgspec.Struct, frozen=True):
    """A pass; `user_id` 0: of whoever has the card's claim token. `modified`: Unix seconds."""

    card_id: int
    serial: bytes
    user_id: int
    wallet: str
    signer_id: int
    pass_key: int
    served_card_revision: int
    served_program_revision: int
    modified: int
    pulled_at: int | None
    installed: int
    created_at: int
    voided_at: int | None


def card_id_by_serial(tx: Transaction, serial: bytes) -> int | None:
    """Find the card of a serial number."""
    found = tx.value("SELECT card_id FROM pass_by_serial WHERE serial = ?", serial)
    return found if isinstance(found, int) else None


def by_serial(tx: Transaction, card_id: int, serial: bytes) -> PassRow | None:
    """Read a pass."""
    sql = _SELECT + " WHERE card_id = ? AND serial = ?"
    return tx.one(PassRow, sql, card_id, serial)


def live(tx: Transaction, card_id: int, user_id: int, wallet: str) -> PassRow | None:
    """Read the pass in force of one user of a card, None before the first."""
    return tx.one(
        PassRow,
        _SELECT + " WHERE card_id = ? AND user_id = ? AND wallet = ?"
        " AND voided_at IS NULL ORDER BY created_at DESC LIMIT 1",
        *(card_id, user_id, wallet),
    )


def live_of_user(tx: Transaction, card_id: int, user_id: int) -> list[PassRow]:
    """List one user's passes of a card that are in force."""
    return tx.all(
        PassRow,
        _SELECT + " WHERE card_id = ? AND user_id = ? AND voided_at IS NULL ORDER BY serial",
        *(card_id, user_id),
    )


def is_voided_since(tx: Transaction, card_id: int, user_id: int, since: int) -> bool:
    """Say whether a pass of one user of a card was voided at a moment or later."""
    found = tx.value(
        "SELECT 1 FROM pass WHERE card_id = ? AND user_id = ? AND voided_at >= ? LIMIT 1",
        *(card_id, user_id, since),
    )
    return found is not None


def insert(tx: Transaction, row: PassRow) -> None:
    """Make a pass and the look-up of its serial number."""
    tx.run(
        "INSERT INTO pass (card_id, serial, user_id, wallet, signer_id, pass_key,"
        " served_card_revision, served_program_revision, modified, pulled_at, installed,"
        " created_at, voided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run("INSERT INTO pass_by_serial (serial, card_id) VALUES (?, ?)", row.serial, row.card_id)


def set_served(tx: Transaction, row: PassRow) -> None:
    """Note what was served last, and when a phone pulled it."""
    tx.run(
        "UPDATE pass SET served_card_revision = ?, served_program_revision = ?, modified = ?,"
        " pulled_at = ? WHERE card_id = ? AND serial = ?",
        *(row.served_card_revision, row.served_program_revision, row.modified, row.pulled_at),
        *(row.card_id, row.serial),
    )


def add_installed(tx: Transaction, card_id: int, serial: bytes, by: int, *, now: int) -> int:
    """Count phones that hold the pass, never below zero; return the new count."""
    found = tx.value(
        "UPDATE pass SET installed = CASE WHEN installed + ? < 0 THEN 0 ELSE installed + ? END,"
        " added_at = CASE WHEN added_at IS NULL AND installed + ? > 0 THEN ? ELSE added_at END,"
        " removed_at = CASE WHEN installed + ? > 0 THEN NULL WHEN installed > 0 THEN ?"
        " ELSE removed_at END WHERE card_id = ? AND serial = ? RETURNING installed",
        *(by, by, by, now, by, now, card_id, serial),
    )
    return found if isinstance(found, int) else 0


def set_installed(
    tx: Transaction, card_id: int, serial: bytes, installed: int, *, now: int
) -> None:
    """Set how many hold the pass, where a wallet tells that and no count of phones."""
    tx.run(
        "UPDATE pass SET installed = ?,"
        " added_at = CASE WHEN added_at IS NULL AND ? > 0 THEN ? ELSE added_at END,"
        " removed_at = CASE WHEN ? > 0 THEN NULL WHEN installed > 0 THEN ?"
        " ELSE removed_at END WHERE card_id = ? AND serial = ?",
        *(installed, installed, now, installed, now, card_id, serial),
    )


def installed_serials(tx: Transaction, card_id: int, wallet: str) -> list[bytes]:
    """List a card's passes that stand in somebody's wallet, voided ones too."""
    sql = "SELECT serial FROM pass WHERE card_id = ? AND wallet = ? AND installed > 0"
    return tx.all(bytes, sql + " ORDER BY serial", card_id, wallet)


def hand_over(tx: Transaction, card_id: int, *, from_user: int, to_user: int) -> None:
    """Let passes in force belong to another user."""
    tx.run(
        "UPDATE pass SET user_id = ? WHERE card_id = ? AND user_id = ? AND voided_at IS NULL",
        *(to_user, card_id, from_user),
    )


def void(tx: Transaction, card_id: int, now: int) -> int:
    """Void every pass of a card; return how many."""
    return tx.run(
        "UPDATE pass SET voided_at = ? WHERE card_id = ? AND voided_at IS NULL", now, card_id
    )


def void_of_user(tx: Transaction, card_id: int, user_id: int, now: int) -> int:
    """Void one user's passes of a card; return how many."""
    return tx.run(
        "UPDATE pass SET voided_at = ? WHERE card_id = ? AND user_id = ? AND voided_at IS NULL",
        *(now, card_id, user_id),
    )
