"""From a card's events to deliveries: one for each endpoint of its merchant.

The bodies are written while reading, so that the thread that writes only inserts. What an erasure
takes away in between is looked for again under the lock.
"""

from __future__ import annotations

from functools import partial

import msgspec

from app.cards.showing import Showing
from app.delivery import webhook_queries as queries
from app.delivery.webhook_bodies import body_of
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.ids import PUBLIC_BYTES
from app.outbox import waiting_queries
from app.outbox.waiting_queries import EventRow, Waiting
from app.partners import delivery_queries, webhook_queries
from app.partners.delivery_queries import DeliveryRow
from app.partners.webhook_queries import WebhookRow
from app.partners.webhooks import WEBHOOKS_MAX, takes
from app.storage.database import Transaction

CARDS_AT_ONCE = 200
EVENTS_AT_ONCE = 50  # of one card; it comes again for the rest


class Drawn(msgspec.Struct, frozen=True):
    """A card's new events with their bodies, and who is told."""

    waiting: Waiting
    events: tuple[tuple[EventRow, str], ...]
    endpoints: tuple[WebhookRow, ...]


async def spread(ports: Ports) -> int:
    """Make deliveries of some cards' new events; return of how many cards."""
    waiting = await ports.database.read_point(lambda tx: waiting_queries.oldest(tx, CARDS_AT_ONCE))
    if not waiting:
        return 0
    now = ports.clock.wall()
    drawn = await ports.database.read(partial(_draw, waiting=waiting, now=now))
    works = [
        partial(_write, drawn=each, secrets=ports.secrets, now=now)
        for each in sorted(drawn, key=lambda each: each.waiting.card_id)
    ]
    found = await ports.database.write_batch(works)
    failed = next((each for each in found if isinstance(each, Exception)), None)
    if failed is not None:
        raise failed  # what waits is found again
    return len(waiting)


def _draw(tx: Transaction, *, waiting: list[Waiting], now: int) -> list[Drawn]:
    show, endpoints = Showing(tx, now=now), dict[int, tuple[WebhookRow, ...]]()
    found = []
    for card in waiting:
        merchant_id = card.merchant_id
        if merchant_id not in endpoints:
            rows = webhook_queries.of_merchant(tx, merchant_id, -1, WEBHOOKS_MAX + 1)
            endpoints[merchant_id] = tuple(rows)
        rows_told = endpoints[merchant_id]
        events = waiting_queries.events_from(tx, card.card_id, card.first_sequence, EVENTS_AT_ONCE)
        bodies = tuple(
            (event, body_of(tx, card.card_id, event, show) if _is_told(rows_told, event) else "")
            for event in events
        )
        found.append(Drawn(card, bodies, rows_told))
    return found


def _is_told(endpoints: tuple[WebhookRow, ...], event: EventRow) -> bool:
    return any(_wants(endpoint, event) for endpoint in endpoints)


def _wants(endpoint: WebhookRow, event: EventRow) -> bool:
    """Tell whether an endpoint is told of an event: not of what was before it stood."""
    return event.at >= endpoint.created_at and takes(endpoint, event.type)


def _write(tx: Transaction, *, drawn: Drawn, secrets: Secrets, now: int) -> None:
    card_id = drawn.waiting.card_id
    last = delivery_queries.lock_card(tx, card_id)
    waiting = waiting_queries.by_card(tx, card_id)
    if last is None or waiting is None:
        return  # another worker was faster
    kept = waiting_queries.events_from(tx, card_id, waiting.first_sequence, EVENTS_AT_ONCE)
    standing = {event.public_id for event in kept}
    done = waiting.first_sequence - 1
    for event, body in drawn.events:
        if event.public_id in standing:
            _deliver(tx, drawn, event, body, secrets=secrets, now=now)
        done = max(done, event.sequence)
    if not drawn.events and not kept:
        done = last  # pruned or erased before it was told
    if done >= last:
        waiting_queries.end(tx, card_id)
    else:
        waiting_queries.go_on(tx, card_id, done + 1)


def _deliver(
    tx: Transaction, drawn: Drawn, event: EventRow, body: str, *, secrets: Secrets, now: int
) -> None:
    card_id, sequence = drawn.waiting.card_id, event.sequence
    told = [endpoint for endpoint in drawn.endpoints if _wants(endpoint, event)]
    for endpoint in told:
        is_on = endpoint.disabled_at is None
        # Derived, not drawn: how many there will be is known only here.
        public_id = secrets.tag("delivery", event.public_id, endpoint.public_id)[:PUBLIC_BYTES]
        row = DeliveryRow(
            card_id=card_id,
            webhook_id=endpoint.webhook_id,
            sequence=sequence,
            public_id=public_id,
            merchant_id=endpoint.merchant_id,
            event_id=event.public_id,
            type=event.type,
            status="pending" if is_on else "skipped",
            tries=0,
            attempts=0,
            next_at=now if is_on else None,
            created_at=now,
        )
        if not queries.insert_delivery(tx, row):
            continue
        queries.point_to(tx, public_id, row.key)
        if is_on:
            delivery_queries.open_lane(
                tx, card_id, endpoint.webhook_id, endpoint.merchant_id, next_at=now
            )
    if told:
        queries.put_body(tx, card_id, sequence, body)
        queries.point_to(tx, event.public_id, (card_id, 0, sequence))
