"""All SQL of what a merchant takes along: a program's cards, their entries and statements."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class CardNamed(msgspec.Struct, frozen=True):
    """A card of a program, also one that has ended."""

    card_id: int
    public_id: bytes
    number: str


class EntryTold(msgspec.Struct, frozen=True):
    """An entry with the reason that somebody wrote down."""

    number: int
    at: int
    kind: str
    unit: str
    units: int
    rule: str
    reason: str | None


class StatementTold(msgspec.Struct, frozen=True):
    """A statement; `balances` is JSON."""

    sequence: int
    as_of: int
    balances: str
    tier: str | None
    message: str | None


def cards_after(tx: Transaction, program_id: int, card_id: int, limit: int) -> list[CardNamed]:
    """List a page of a program's cards. # across: what its merchant takes along"""
    return tx.all(
        CardNamed,
        "SELECT card_id, public_id, number FROM card WHERE program_id = ? AND card_id > ?"
        " ORDER BY card_id LIMIT ?",
        *(program_id, card_id, limit),
    )


def entries_after(tx: Transaction, card_id: int, number: int, limit: int) -> list[EntryTold]:
    """List a card's entries above a number, oldest first."""
    return tx.all(
        EntryTold,
        "SELECT e.number, e.at, e.kind, e.unit, e.units, e.rule, r.reason FROM entry e"
        " LEFT JOIN reason_text r ON r.card_id = e.card_id AND r.journal = e.journal"
        " AND e.kind = 'adjust' WHERE e.card_id = ? AND e.number > ? ORDER BY e.number LIMIT ?",
        *(card_id, number, limit),
    )


def statements_after(
    tx: Transaction, card_id: int, sequence: int, limit: int
) -> list[StatementTold]:
    """List a card's statements above a sequence, oldest first."""
    return tx.all(
        StatementTold,
        "SELECT sequence, as_of, balances, tier, message FROM statement"
        " WHERE card_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        *(card_id, sequence, limit),
    )
