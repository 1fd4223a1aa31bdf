"""SQL of what a merchant does to a member's card: numbers it had, merges, and notes."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "former_number": "DELETE FROM former_number WHERE card_id = ?",
    "card_merge": "UPDATE card_merge SET made_by = '' WHERE card_id = ?",
    "card_note": "DELETE FROM card_note WHERE card_id = ?",
}
_OWNED = (
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
)
EXPORT = {  # of the cards that a user owns
    "former_numbers": "SELECT c.public_id AS card_id, f.number, f.barcode_value, f.ended_at"
    + _OWNED
    + " JOIN former_number f ON f.card_id = h.card_id WHERE h.user_id = ?"
    " ORDER BY h.card_id, f.former_id",
    "card_notes": "SELECT c.public_id AS card_id, n.at, n.kind, n.about" + _OWNED + " JOIN"
    " card_note n ON n.card_id = h.card_id WHERE h.user_id = ? ORDER BY h.card_id, n.note_id",
    "card_merges": "SELECT c.public_id AS card_id, m.created_at, m.applied_at" + _OWNED + " JOIN"
    " card_merge m ON m.card_id = h.card_id WHERE h.user_id = ? ORDER BY h.card_id",
}
NOBODY = 0  # the card of a number that was retired


class FormerRow(msgspec.Struct, frozen=True):
    """A number that a card had until it was lost."""

    former_id: int
    number: str
    barcode_value: str
    ended_at: int


def former_numbers(tx: Transaction, card_id: int) -> list[FormerRow]:
    """List the numbers that a card had, the oldest first."""
    return tx.all(
        FormerRow,
        "SELECT former_id, number, barcode_value, ended_at FROM former_number WHERE card_id = ?"
        " ORDER BY former_id",
        card_id,
    )


def cards_by_former(tx: Transaction, program_id: int, number: str, limit: int) -> list[int]:
    """Find the cards that had a number or barcode value. # across: a merchant's search"""
    return tx.all(
        int,
        "SELECT DISTINCT f.card_id FROM former_number f JOIN card c ON c.card_id = f.card_id"
        " WHERE c.program_id = ? AND c.voided_at IS NULL AND (f.number = ? OR f.barcode_value = ?)"
        " ORDER BY f.card_id LIMIT ?",
        *(program_id, number, number, limit),
    )


def insert_former(tx: Transaction, card_id: int, row: FormerRow) -> None:
    """Keep a number that a card had."""
    tx.run(
        "INSERT INTO former_number (card_id, former_id, number, barcode_value, ended_at)"
        " VALUES (?, ?, ?, ?, ?)",
        *(card_id, *msgspec.structs.astuple(row)),
    )


def delete_former(tx: Transaction, card_id: int, former_id: int) -> None:
    """Forget that a card had a number: it has it again."""
    tx.run("DELETE FROM former_number WHERE card_id = ? AND former_id = ?", card_id, former_id)


def point_number(
    tx: Transaction, program_id: int, kind: str, value: str, *, from_card: int, to_card: int
) -> bool:
    """Turn a look-up from one card to another, 0 for nobody's; False where it pointed elsewhere."""
    return (
        tx.run(
            "UPDATE card_by_number SET card_id = ?"
            " WHERE program_id = ? AND kind = ? AND value = ? AND card_id = ?",
            *(to_card, program_id, kind, value, from_card),
        )
        == 1
    )


def set_code(tx: Transaction, card_id: int, code: tuple[str, str, str]) -> None:
    """Write a card's (number, barcode value, barcode format)."""
    tx.run(
        "UPDATE card SET number = ?, barcode_value = ?, barcode_format = ? WHERE card_id = ?",
        *(*code, card_id),
    )


class MergeRow(msgspec.Struct, frozen=True):
    """A card closed in favour of another; `applied_at` None: not all of it has arrived."""

    card_id: int
    into_card_id: int
    note_id: int
    made_by: str
    created_at: int
    applied_at: int | None


_MERGE = "SELECT card_id, into_card_id, note_id, made_by, created_at, applied_at FROM card_merge"


def merge_of(tx: Transaction, card_id: int) -> MergeRow | None:
    """Read in favour of which card one was closed; None where it was not."""
    return tx.one(MergeRow, _MERGE + " WHERE card_id = ?", card_id)


def insert_merge(tx: Transaction, row: MergeRow) -> None:
    """Note that a card was closed in favour of another."""
    tx.run(
        "INSERT INTO card_merge (card_id, into_card_id, note_id, made_by, created_at, applied_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )


def note_applied(tx: Transaction, card_id: int, now: int) -> None:
    """Note that all of a closed card has arrived."""
    tx.run(
        "UPDATE card_merge SET applied_at = ? WHERE card_id = ? AND applied_at IS NULL",
        *(now, card_id),
    )


def merges_waiting(tx: Transaction, until: int, limit: int) -> list[MergeRow]:
    """List merges made at or before a moment that a crash left. # across: what is swept"""
    sql = _MERGE + " WHERE applied_at IS NULL AND created_at <= ? ORDER BY created_at LIMIT ?"
    return tx.all(MergeRow, sql, until, limit)


class NoteRow(msgspec.Struct, frozen=True):
    """What was done to a card; `about` is JSON."""

    note_id: int
    at: int
    kind: str
    about: str
    made_by: str


def insert_note(tx: Transaction, card_id: int, row: NoteRow) -> None:
    """Keep what was done to a card, once by its id."""
    tx.run(
        "INSERT INTO card_note (card_id, note_id, at, kind, about, made_by)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (card_id, note_id) DO NOTHING",
        *(card_id, *msgspec.structs.astuple(row)),
    )


def notes_before(tx: Transaction, card_id: int, note_id: int, limit: int) -> list[NoteRow]:
    """List a card's notes below an id, newest first."""
    return tx.all(
        NoteRow,
        "SELECT note_id, at, kind, about, made_by FROM card_note"
        " WHERE card_id = ? AND note_id < ? ORDER BY note_id DESC LIMIT ?",
        *(card_id, note_id, limit),
    )
