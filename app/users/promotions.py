"""How many promotional messages a person gets, across all merchants (specs: loyalty §10, §14)."""

from __future__ import annotations

from app.storage.database import Transaction
from app.users import promotion_queries as queries
from app.users.queries import lock_user

PROMOTIONS_MAX = 3
WINDOW_DAYS = 7
WINDOW = WINDOW_DAYS * 24 * 3600 * 1_000_000  # microseconds


def take(tx: Transaction, user_id: int, promotion_id: int, *, now: int) -> bool:
    """Say whether a promotion may go to a person, and count it; the same one again may too.

    One sent exactly a window ago has left it, as in `push_cap`. A user who is gone gets none.
    """
    if lock_user(tx, user_id) is None:
        return False
    if queries.sent_at(tx, user_id, promotion_id) is not None:
        return True
    queries.prune(tx, user_id, now - WINDOW)
    if queries.count_since(tx, user_id, now - WINDOW) >= PROMOTIONS_MAX:
        return False
    queries.insert_sent(tx, user_id, promotion_id, now)
    return True
