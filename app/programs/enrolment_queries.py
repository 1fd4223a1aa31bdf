"""All SQL of the texts of consents that programs asked."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"consent_text": "a merchant's own words"}


class TextRow(msgspec.Struct, frozen=True):
    """A consent's text by number; `text` is JSON, a text or one per language."""

    consent_key: str
    text_version: int
    text: str
    text_hash: bytes
    asked_since: int


def last_texts(tx: Transaction, program_id: int) -> list[TextRow]:
    """Return the newest text of each consent."""
    return tx.all(
        TextRow,
        "SELECT consent_key, text_version, text, text_hash, asked_since FROM consent_text t"
        " WHERE program_id = ? AND text_version = (SELECT max(text_version) FROM consent_text l"
        " WHERE l.program_id = t.program_id AND l.consent_key = t.consent_key)",
        program_id,
    )


def insert_text(tx: Transaction, program_id: int, row: TextRow) -> None:
    """Keep a text as it was asked from now on."""
    tx.run(
        "INSERT INTO consent_text (program_id, consent_key, text_version, text, text_hash,"
        " asked_since) VALUES (?, ?, ?, ?, ?, ?)",
        *(program_id, *msgspec.structs.astuple(row)),
    )
