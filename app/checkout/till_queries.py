"""SQL of what the till's page needs: a till's day, moves to another card, codes on receipts."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "till_ticket": "figures between ids of ours and the till's own id",
    "ticket_move": "ids of ours and the till's own ids",
    "receipt_code": "a hash, what was bought, and an id of ours",
}


class TillTicket(msgspec.Struct, frozen=True):
    """A sale as its till keeps it; `units` is JSON: [earned, burned]. `card_id` None: no card."""

    till_id: int
    sold_at: int
    program_id: int
    own_id: str
    card_id: int | None
    amount_minor: int
    units: str
    is_voided: int = 0


class DayRow(msgspec.Struct, frozen=True):
    """A sale of a day, with what has become of it; `net` None: no ticket stands for it yet."""

    sold_at: int
    program_id: int
    own_id: str
    card_id: int | None
    amount_minor: int
    units: str
    is_voided: int
    number: str | None
    net: int | None
    moved_to: str | None


class MoveRow(msgspec.Struct, frozen=True):
    """A ticket on its way from a card to another; `applied_at` None: not there yet."""

    card_id: int
    own_id: str
    new_id: str
    to_card_id: int
    merchant: str
    till_id: int | None
    body_hash: bytes
    created_at: int
    applied_at: int | None = None


class ReceiptRow(msgspec.Struct, frozen=True):
    """A sale without a card; `basket` is a purchase in JSON. `card_id`: who claimed it."""

    program_id: int
    code_hash: bytes
    own_id: str
    merchant: str
    till_id: int | None
    basket: str
    body_hash: bytes
    sold_at: int
    expires_at: int
    card_id: int | None = None
    claimed_at: int | None = None
    applied_at: int | None = None
    voided_at: int | None = None


def note_ticket(tx: Transaction, row: TillTicket) -> None:
    """Let a till find what it sold; the same again, with a card where there was none."""
    tx.run(
        "INSERT INTO till_ticket (till_id, sold_at, program_id, own_id, card_id, amount_minor,"
        " units, is_voided) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (till_id, sold_at, program_id, own_id) DO UPDATE"
        " SET card_id = excluded.card_id, units = excluded.units",
        *msgspec.structs.astuple(row),
    )


def day_of(tx: Transaction, till_id: int, span: tuple[int, int], limit: int) -> list[DayRow]:
    """List what a till sold from a moment until another, newest first. # across: a till's day"""
    return tx.all(
        DayRow,
        "SELECT s.sold_at, s.program_id, s.own_id, s.card_id, s.amount_minor, s.units,"
        " s.is_voided, c.number, t.net, m.new_id"
        " FROM till_ticket s LEFT JOIN card c ON c.card_id = s.card_id"
        " LEFT JOIN ticket t ON t.card_id = s.card_id AND t.id = s.own_id"
        " LEFT JOIN ticket_move m ON m.card_id = s.card_id AND m.own_id = s.own_id"
        " WHERE s.till_id = ? AND s.sold_at >= ? AND s.sold_at < ?"
        " ORDER BY s.sold_at DESC, s.program_id, s.own_id LIMIT ?",
        *(till_id, *span, limit),
    )


def note_voided(tx: Transaction, row: ReceiptRow) -> None:
    """Let the till see that a sale without a card was taken back."""
    tx.run(
        "UPDATE till_ticket SET is_voided = 1"
        " WHERE till_id = ? AND sold_at = ? AND program_id = ? AND own_id = ?",
        *(row.till_id, row.sold_at, row.program_id, row.own_id),
    )


def delete_old_days(tx: Transaction, before: int, limit: int) -> int:
    """Delete what tills sold before a moment; the tickets stay. # batch"""
    return tx.run(
        "DELETE FROM till_ticket WHERE (till_id, sold_at, program_id, own_id) IN (SELECT till_id,"
        " sold_at, program_id, own_id FROM till_ticket WHERE sold_at < ?"
        " ORDER BY sold_at LIMIT ?)",
        *(before, limit),
    )


def insert_move(tx: Transaction, row: MoveRow) -> None:
    """Keep a move with the refund that begins it."""
    tx.run(
        "INSERT INTO ticket_move (card_id, own_id, new_id, to_card_id, merchant, till_id,"
        " body_hash, created_at, applied_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )


_MOVE = (
    "SELECT card_id, own_id, new_id, to_card_id, merchant, till_id, body_hash, created_at,"
    " applied_at FROM ticket_move "
)


def move_of(tx: Transaction, card_id: int, own_id: str) -> MoveRow | None:
    """Find where a ticket of a card went."""
    return tx.one(MoveRow, _MOVE + "WHERE card_id = ? AND own_id = ?", card_id, own_id)


def moves_left(tx: Transaction, until: int, limit: int) -> list[MoveRow]:
    """List moves begun until a moment that have not arrived. # across: what the worker takes"""
    sql = _MOVE + "WHERE applied_at IS NULL AND created_at <= ? ORDER BY created_at LIMIT ?"
    return tx.all(MoveRow, sql, until, limit)


def note_arrival(tx: Transaction, card_id: int, own_id: str, new_id: str, *, now: int) -> None:
    """Note at the sender that a ticket has arrived, and under which id."""
    tx.run(
        "UPDATE ticket_move SET applied_at = ?, new_id = ?"
        " WHERE card_id = ? AND own_id = ? AND applied_at IS NULL",
        *(now, new_id, card_id, own_id),
    )


_RECEIPT = (
    "SELECT program_id, code_hash, own_id, merchant, till_id, basket, body_hash, sold_at,"
    " expires_at, card_id, claimed_at, applied_at, voided_at FROM receipt_code "
)


def insert_receipt(tx: Transaction, row: ReceiptRow) -> None:
    """Keep a sale without a card; the same again changes nothing."""
    tx.run(
        "INSERT INTO receipt_code (program_id, code_hash, own_id, merchant, till_id, basket,"
        " body_hash, sold_at, expires_at, card_id, claimed_at, applied_at, voided_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (program_id, code_hash) DO NOTHING",
        *msgspec.structs.astuple(row),
    )


def receipt(tx: Transaction, program_id: int, code_hash: bytes) -> ReceiptRow | None:
    """Find a sale by its receipt's code."""
    sql = _RECEIPT + "WHERE program_id = ? AND code_hash = ?"
    return tx.one(ReceiptRow, sql, program_id, code_hash)


def lock_receipt(tx: Transaction, program_id: int, code_hash: bytes) -> ReceiptRow | None:
    """Lock a sale without a card: who claims it and who takes it back meet here."""
    sql = _RECEIPT + "WHERE program_id = ? AND code_hash = ?" + tx.for_update
    return tx.one(ReceiptRow, sql, program_id, code_hash)


def claim_receipt(tx: Transaction, row: ReceiptRow, card_id: int, now: int) -> None:
    """Give a sale to a card."""
    tx.run(
        "UPDATE receipt_code SET card_id = ?, claimed_at = ?"
        " WHERE program_id = ? AND code_hash = ?",
        *(card_id, now, row.program_id, row.code_hash),
    )


def void_receipt(tx: Transaction, row: ReceiptRow, now: int) -> None:
    """Take a sale back before anybody claimed it."""
    tx.run(
        "UPDATE receipt_code SET voided_at = ? WHERE program_id = ? AND code_hash = ?",
        *(now, row.program_id, row.code_hash),
    )


def receipts_left(tx: Transaction, until: int, limit: int) -> list[ReceiptRow]:
    """List receipts claimed until a moment whose units are not there yet. # across: the worker's"""
    sql = _RECEIPT + (
        "WHERE claimed_at IS NOT NULL AND applied_at IS NULL AND claimed_at <= ?"
        " ORDER BY claimed_at LIMIT ?"
    )
    return tx.all(ReceiptRow, sql, until, limit)


def note_credit(tx: Transaction, row: ReceiptRow, now: int) -> None:
    """Note that a claimed sale has reached its card."""
    tx.run(
        "UPDATE receipt_code SET applied_at = ?"
        " WHERE program_id = ? AND code_hash = ? AND applied_at IS NULL",
        *(now, row.program_id, row.code_hash),
    )


def delete_old_receipts(tx: Transaction, before: int, limit: int) -> int:
    """Delete receipts whose time was over before a moment. # batch"""
    return tx.run(
        "DELETE FROM receipt_code WHERE (program_id, code_hash) IN (SELECT program_id, code_hash"
        " FROM receipt_code WHERE expires_at < ? AND (claimed_at IS NULL OR applied_at IS NOT NULL)"
        " ORDER BY expires_at LIMIT ?)",
        *(before, limit),
    )
