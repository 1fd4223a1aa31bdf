"""A fact and the work it causes are one unit of work: these are called inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.outbox import mail_queries, queries, waiting_queries
from app.storage.database import Transaction

AT_TILL, TIER, SINGLE, BULK = range(4)  # priorities: the smaller is told first
APPLE = "apple"  # channels: what has one of its own names it


def begin_card(tx: Transaction, card_id: int) -> None:
    """Give a new card its change count, revision 1."""
    queries.insert_revision(tx, card_id)


def touch(tx: Transaction, card_id: int, *, now: int, priority: int = BULK) -> int:
    """Say that what the card shows has changed; return its new revision."""
    revision = queries.raise_revision(tx, card_id)
    queries.want(tx, card_id, revision, priority=priority, now=now)
    return revision


def record(
    tx: Transaction,
    card_id: int,
    kind: str,
    *,
    event_public_id: bytes,
    facts: dict[str, Any],
    now: int,
) -> None:
    """Write an event (`balance.updated`, `pass.added`, …) that webhooks will be told."""
    count = queries.raise_counts(tx, card_id, revisions=0, events=1)
    queries.insert_event(
        tx, card_id, count.events, event_public_id, kind=kind, at=now, facts=_text(facts)
    )
    if count.told is not None:
        waiting_queries.wait(tx, [(card_id, count.told, count.events)], now=now)


class Event(msgspec.Struct, frozen=True):
    """What a webhook will be told of a change."""

    public_id: bytes
    kind: str
    facts: dict[str, Any]


class Changed(msgspec.Struct, frozen=True):
    """A card that shows something new, how urgent that is, and its events in order."""

    card_id: int
    priority: int
    events: tuple[Event, ...]


def change(tx: Transaction, changed: Changed, *, now: int) -> int:
    """Do `touch` and `record` of one change with one count less; return the new revision."""
    card_id, events = changed.card_id, changed.events
    count = queries.raise_counts(tx, card_id, revisions=1, events=len(events))
    queries.want(tx, card_id, count.revision, priority=changed.priority, now=now)
    first = count.events - len(events) + 1
    for sequence, event in enumerate(events, first):
        facts = _text(event.facts)
        queries.insert_event(
            tx, card_id, sequence, event.public_id, kind=event.kind, at=now, facts=facts
        )
    if events and count.told is not None:
        waiting_queries.wait(tx, [(card_id, count.told, first)], now=now)
    return count.revision


def change_many(tx: Transaction, changes: Sequence[Changed], *, now: int) -> None:
    """Do `change` of many, in order, for cards which the caller has locked. # batch"""
    counts = queries.counts_of(tx, sorted({changed.card_id for changed in changes}))
    wanted: dict[int, tuple[int, int, int]] = {}
    events = []
    for changed in changes:
        card_id = changed.card_id
        revision, last = counts[card_id]
        counts[card_id] = (revision + 1, last + len(changed.events))
        priority = min(changed.priority, wanted.get(card_id, (0, 0, BULK))[2])
        wanted[card_id] = (card_id, revision + 1, priority)
        for sequence, event in enumerate(changed.events, last + 1):
            events.append((card_id, sequence, event.public_id, event.kind, _text(event.facts)))
    queries.set_counts(tx, counts)
    queries.want_many(tx, list(wanted.values()), now=now)
    queries.insert_events(tx, events, now=now)
    if events:
        _wait_many(tx, events, now=now)


def _wait_many(
    tx: Transaction, events: Sequence[tuple[int, int, bytes, str, str]], *, now: int
) -> None:
    """Have deliveries made of those whose merchant has an endpoint. # batch"""
    first: dict[int, int] = {}
    for card_id, sequence, *_ in events:
        first.setdefault(card_id, sequence)
    told = waiting_queries.told_of(tx, sorted(first))
    if told:
        waiting_queries.wait(
            tx, [(card_id, told[card_id], first[card_id]) for card_id in sorted(told)], now=now
        )


def _text(facts: dict[str, Any]) -> str:
    return msgspec.json.encode(facts).decode()


def send_mail(
    tx: Transaction,
    *,
    address_hash: bytes,
    mail_id: int,
    recipient: str,
    subject: str,
    body: str,
    now: int,
) -> None:
    """Queue a mail with the fact that causes it; `address_hash`: keyed, for erasure."""
    mail = mail_queries.Mail(address_hash, mail_id, recipient, subject, body, 0)
    mail_queries.insert_mail(tx, mail, now=now)
