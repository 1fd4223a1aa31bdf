"""How many promotional messages a person gets, across all merchants (specs: loyalty §10, §14)."""

from __future__ import annotations

from app.storage.database import Transaction
from app.users import promotion_queries as queries
from app.users.queries import lock_user

PROMOTIONS_MAX = 3
WINDOW_DAYS = 7
WINDOW = WINDOW_DAYS * 24 * 3600 * 1_000_000  # microseconds


def take(
    tx: Transaction, user_id: int, promotion_id: int, *, card_id: int | None = None, now: int
) -> bool:
    """Say whether a promotion may go to a person, and count it; the same one again may too.

    `card_id`: the card it comes with. It comes with one of a person's cards only: with another
    one it may not. One sent exactly a window ago has left it, as in `push_cap`. A user who is
    gone gets none.
    """
    if lock_user(tx, user_id) is None:
        return False
    known = queries.sent(tx, user_id, promotion_id)
    if known is not None:
        return known.card_id is None or known.card_id == card_id
    queries.prune(tx, user_id, now - WINDOW)
    if queries.count_since(tx, user_id, now - WINDOW) >= PROMOTIONS_MAX:
        return False
    queries.insert_sent(tx, user_id, promotion_id, card_id=card_id, now=now)
    return True
