"""SQL of collective challenges: each card's part, their sums, and what was reached."""

from __future__ import annotations

import msgspec

from app.ledger.message_queries import News
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "challenge_part": "figures by an id of ours",
    "challenge_sum": "sums over many cards",
    "challenge_reached": "a program's own moment",
}


class Part(msgspec.Struct, frozen=True):
    """A card's part in a challenge as its program knows it; `number`: the card's journal then."""

    value: int
    number: int


def lock_sum(tx: Transaction, program_id: int, challenge: str, shard: int) -> int:
    """Lock the sum of a share of the cards and return it."""
    tx.run(
        "INSERT INTO challenge_sum (program_id, challenge, shard, value) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (program_id, challenge, shard) DO NOTHING",
        *(program_id, challenge, shard),
    )
    sql = "SELECT value FROM challenge_sum WHERE program_id = ? AND challenge = ? AND shard = ?"
    found = tx.value(sql + tx.for_update, program_id, challenge, shard)
    assert isinstance(found, int)
    return found


def set_sum(tx: Transaction, program_id: int, challenge: str, shard: int, *, value: int) -> None:
    """Write the sum of a share of the cards."""
    tx.run(
        "UPDATE challenge_sum SET value = ? WHERE program_id = ? AND challenge = ? AND shard = ?",
        *(value, program_id, challenge, shard),
    )


def total(tx: Transaction, program_id: int, challenge: str) -> int:
    """Return what all cards have reached."""
    found = tx.value(
        "SELECT coalesce(sum(value), 0) FROM challenge_sum WHERE program_id = ? AND challenge = ?",
        *(program_id, challenge),
    )
    assert isinstance(found, int)
    return found


def part(tx: Transaction, program_id: int, challenge: str, card_id: int) -> Part | None:
    """Read a card's part."""
    return tx.one(
        Part,
        "SELECT value, number FROM challenge_part"
        " WHERE program_id = ? AND challenge = ? AND card_id = ?",
        *(program_id, challenge, card_id),
    )


def put_part(tx: Transaction, program_id: int, news: News) -> None:
    """Write a card's part."""
    tx.run(
        "INSERT INTO challenge_part (program_id, challenge, card_id, value, tickets, number)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (program_id, challenge, card_id) DO UPDATE SET"
        " value = excluded.value, tickets = excluded.tickets, number = excluded.number",
        *(program_id, news.challenge, news.card_id, news.value, news.tickets, news.number),
    )


def reach(tx: Transaction, program_id: int, challenge: str, *, event: str, now: int) -> None:
    """Note that a target is reached, and what each card gets (JSON); once."""
    tx.run(
        "INSERT INTO challenge_reached (program_id, challenge, reached_at, event)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (program_id, challenge) DO NOTHING",
        *(program_id, challenge, now, event),
    )


def reached(tx: Transaction, program_id: int, challenge: str) -> str | None:
    """Return what each card gets once a target is reached (JSON); None: it is not yet."""
    found = tx.value(
        "SELECT event FROM challenge_reached WHERE program_id = ? AND challenge = ?",
        *(program_id, challenge),
    )
    return found if isinstance(found, str) else None


def waiting_cards(tx: Transaction, program_id: int, challenge: str, limit: int) -> list[int]:
    """List cards that took part and did not get it yet."""
    return tx.all(
        int,
        "SELECT card_id FROM challenge_part WHERE program_id = ? AND challenge = ?"
        " AND granted_at IS NULL AND tickets > 0 ORDER BY card_id LIMIT ?",
        *(program_id, challenge, limit),
    )


def note_granted(
    tx: Transaction, program_id: int, challenge: str, card_id: int, *, now: int
) -> None:
    """Note that a card got it."""
    tx.run(
        "UPDATE challenge_part SET granted_at = ? WHERE program_id = ? AND challenge = ?"
        " AND card_id = ? AND granted_at IS NULL",
        *(now, program_id, challenge, card_id),
    )


def running(tx: Transaction, limit: int) -> list[tuple[int, str]]:
    """List challenges with parts, not reached yet. # across: what the sweeper adds up again"""
    return tx.all(
        lambda program_id, challenge: (int(program_id), str(challenge)),
        "SELECT DISTINCT s.program_id, s.challenge FROM challenge_sum s"
        " LEFT JOIN challenge_reached r"
        " ON r.program_id = s.program_id AND r.challenge = s.challenge"
        " WHERE r.program_id IS NULL LIMIT ?",
        limit,
    )


def granting(tx: Transaction, limit: int) -> list[tuple[int, str]]:
    """List reached challenges with cards that wait. # across: what the sweeper grants"""
    return tx.all(
        lambda program_id, challenge: (int(program_id), str(challenge)),
        "SELECT r.program_id, r.challenge FROM challenge_reached r WHERE EXISTS"
        " (SELECT 1 FROM challenge_part p WHERE p.program_id = r.program_id"
        " AND p.challenge = r.challenge AND p.granted_at IS NULL AND p.tickets > 0) LIMIT ?",
        limit,
    )
