"""All SQL of imports: what a wallet has already of what a file brings."""

from __future__ import annotations

from app.storage.database import Transaction

SIDES_MAX = 15_000  # three pictures of each card that a wallet may hold


def sides_of(tx: Transaction, user_id: int) -> list[tuple[int, str]]:
    """List (card id, side) of the pictures that a user has, without the pictures."""
    return tx.all(
        _pair,
        "SELECT card_id, side FROM card_picture WHERE user_id = ? LIMIT ?",
        *(user_id, SIDES_MAX),
    )


def _pair(card_id: object, side: object) -> tuple[int, str]:
    assert isinstance(card_id, int) and isinstance(side, str)
    return card_id, side
