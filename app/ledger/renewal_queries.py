"""SQL of new versions of rules reaching the cards that were stored under older ones."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"renewal": "a program's own version"}


class Renewal(msgspec.Struct, frozen=True):
    """A program with a version its cards do not know yet, and the card up to which they do."""

    program_id: int
    version: int
    next_card_id: int


def outdated(tx: Transaction, limit: int) -> list[Renewal]:
    """List hosted programs with cards that do not know the last version. # across: the sweeper

    Half done for a version before the last, it begins anew.
    """
    return tx.all(
        Renewal,
        "SELECT p.program_id, p.version,"
        " CASE WHEN r.version = p.version - 1 THEN r.next_card_id ELSE 0 END FROM program p"
        " LEFT JOIN renewal r ON r.program_id = p.program_id"
        " WHERE p.authority = 'ledger' AND p.version > coalesce(r.version, 1) LIMIT ?",
        limit,
    )


def cards_after(tx: Transaction, renewal: Renewal, limit: int) -> list[int]:
    """List a program's cards after the last one that knows. # across: a program's cards"""
    return tx.all(
        int,
        "SELECT card_id FROM card WHERE program_id = ? AND card_id > ? ORDER BY card_id LIMIT ?",
        *(renewal.program_id, renewal.next_card_id, limit),
    )


def look_at(tx: Transaction, card_ids: Iterable[int], at: int) -> None:
    """Have cards looked at at a moment, unless they are earlier. # batch"""
    tx.run_many(
        "UPDATE ledger_account SET next_due_at = ?"
        " WHERE card_id = ? AND (next_due_at IS NULL OR next_due_at > ?)",
        [(at, card_id, at) for card_id in card_ids],
    )


def advance(tx: Transaction, renewal: Renewal) -> None:
    """Note how far a version has come; `version` rises once all cards know it."""
    tx.run(
        "INSERT INTO renewal (program_id, version, next_card_id) VALUES (?, ?, ?)"
        " ON CONFLICT (program_id) DO UPDATE SET version = excluded.version,"
        " next_card_id = excluded.next_card_id",
        *(renewal.program_id, renewal.version, renewal.next_card_id),
    )
