"""All SQL of what holders agreed to."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"consent": "DELETE FROM consent WHERE card_id = ?"}
KEPT: dict[str, str] = {}
EXPORT = {  # of the cards that a user owns
    "consents": "SELECT c.public_id AS card_id, k.consent_key AS consent, k.text_version,"
    " t.text AS consent_text, k.given_at, k.withdrawn_at FROM holding h"
    " JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN consent k ON k.card_id = h.card_id"
    " LEFT JOIN consent_text t ON t.program_id = c.program_id AND t.consent_key = k.consent_key"
    " AND t.text_version = k.text_version"
    " WHERE h.user_id = ? ORDER BY h.position, h.card_id, k.consent_key, k.number",
}


class ConsentRow(msgspec.Struct, frozen=True):
    """A consent, to which text; given once more it is another one."""

    consent_key: str
    number: int
    text_version: int
    text_hash: bytes
    given_at: int
    withdrawn_at: int | None


def last_consents(tx: Transaction, card_id: int) -> list[ConsentRow]:
    """Return of each consent that was ever given how it stands, by key."""
    return tx.all(
        ConsentRow,
        "SELECT consent_key, number, text_version, text_hash, given_at, withdrawn_at"
        " FROM consent k WHERE card_id = ? AND number = (SELECT max(number) FROM consent l"
        " WHERE l.card_id = k.card_id AND l.consent_key = k.consent_key) ORDER BY consent_key",
        card_id,
    )


def last_consent(tx: Transaction, card_id: int, key: str) -> ConsentRow | None:
    """Return how one consent stands; None when it was never given."""
    return tx.one(
        ConsentRow,
        "SELECT consent_key, number, text_version, text_hash, given_at, withdrawn_at FROM consent"
        " WHERE card_id = ? AND consent_key = ? ORDER BY number DESC LIMIT 1",
        *(card_id, key),
    )


def insert_consent(tx: Transaction, card_id: int, row: ConsentRow) -> None:
    """Write down that a consent was given; under the card's lock."""
    tx.run(
        "INSERT INTO consent (card_id, consent_key, number, text_version, text_hash, given_at,"
        " withdrawn_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(card_id, *msgspec.structs.astuple(row)),
    )


def withdraw(tx: Transaction, card_id: int, key: str, now: int) -> None:
    """Date the withdrawal of a consent that stands."""
    tx.run(
        "UPDATE consent SET withdrawn_at = ? WHERE card_id = ? AND consent_key = ?"
        " AND withdrawn_at IS NULL",
        *(now, card_id, key),
    )
