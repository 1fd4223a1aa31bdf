"""All SQL of the outbox: revisions, what the outside must be told, events and mails."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.storage.database import Transaction

ERASE = {
    "event": "DELETE FROM event WHERE card_id = ?",  # facts hold balances and messages
}
KEPT = {
    "card_revision": "a count by an id of ours",
    "outbox": "what is still to be told, by an id of ours",
}
EXPORT = {  # of the cards that a user owns
    "events": "SELECT c.public_id AS card_id, e.sequence, e.type, e.at, e.facts FROM holding h"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN card c ON c.card_id = h.card_id JOIN event e ON e.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.position, h.card_id, e.sequence",
}


class Due(msgspec.Struct, frozen=True):
    """A card that the outside must be told of, up to a revision."""

    card_id: int
    wanted: int
    attempts: int


class Waiting(msgspec.Struct, frozen=True):
    """A card that waits to be told."""

    card_id: int
    priority: int
    merchant_id: int


def insert_revision(tx: Transaction, card_id: int) -> None:
    """Begin a card's change count at 1."""
    tx.run(
        "INSERT INTO card_revision (card_id, revision, events) VALUES (?, 1, 0)"
        " ON CONFLICT (card_id) DO NOTHING",
        card_id,
    )


def raise_revision(tx: Transaction, card_id: int) -> int:
    """Add 1 to the card's change count and return it."""
    found = tx.value(
        "UPDATE card_revision SET revision = revision + 1 WHERE card_id = ? RETURNING revision",
        card_id,
    )
    assert isinstance(found, int), "every card has its count from its first unit of work"
    return found


def revision(tx: Transaction, card_id: int) -> int:
    """Return the card's change count, 0 for a card that is not there."""
    found = tx.value("SELECT revision FROM card_revision WHERE card_id = ?", card_id)
    return found if isinstance(found, int) else 0


def done(tx: Transaction, card_id: int, channel: str) -> int | None:
    """Return up to which revision a channel was told; None where it was never opened."""
    sql = "SELECT done FROM outbox WHERE card_id = ? AND channel = ?"
    found = tx.value(sql, card_id, channel)
    return found if isinstance(found, int) else None


def want(tx: Transaction, card_id: int, revision: int, *, priority: int, now: int) -> None:
    """Want every channel of the card told of a revision; the more urgent priority stays."""
    tx.run(
        "UPDATE outbox SET wanted = ?,"
        " priority = CASE WHEN wanted > done AND priority < ? THEN priority ELSE ? END,"
        " next_at = CASE WHEN wanted > done THEN next_at ELSE ? END"
        " WHERE card_id = ?",
        *(revision, priority, priority, now, card_id),
    )


def open_channel(
    tx: Transaction, card_id: int, channel: str, merchant_id: int, *, revision: int, done: int
) -> None:
    """Begin telling a channel of the card; an open one keeps what it has."""
    tx.run(
        "INSERT INTO outbox (card_id, channel, wanted, done, priority, merchant_id, attempts,"
        " next_at, claimed_until) VALUES (?, ?, ?, ?, 3, ?, 0, 0, 0)"
        " ON CONFLICT (card_id, channel) DO NOTHING",
        *(card_id, channel, revision, done, merchant_id),
    )


def close_channel(tx: Transaction, card_id: int, channel: str) -> None:
    """End telling a channel of the card."""
    tx.run("DELETE FROM outbox WHERE card_id = ? AND channel = ?", card_id, channel)


def reopen(tx: Transaction, card_id: int, channel: str, *, priority: int, now: int) -> None:
    """Have a channel told once more of what it was told, if nothing newer waits already."""
    tx.run(
        "UPDATE outbox SET done = wanted - 1, priority = ?, next_at = ?"
        " WHERE card_id = ? AND channel = ? AND wanted = done",
        *(priority, now, card_id, channel),
    )


def delay(tx: Transaction, card_id: int, channel: str, *, next_at: int) -> None:
    """Let a row go and tell it later; what changes meanwhile waits with it."""
    tx.run(
        "UPDATE outbox SET next_at = ?, claimed_until = 0 WHERE card_id = ? AND channel = ?",
        *(next_at, card_id, channel),
    )


def next_merchant(
    tx: Transaction, channel: str, priority: int, *, after: int, now: int
) -> int | None:
    """Find the merchant after one, in order of id, with a card to tell. # across: his turn"""
    found = tx.value(
        "SELECT merchant_id FROM outbox WHERE channel = ? AND priority = ? AND merchant_id > ?"
        " AND wanted > done AND next_at <= ? AND claimed_until <= ? ORDER BY merchant_id LIMIT 1",
        *(channel, priority, after, now, now),
    )
    return found if isinstance(found, int) else None


class Count(msgspec.Struct, frozen=True):
    """A card's counts; `told`: the merchant who has an endpoint for its events, if he has."""

    revision: int
    events: int
    told: int | None


def raise_counts(tx: Transaction, card_id: int, *, revisions: int, events: int) -> Count:
    """Add to the change count and draw event numbers; return both as they are now.

    Who has an endpoint is asked here, because a statement of its own would cost every commit.
    """
    found = tx.one(
        Count,
        "UPDATE card_revision SET revision = revision + ?, events = events + ? WHERE card_id = ?"
        " RETURNING revision, events, CASE WHEN EXISTS (SELECT 1 FROM webhook) THEN ("
        "SELECT p.merchant_id FROM card c JOIN program p ON p.program_id = c.program_id"
        " WHERE c.card_id = card_revision.card_id AND EXISTS (SELECT 1 FROM webhook w"
        " WHERE w.merchant_id = p.merchant_id AND w.deleted_at IS NULL)) END",
        *(revisions, events, card_id),
    )
    assert found is not None, "every card has its count from its first unit of work"
    return found


def counts_of(tx: Transaction, card_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Read (revision, events) of many cards, which the caller has locked. # batch"""
    sql = "SELECT card_id, revision, events FROM card_revision WHERE card_id IN ("
    return dict(
        tx.all(
            lambda card_id, revision, events: (int(card_id), (int(revision), int(events))),
            sql + ",".join("?" * len(card_ids)) + ")",
            *card_ids,
        )
    )


def set_counts(tx: Transaction, counts: dict[int, tuple[int, int]]) -> None:
    """Write (revision, events) of many cards, which the caller has locked. # batch"""
    tx.run_many(
        "UPDATE card_revision SET revision = ?, events = ? WHERE card_id = ?",
        [(*count, card_id) for card_id, count in counts.items()],
    )


def want_many(tx: Transaction, wanted: Sequence[tuple[int, int, int]], *, now: int) -> None:
    """Want every channel of many cards told: (card id, revision, priority). # batch"""
    tx.run_many(
        "UPDATE outbox SET wanted = ?,"
        " priority = CASE WHEN wanted > done AND priority < ? THEN priority ELSE ? END,"
        " next_at = CASE WHEN wanted > done THEN next_at ELSE ? END WHERE card_id = ?",
        [(revision, priority, priority, now, card_id) for card_id, revision, priority in wanted],
    )


def insert_events(
    tx: Transaction, events: Sequence[tuple[int, int, bytes, str, str]], *, now: int
) -> None:
    """Write many events: (card id, sequence, public id, type, facts). # batch"""
    tx.run_many(
        "INSERT INTO event (card_id, sequence, public_id, type, at, facts)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(*event[:4], now, event[4]) for event in events],
    )


def insert_event(
    tx: Transaction,
    card_id: int,
    sequence: int,
    public_id: bytes,
    *,
    kind: str,
    at: int,
    facts: str,
) -> None:
    """Write an event for webhooks."""
    tx.run(
        "INSERT INTO event (card_id, sequence, public_id, type, at, facts)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *(card_id, sequence, public_id, kind, at, facts),
    )


def due(tx: Transaction, channel: str, now: int, limit: int) -> list[Waiting]:
    """List cards with something to tell, urgent ones first. # across: what the worker takes"""
    return tx.all(
        Waiting,
        "SELECT card_id, priority, merchant_id FROM outbox WHERE channel = ? AND wanted > done"
        " AND next_at <= ? AND claimed_until <= ? ORDER BY priority, merchant_id, next_at LIMIT ?",
        *(channel, now, now, limit),
    )


def merchants_waiting(tx: Transaction, channel: str, priority: int, limit: int) -> list[int]:
    """List merchants with cards of a priority to tell, by skips in the index. # across: shares"""
    return tx.all(
        int,
        "SELECT merchant_id FROM (WITH RECURSIVE waiting (merchant_id) AS ("
        "SELECT MIN(merchant_id) FROM outbox WHERE channel = ? AND priority = ? AND wanted > done"
        " UNION ALL SELECT (SELECT MIN(o.merchant_id) FROM outbox o WHERE o.channel = ?"
        " AND o.priority = ? AND o.wanted > o.done AND o.merchant_id > waiting.merchant_id)"
        " FROM waiting WHERE waiting.merchant_id IS NOT NULL)"
        " SELECT merchant_id FROM waiting) AS found WHERE merchant_id IS NOT NULL LIMIT ?",
        *(channel, priority, channel, priority, limit),
    )


def due_of_merchant(
    tx: Transaction, channel: str, priority: int, merchant_id: int, *, now: int, limit: int
) -> list[int]:
    """List one merchant's cards of a priority to tell, the oldest first. # across: his share"""
    return tx.all(
        int,
        "SELECT card_id FROM outbox WHERE channel = ? AND priority = ? AND merchant_id = ?"
        " AND wanted > done AND next_at <= ? AND claimed_until <= ? ORDER BY next_at LIMIT ?",
        *(channel, priority, merchant_id, now, now, limit),
    )


def claim(tx: Transaction, card_id: int, channel: str, *, now: int, until: int) -> Due | None:
    """Take a card's row until a moment; None when another worker has it or all is told."""
    return tx.one(
        Due,
        "UPDATE outbox SET claimed_until = ?, attempts = attempts + 1"
        " WHERE card_id = ? AND channel = ? AND wanted > done AND claimed_until <= ?"
        " RETURNING card_id, wanted, attempts",
        *(until, card_id, channel, now),
    )


def settle(tx: Transaction, card_id: int, channel: str, told: int) -> None:
    """Note that the outside was told up to a revision, and let the row go."""
    tx.run(
        "UPDATE outbox SET done = CASE WHEN done < ? THEN ? ELSE done END, attempts = 0,"
        " claimed_until = 0 WHERE card_id = ? AND channel = ?",
        *(told, told, card_id, channel),
    )


def old_events(tx: Transaction, before: int, limit: int) -> list[tuple[int, int]]:
    """List some of the events older than a moment. # across: what is pruned"""
    return tx.all(
        lambda card_id, sequence: (int(card_id), int(sequence)),
        "SELECT card_id, sequence FROM event WHERE at < ? LIMIT ?",
        before,
        limit,
    )


def delete_events(tx: Transaction, events: Sequence[tuple[int, int]]) -> None:
    """Delete events. # batch"""
    tx.run_many("DELETE FROM event WHERE card_id = ? AND sequence = ?", events)
