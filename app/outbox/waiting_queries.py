"""SQL of cards whose new events no webhook deliveries were made of yet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"webhook_waiting": "an event's number by ids of ours"}


class Waiting(msgspec.Struct, frozen=True):
    """A card with events from a number on of which no deliveries were made yet."""

    card_id: int
    merchant_id: int
    first_sequence: int


class EventRow(msgspec.Struct, frozen=True):
    """An event. `facts`: JSON."""

    sequence: int
    public_id: bytes
    type: str
    at: int
    facts: str


def told_of(tx: Transaction, card_ids: Sequence[int]) -> dict[int, int]:
    """Find which of many cards have a merchant with an endpoint, and who that is. # batch"""
    sql = (
        "SELECT c.card_id, p.merchant_id FROM card c JOIN program p ON p.program_id = c.program_id"
        " WHERE EXISTS (SELECT 1 FROM webhook w WHERE w.merchant_id = p.merchant_id"
        " AND w.deleted_at IS NULL) AND EXISTS (SELECT 1 FROM webhook) AND c.card_id IN ("
    )
    return dict(
        tx.all(
            lambda card_id, merchant_id: (int(card_id), int(merchant_id)),
            sql + ",".join("?" * len(card_ids)) + ")",
            *card_ids,
        )
    )


def wait(tx: Transaction, waiting: Sequence[tuple[int, int, int]], *, now: int) -> None:
    """Have deliveries made of new events: (card id, merchant id, first event number). # batch

    What waits already begins with an earlier event.
    """
    tx.run_many(
        "INSERT INTO webhook_waiting (card_id, merchant_id, first_sequence, at)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (card_id) DO NOTHING",
        [(*each, now) for each in waiting],
    )


def oldest(tx: Transaction, limit: int) -> list[Waiting]:
    """List cards that wait, the longest waiting first. # across: what the worker takes"""
    sql = "SELECT card_id, merchant_id, first_sequence FROM webhook_waiting ORDER BY at LIMIT ?"
    return tx.all(Waiting, sql, limit)


def by_card(tx: Transaction, card_id: int) -> Waiting | None:
    """Read what waits of a card."""
    sql = "SELECT card_id, merchant_id, first_sequence FROM webhook_waiting WHERE card_id = ?"
    return tx.one(Waiting, sql, card_id)


def go_on(tx: Transaction, card_id: int, first_sequence: int) -> None:
    """Note from which event on deliveries are still to be made; under the lock of its counts."""
    tx.run(
        "UPDATE webhook_waiting SET first_sequence = ? WHERE card_id = ?", first_sequence, card_id
    )


def end(tx: Transaction, card_id: int) -> None:
    """Note that deliveries were made of all events; under the lock of its counts."""
    tx.run("DELETE FROM webhook_waiting WHERE card_id = ?", card_id)


def events_from(tx: Transaction, card_id: int, first: int, limit: int) -> list[EventRow]:
    """List a card's events from a number on."""
    return tx.all(
        EventRow,
        "SELECT sequence, public_id, type, at, facts FROM event WHERE card_id = ?"
        " AND sequence >= ? ORDER BY sequence LIMIT ?",
        *(card_id, first, limit),
    )


def last_told_state(tx: Transaction, card_id: int, sequence: int) -> str | None:
    """Return the facts of the newest event up to a number that say balances and tier."""
    found = tx.value(
        "SELECT facts FROM event WHERE card_id = ? AND sequence <= ?"
        " AND type IN ('balance.updated', 'tier.changed') ORDER BY sequence DESC LIMIT 1",
        *(card_id, sequence),
    )
    return found if isinstance(found, str) else None


def has_state_after(tx: Transaction, card_id: int, sequence: int) -> bool:
    """Tell whether a later event says balances and tier."""
    found = tx.value(
        "SELECT 1 FROM event WHERE card_id = ? AND sequence > ?"
        " AND type IN ('balance.updated', 'tier.changed') LIMIT 1",
        *(card_id, sequence),
    )
    return found is not None
