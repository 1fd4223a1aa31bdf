"""All SQL of the cap on promotional messages: what a person was sent of late."""

from __future__ import annotations

from app.storage.database import Transaction

ERASE = {"promotion_sent": "DELETE FROM promotion_sent WHERE user_id = ?"}
KEPT: dict[str, str] = {}
EXPORT = {
    "promotions": "SELECT sent_at FROM promotion_sent WHERE user_id = ? ORDER BY sent_at",
}


def sent_at(tx: Transaction, user_id: int, promotion_id: int) -> int | None:
    """Return when a person was sent a promotion; None: not yet."""
    found = tx.value(
        "SELECT sent_at FROM promotion_sent WHERE user_id = ? AND promotion_id = ?",
        *(user_id, promotion_id),
    )
    return found if isinstance(found, int) else None


def count_since(tx: Transaction, user_id: int, after: int) -> int:
    """Count what a person was sent after a moment."""
    found = tx.value(
        "SELECT count(*) FROM promotion_sent WHERE user_id = ? AND sent_at > ?", user_id, after
    )
    return found if isinstance(found, int) else 0


def insert_sent(tx: Transaction, user_id: int, promotion_id: int, now: int) -> None:
    """Note that a promotion goes to a person; under his lock."""
    tx.run(
        "INSERT INTO promotion_sent (user_id, promotion_id, sent_at) VALUES (?, ?, ?)",
        *(user_id, promotion_id, now),
    )


def prune(tx: Transaction, user_id: int, until: int) -> None:
    """Forget what was sent at or before a moment: it counts no more."""
    tx.run("DELETE FROM promotion_sent WHERE user_id = ? AND sent_at <= ?", user_id, until)
