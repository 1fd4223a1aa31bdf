"""All SQL of what merchants' messages left on cards, and of where a till last saw a card."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "card_promotion": "DELETE FROM card_promotion WHERE card_id = ?",
    "card_visit": "DELETE FROM card_visit WHERE card_id = ?",
}
KEPT: dict[str, str] = {}
EXPORT = {  # of the cards that a user owns, what he was sent
    "messages": "SELECT c.public_id AS card_id, m.sent_at, p.texts FROM holding h"
    " JOIN card c ON c.card_id = h.card_id JOIN card_promotion m ON m.card_id = h.card_id"
    " AND m.user_id = h.user_id JOIN promotion p ON p.program_id = c.program_id"
    " AND p.promotion_id = m.promotion_id WHERE h.user_id = ? ORDER BY h.card_id, m.sent_at",
    "visits": "SELECT c.public_id AS card_id, v.visited_at, v.location_id FROM holding h"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN card c ON c.card_id = h.card_id JOIN card_visit v ON v.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.card_id",
}


class Promoted(msgspec.Struct, frozen=True):
    """A message on a card: to whom, when. `texts`: JSON, one per language."""

    promotion_id: int
    user_id: int
    sent_at: int
    texts: str


def latest(tx: Transaction, card_id: int) -> Promoted | None:
    """Read the newest message that a card was sent."""
    return tx.one(
        Promoted,
        "SELECT m.promotion_id, m.user_id, m.sent_at, p.texts FROM card_promotion m"
        " JOIN card c ON c.card_id = m.card_id JOIN promotion p ON p.program_id = c.program_id"
        " AND p.promotion_id = m.promotion_id WHERE m.card_id = ?"
        " ORDER BY m.sent_at DESC, m.promotion_id DESC LIMIT 1",
        card_id,
    )


def page(tx: Transaction, card_id: int, before: tuple[int, int], limit: int) -> list[Promoted]:
    """List what a card was sent, the newest first, before a (moment, message)."""
    return tx.all(
        Promoted,
        "SELECT m.promotion_id, m.user_id, m.sent_at, p.texts FROM card_promotion m"
        " JOIN card c ON c.card_id = m.card_id JOIN promotion p ON p.program_id = c.program_id"
        " AND p.promotion_id = m.promotion_id WHERE m.card_id = ?"
        " AND (m.sent_at, m.promotion_id) < (?, ?)"
        " ORDER BY m.sent_at DESC, m.promotion_id DESC LIMIT ?",
        *(card_id, *before, limit),
    )


def is_promoted(tx: Transaction, card_id: int, promotion_id: int) -> bool:
    """Say whether a card has a message already."""
    found = tx.value(
        "SELECT 1 FROM card_promotion WHERE card_id = ? AND promotion_id = ?",
        *(card_id, promotion_id),
    )
    return found is not None


def count_since(tx: Transaction, card_id: int, user_id: int, after: int) -> int:
    """Count what a card's person was sent after a moment."""
    found = tx.value(
        "SELECT count(*) FROM card_promotion WHERE card_id = ? AND user_id = ? AND sent_at > ?",
        *(card_id, user_id, after),
    )
    return found if isinstance(found, int) else 0


def insert(tx: Transaction, card_id: int, promotion_id: int, user_id: int, *, now: int) -> None:
    """Put a message on a card; under its lock."""
    tx.run(
        "INSERT INTO card_promotion (card_id, promotion_id, user_id, sent_at) VALUES (?, ?, ?, ?)",
        *(card_id, promotion_id, user_id, now),
    )


def prune(tx: Transaction, card_id: int, until: int) -> None:
    """Forget what a card was sent until a moment; under its lock."""
    tx.run("DELETE FROM card_promotion WHERE card_id = ? AND sent_at <= ?", card_id, until)


def put_visit(tx: Transaction, card_id: int, location_id: str, at: int) -> None:
    """Note where a till took a ticket of a card, unless a later one is known; under its lock."""
    tx.run(
        "INSERT INTO card_visit (card_id, visited_at, location_id) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id) DO UPDATE SET visited_at = excluded.visited_at,"
        " location_id = excluded.location_id WHERE card_visit.visited_at <= excluded.visited_at",
        *(card_id, at, location_id),
    )
