"""All SQL of the checkout: whose a hold is, and who may be meant by a name or a phone."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"hold_by_public": "a random id and ids of ours"}


class HoldPlace(msgspec.Struct, frozen=True):
    """A hold's card, and the merchant whose till asked for it."""

    card_id: int
    merchant_id: int


def insert_hold(tx: Transaction, public_id: bytes, place: HoldPlace) -> None:
    """Let a hold's public id find its card."""
    tx.run(
        "INSERT INTO hold_by_public (public_id, card_id, merchant_id) VALUES (?, ?, ?)",
        *(public_id, place.card_id, place.merchant_id),
    )


def hold_by_public(tx: Transaction, public_id: bytes) -> HoldPlace | None:
    """Find a hold's card."""
    return tx.one(
        HoldPlace,
        "SELECT card_id, merchant_id FROM hold_by_public WHERE public_id = ?",
        public_id,
    )


def cards_by_name(tx: Transaction, program_id: int, begins: str, limit: int) -> list[int]:
    """Find cards by how a word of the name on file begins. # across: a till's search"""
    return tx.all(
        int,
        "SELECT c.card_id FROM card c JOIN contact t ON t.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.voided_at IS NULL AND (lower(t.display_name) LIKE ?"
        " ESCAPE '!' OR lower(t.display_name) LIKE ? ESCAPE '!') ORDER BY c.card_id LIMIT ?",
        *(program_id, begins + "%", "% " + begins + "%", limit),
    )


def cards_by_phone(tx: Transaction, program_id: int, ending: str, limit: int) -> list[int]:
    """Find cards by the last digits of the phone on file. # across: a till's search"""
    return tx.all(
        int,
        "SELECT c.card_id FROM card c JOIN contact t ON t.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.voided_at IS NULL AND replace(replace(replace(replace("
        "replace(t.phone, ' ', ''), '.', ''), '-', ''), '(', ''), ')', '') LIKE ?"
        " ORDER BY c.card_id LIMIT ?",
        *(program_id, "%" + ending, limit),
    )
