"""All SQL of the cap on promotional messages: what a person was sent of late."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"promotion_sent": "DELETE FROM promotion_sent WHERE user_id = ?"}
KEPT: dict[str, str] = {}
EXPORT = {
    "promotions": "SELECT sent_at FROM promotion_sent WHERE user_id = ? ORDER BY sent_at",
}


class SentRow(msgspec.Struct, frozen=True):
    """When a person was sent a promotion, and for which of his cards; None: for any."""

    sent_at: int
    card_id: int | None


def sent(tx: Transaction, user_id: int, promotion_id: int) -> SentRow | None:
    """Read how a person was sent a promotion; None: not yet."""
    return tx.one(
        SentRow,
        "SELECT sent_at, card_id FROM promotion_sent WHERE user_id = ? AND promotion_id = ?",
        *(user_id, promotion_id),
    )


def count_since(tx: Transaction, user_id: int, after: int) -> int:
    """Count what a person was sent after a moment."""
    found = tx.value(
        "SELECT count(*) FROM promotion_sent WHERE user_id = ? AND sent_at > ?", user_id, after
    )
    return found if isinstance(found, int) else 0


def insert_sent(
    tx: Transaction, user_id: int, promotion_id: int, *, card_id: int | None, now: int
) -> None:
    """Note that a promotion goes to a person; under his lock."""
    tx.run(
        "INSERT INTO promotion_sent (user_id, promotion_id, sent_at, card_id) VALUES (?, ?, ?, ?)",
        *(user_id, promotion_id, now, card_id),
    )


def prune(tx: Transaction, user_id: int, until: int) -> None:
    """Forget what was sent at or before a moment: it counts no more."""
    tx.run("DELETE FROM promotion_sent WHERE user_id = ? AND sent_at <= ?", user_id, until)
