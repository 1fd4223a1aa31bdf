"""All SQL of proofs: claim tokens (hashes only) and codes mailed to the contact on file."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "claim": "DELETE FROM claim WHERE card_id = ?",
    "link_code": "DELETE FROM link_code WHERE card_id = ?",
    "claim_by_token": "DELETE FROM claim_by_token WHERE token_hash = ?",
}
EXPORT = {
    "claims": "SELECT c.public_id AS card_id, k.created_at, k.used_at FROM holding h"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN card c ON c.card_id = h.card_id JOIN claim k ON k.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.card_id, k.created_at",
}


class LinkCode(msgspec.Struct, frozen=True):
    """A mailed code as it is kept."""

    code_hash: bytes
    expires_at: int
    tries: int


def card_id_by_token(tx: Transaction, token_hash: bytes) -> int | None:
    """Find the card of a claim token, used or not."""
    found = tx.value("SELECT card_id FROM claim_by_token WHERE token_hash = ?", token_hash)
    return found if isinstance(found, int) else None


def is_open(tx: Transaction, card_id: int, token_hash: bytes) -> bool:
    """Say whether a claim token was not used up."""
    found = tx.value(
        "SELECT 1 FROM claim WHERE card_id = ? AND token_hash = ? AND used_at IS NULL",
        *(card_id, token_hash),
    )
    return found is not None


def insert_claim(tx: Transaction, card_id: int, token_hash: bytes, now: int) -> None:
    """Keep a claim token's hash and its look-up."""
    tx.run(
        "INSERT INTO claim (card_id, token_hash, created_at) VALUES (?, ?, ?)",
        *(card_id, token_hash, now),
    )
    tx.run("INSERT INTO claim_by_token (token_hash, card_id) VALUES (?, ?)", token_hash, card_id)


def open_claims(tx: Transaction, card_id: int) -> list[bytes]:
    """List the hashes of a card's open claim tokens, newest first."""
    return tx.all(
        bytes,
        "SELECT token_hash FROM claim WHERE card_id = ? AND used_at IS NULL"
        " ORDER BY created_at DESC, token_hash",
        card_id,
    )


def use_claims(tx: Transaction, card_id: int, now: int) -> None:
    """Use up every claim token of a card."""
    tx.run("UPDATE claim SET used_at = ? WHERE card_id = ? AND used_at IS NULL", now, card_id)


def use_claim(tx: Transaction, card_id: int, token_hash: bytes, now: int) -> None:
    """Use up one claim token."""
    tx.run(
        "UPDATE claim SET used_at = ? WHERE card_id = ? AND token_hash = ?",
        *(now, card_id, token_hash),
    )


def link_code(tx: Transaction, card_id: int) -> LinkCode | None:
    """Read the code mailed last."""
    return tx.one(
        LinkCode, "SELECT code_hash, expires_at, tries FROM link_code WHERE card_id = ?", card_id
    )


def put_link_code(tx: Transaction, card_id: int, code_hash: bytes, expires_at: int) -> None:
    """Keep a new code; the old one ends."""
    tx.run(
        "INSERT INTO link_code (card_id, code_hash, expires_at, tries) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (card_id) DO UPDATE SET code_hash = excluded.code_hash,"
        " expires_at = excluded.expires_at, tries = 0",
        *(card_id, code_hash, expires_at),
    )


def count_try(tx: Transaction, card_id: int) -> None:
    """Count a try at the code."""
    tx.run("UPDATE link_code SET tries = tries + 1 WHERE card_id = ?", card_id)


def delete_link_code(tx: Transaction, card_id: int) -> None:
    """End the code."""
    tx.run("DELETE FROM link_code WHERE card_id = ?", card_id)
