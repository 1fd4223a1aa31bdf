"""Notes on a card: what was done to it that no entry, statement, voucher or pass tells."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import member_queries
from app.cards.member_queries import NoteRow
from app.storage.database import Transaction


class Noted(msgspec.Struct, frozen=True):
    """A note's id and moment, drawn before the unit of work, and who did it (`key:7`, `user:9`)."""

    note_id: int
    at: int
    made_by: str


def note(tx: Transaction, card_id: int, noted: Noted, *, kind: str, about: dict[str, Any]) -> None:
    """Keep what was done to a card, once by the note's id; under the card's lock."""
    text = msgspec.json.encode(about).decode()
    row = NoteRow(noted.note_id, noted.at, kind, text, noted.made_by)
    member_queries.insert_note(tx, card_id, row)
