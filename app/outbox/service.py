"""A fact and the work it causes are one unit of work: these are called inside it."""

from __future__ import annotations

from typing import Any

import msgspec

from app.outbox import queries
from app.storage.database import Transaction

AT_TILL, TIER, SINGLE, BULK = range(4)  # priorities: the smaller is told first
APPLE = "apple"  # channels


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
    sequence = queries.next_event(tx, card_id)
    text = msgspec.json.encode(facts).decode()
    queries.insert_event(tx, card_id, sequence, event_public_id, kind=kind, at=now, facts=text)


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
    mail = queries.Mail(address_hash, mail_id, recipient, subject, body, 0)
    queries.insert_mail(tx, mail, now=now)
