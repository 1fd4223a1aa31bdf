"""All SQL of figures: sums and lists over a program's cards, some of them at a time."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Range(msgspec.Struct, frozen=True):
    """Cards of a program: behind one id, up to another."""

    program_id: int
    after: int
    last: int


class PassLife(msgspec.Struct, frozen=True):
    """When a pass came into a wallet first, and when the last one lost it."""

    card_id: int
    wallet: str
    installed: int
    added_at: int | None
    removed_at: int | None
    voided_at: int | None


class EntryFact(msgspec.Struct, frozen=True):
    """An entry of a card."""

    card_id: int
    kind: str
    unit: str
    units: int
    rule: str
    at: int


class Visit(msgspec.Struct, frozen=True):
    """When something was bought with a card."""

    card_id: int
    at: int


def card_ids(tx: Transaction, program_id: int, after: int, limit: int) -> list[int]:
    """List a page of a program's cards, ended ones too. # across: a page of its figures"""
    sql = "SELECT card_id FROM card WHERE program_id = ? AND card_id > ? ORDER BY card_id LIMIT ?"
    return tx.all(int, sql, program_id, after, limit)


def live_cards(tx: Transaction, program_id: int, now: int) -> int:
    """Count a program's cards in force. # across: a figure"""
    found = tx.value(
        "SELECT count(*) FROM card WHERE program_id = ? AND voided_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > ?)",
        *(program_id, now),
    )
    return found if isinstance(found, int) else 0


def pass_lives(tx: Transaction, cards: Range) -> list[PassLife]:
    """List passes that were in a wallet once. # across: a page of figures"""
    return tx.all(
        PassLife,
        "SELECT p.card_id, p.wallet, p.installed, p.added_at, p.removed_at, p.voided_at"
        " FROM card c JOIN pass p ON p.card_id = c.card_id WHERE c.program_id = ?"
        " AND c.card_id > ? AND c.card_id <= ? AND p.added_at IS NOT NULL",
        *(cards.program_id, cards.after, cards.last),
    )


def entries(tx: Transaction, cards: Range, since: int, until: int) -> list[EntryFact]:
    """List entries from a moment until before another. # across: a page of figures"""
    return tx.all(
        EntryFact,
        "SELECT e.card_id, e.kind, e.unit, e.units, e.rule, e.at FROM card c"
        " JOIN entry e ON e.card_id = c.card_id WHERE c.program_id = ? AND c.card_id > ?"
        " AND c.card_id <= ? AND e.at >= ? AND e.at < ?",
        *(cards.program_id, cards.after, cards.last, since, until),
    )


def tickets(tx: Transaction, cards: Range, since: int, until: int) -> list[Visit]:
    """List tickets of which refunds have left something. # across: a page of figures"""
    return tx.all(
        Visit,
        "SELECT t.card_id, t.occurred_at FROM card c JOIN ticket t ON t.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.card_id > ? AND c.card_id <= ? AND t.occurred_at >= ?"
        " AND t.occurred_at < ? AND t.net > 0",
        *(cards.program_id, cards.after, cards.last, since, until),
    )


def moved(tx: Transaction, cards: Range, since: int, until: int) -> list[Visit]:
    """List statements that told another balance than the one before. # across: a page of figures"""
    return tx.all(
        Visit,
        "SELECT s.card_id, s.as_of FROM card c JOIN statement s ON s.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.card_id > ? AND c.card_id <= ? AND s.as_of >= ?"
        " AND s.as_of < ? AND s.balances <> (SELECT b.balances FROM statement b"
        " WHERE b.card_id = s.card_id AND b.sequence < s.sequence"
        " ORDER BY b.sequence DESC LIMIT 1)",
        *(cards.program_id, cards.after, cards.last, since, until),
    )


def states(tx: Transaction, cards: Range) -> list[str]:
    """List the engine's accounts, JSON. # across: a page of figures"""
    return tx.all(
        str,
        "SELECT l.state FROM card c JOIN ledger_account l ON l.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.card_id > ? AND c.card_id <= ?",
        *(cards.program_id, cards.after, cards.last),
    )


def voucher_money(tx: Transaction, cards: Range, now: int) -> int:
    """Sum what vouchers are worth that may still be used. # across: a page of figures"""
    found = tx.value(
        "SELECT coalesce(sum(v.value), 0) FROM card c JOIN voucher v ON v.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.card_id > ? AND c.card_id <= ? AND v.status = 'issued'"
        " AND v.kind = 'amount' AND (v.expires_at IS NULL OR v.expires_at > ?)",
        *(cards.program_id, cards.after, cards.last, now),
    )
    return int(str(found or 0))


def vouchers_used(tx: Transaction, cards: Range, since: int, until: int) -> int:
    """Count vouchers used from a moment until before another. # across: a page of figures"""
    found = tx.value(
        "SELECT count(*) FROM card c JOIN voucher v ON v.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.card_id > ? AND c.card_id <= ?"
        " AND v.used_at >= ? AND v.used_at < ? AND v.status = 'used'",
        *(cards.program_id, cards.after, cards.last, since, until),
    )
    return found if isinstance(found, int) else 0
