"""SQL of a simulation: which cards of a program it takes."""

from __future__ import annotations

from app.storage.database import Transaction


def lively_cards(tx: Transaction, program_id: int, since: int, limit: int) -> list[int]:
    """List cards to which something happened since a moment, the latest first.

    # across: a sample of a program's cards
    """
    return tx.all(
        int,
        "SELECT card_id FROM ledger_account WHERE program_id = ? AND updated_at >= ?"
        " AND merged_into IS NULL AND journal > 0 ORDER BY updated_at DESC, card_id LIMIT ?",
        *(program_id, since, limit),
    )
