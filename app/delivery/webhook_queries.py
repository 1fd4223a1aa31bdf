"""SQL of telling webhooks: what is made of events, what is tried next, what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.partners.delivery_queries import AttemptRow, DeliveryRow
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Lane(msgspec.Struct, frozen=True):
    """A card's queue for an endpoint."""

    card_id: int
    webhook_id: int
    merchant_id: int


def put_body(tx: Transaction, card_id: int, sequence: int, body: str) -> None:
    """Keep what is sent of an event; the first text stays."""
    tx.run(
        "INSERT INTO webhook_body (card_id, sequence, body) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, sequence) DO NOTHING",
        *(card_id, sequence, body),
    )


def insert_delivery(tx: Transaction, row: DeliveryRow) -> bool:
    """Write a delivery; False when it was there."""
    return (
        tx.run(
            "INSERT INTO webhook_delivery (card_id, webhook_id, sequence, public_id, merchant_id,"
            " event_id, type, status, tries, attempts, next_at, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (card_id, webhook_id, sequence) DO NOTHING",
            *msgspec.structs.astuple(row),
        )
        == 1
    )


def point_to(tx: Transaction, public_id: bytes, place: tuple[int, int, int]) -> None:
    """Point a public id at a delivery, or at an event (webhook 0)."""
    tx.run(
        "INSERT INTO webhook_delivery_by_public (public_id, card_id, webhook_id, sequence)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (public_id) DO NOTHING",
        public_id,
        *place,
    )


def busy_endpoints(tx: Transaction, after: int, limit: int) -> list[int]:
    """List endpoints with queues, by skips in the index, after an id. # across: their turns"""
    return tx.all(
        int,
        "SELECT webhook_id FROM (WITH RECURSIVE busy (webhook_id) AS ("
        "SELECT MIN(webhook_id) FROM webhook_lane WHERE webhook_id > ?"
        " UNION ALL SELECT (SELECT MIN(l.webhook_id) FROM webhook_lane l"
        " WHERE l.webhook_id > busy.webhook_id) FROM busy WHERE busy.webhook_id IS NOT NULL)"
        " SELECT webhook_id FROM busy) AS found WHERE webhook_id IS NOT NULL LIMIT ?",
        *(after, limit),
    )


def due_lanes(tx: Transaction, webhook_id: int, *, now: int, limit: int) -> list[Lane]:
    """List queues of an endpoint to go on with, the longest due first. # across: its turn"""
    return tx.all(
        Lane,
        "SELECT card_id, webhook_id, merchant_id FROM webhook_lane WHERE webhook_id = ?"
        " AND next_at <= ? AND claimed_until <= ? ORDER BY next_at LIMIT ?",
        *(webhook_id, now, now, limit),
    )


def claim_lane(tx: Transaction, lane: Lane, *, now: int, until: int) -> bool:
    """Take a queue until a moment; False when another worker has it or nothing is due."""
    return (
        tx.run(
            "UPDATE webhook_lane SET claimed_until = ? WHERE card_id = ? AND webhook_id = ?"
            " AND next_at <= ? AND claimed_until <= ?",
            *(until, lane.card_id, lane.webhook_id, now, now),
        )
        == 1
    )


def first_pending(tx: Transaction, lane: Lane) -> DeliveryRow | None:
    """Read the delivery whose turn it is in a queue."""
    return tx.one(
        DeliveryRow,
        "SELECT card_id, webhook_id, sequence, public_id, merchant_id, event_id, type, status,"
        " tries, attempts, next_at, created_at FROM webhook_delivery WHERE card_id = ?"
        " AND webhook_id = ? AND next_at IS NOT NULL ORDER BY sequence LIMIT 1",
        *(lane.card_id, lane.webhook_id),
    )


def settle(
    tx: Transaction, row: DeliveryRow, *, status: str, next_at: int | None, tries: int
) -> bool:
    """Write what a try came to; False when the delivery was erased meanwhile."""
    return (
        tx.run(
            "UPDATE webhook_delivery SET status = ?, next_at = ?, tries = ?, attempts = ?"
            " WHERE card_id = ? AND webhook_id = ? AND sequence = ?",
            *(status, next_at, tries, row.attempts + 1, *row.key),
        )
        == 1
    )


def insert_attempt(tx: Transaction, row: DeliveryRow, attempt: AttemptRow) -> None:
    """Keep a try; one that a worker repeated after a crash replaces nothing."""
    tx.run(
        "INSERT INTO webhook_attempt (card_id, webhook_id, sequence, number, at, status_code,"
        " error, milliseconds, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, webhook_id, sequence, number) DO NOTHING",
        *row.key,
        *msgspec.structs.astuple(attempt),
    )


def free_lane(tx: Transaction, lane: Lane, *, next_at: int) -> None:
    """Let a queue go; its first is tried at a moment."""
    tx.run(
        "UPDATE webhook_lane SET next_at = ?, claimed_until = 0"
        " WHERE card_id = ? AND webhook_id = ?",
        *(next_at, lane.card_id, lane.webhook_id),
    )


def end_lane(tx: Transaction, lane: Lane) -> None:
    """End a queue in which nothing waits."""
    tx.run(
        "DELETE FROM webhook_lane WHERE card_id = ? AND webhook_id = ?",
        *(lane.card_id, lane.webhook_id),
    )


def skip_pending(tx: Transaction, lane: Lane) -> None:
    """Give up what waits in a queue: its endpoint is off."""
    tx.run(
        "UPDATE webhook_delivery SET status = 'skipped', next_at = NULL"
        " WHERE card_id = ? AND webhook_id = ? AND next_at IS NOT NULL",
        *(lane.card_id, lane.webhook_id),
    )


class Old(msgspec.Struct, frozen=True):
    """A delivery that has been kept long enough."""

    card_id: int
    webhook_id: int
    sequence: int
    public_id: bytes
    event_id: bytes


def old(tx: Transaction, before: int, limit: int) -> list[Old]:
    """List some deliveries made before a moment. # across: what is pruned"""
    sql = (
        "SELECT card_id, webhook_id, sequence, public_id, event_id FROM webhook_delivery"
        " WHERE created_at < ? LIMIT ?"
    )
    return tx.all(Old, sql, before, limit)


def delete_attempts(tx: Transaction, rows: Sequence[Old]) -> None:
    """Delete tries. # batch"""
    tx.run_many(
        "DELETE FROM webhook_attempt WHERE card_id = ? AND webhook_id = ? AND sequence = ?",
        [(row.card_id, row.webhook_id, row.sequence) for row in rows],
    )


def delete_deliveries(tx: Transaction, rows: Sequence[Old]) -> None:
    """Delete deliveries. # batch"""
    tx.run_many(
        "DELETE FROM webhook_delivery WHERE card_id = ? AND webhook_id = ? AND sequence = ?",
        [(row.card_id, row.webhook_id, row.sequence) for row in rows],
    )


def delete_bodies(tx: Transaction, rows: Sequence[Old]) -> None:
    """Delete bodies; the deliveries of one event are of one age. # batch"""
    tx.run_many(
        "DELETE FROM webhook_body WHERE card_id = ? AND sequence = ?",
        [(row.card_id, row.sequence) for row in rows],
    )


def delete_public(tx: Transaction, rows: Sequence[Old]) -> None:
    """Forget what deliveries and their events were called outside. # batch"""
    tx.run_many(
        "DELETE FROM webhook_delivery_by_public WHERE public_id = ?",
        [(public_id,) for row in rows for public_id in (row.public_id, row.event_id)],
    )
