"""Webhooks by hand: a listener while developing, an event that did not happen, once more."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import queries as card_queries
from app.cards.schemas import CardFacts
from app.cards.showing import card_facts
from app.errors import Conflict, NotFound, invalid
from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.outbox import service as outbox
from app.partners import deliveries, delivery_queries, webhook_queries, webhooks
from app.partners.delivery_queries import DeliveryRow
from app.partners.webhook_schemas import EVENT_TYPES
from app.programs import merchant_queries
from app.programs import service as programs
from app.storage.database import Transaction

DESCRIPTION = "portecarte listen"


class ListenOrder(msgspec.Struct, frozen=True):
    """A listener to tell at an address of this machine; `is_on` False: no more."""

    url: str
    merchant: str | None
    is_on: bool = True


class Listening(msgspec.Struct, frozen=True):
    """Whose events come, and what they are signed with."""

    merchant: str
    secret: str


class TriggerOrder(msgspec.Struct, frozen=True):
    """An event that did not happen. `card` None: the newest of the merchant."""

    type: str
    card: str | None
    merchant: str | None


class Triggered(msgspec.Struct, frozen=True):
    """The event."""

    event: str
    card: str


class Resent(msgspec.Struct, frozen=True):
    """To how many endpoints an event goes once more."""

    count: int


async def listened(ports: Ports, order: ListenOrder) -> Listening:
    """Make or move a merchant's listener; its secret stays the same. Raises Conflict when live."""
    _require_sandbox(ports)
    now = ports.clock.wall()
    drawn = webhooks.draw(ports, now)

    def work(tx: Transaction) -> Listening:
        merchant_id, name = _merchant(tx, order.merchant)
        webhook_queries.lock_merchant(tx, merchant_id)
        row = webhook_queries.listener(tx, merchant_id)
        if row is None:
            row = webhooks.new_row(merchant_id, drawn, url=order.url, now=now)
            row = msgspec.structs.replace(row, is_listener=1, description=DESCRIPTION)
            webhook_queries.insert(tx, row)
            webhook_queries.insert_public(tx, row)
        row = webhooks.begun_anew(msgspec.structs.replace(row, url=order.url))
        if not order.is_on:
            row = msgspec.structs.replace(row, disabled_at=now, disabled_reason="merchant")
        webhook_queries.update(tx, row)
        return Listening(name, webhooks.shown_secret(row, ports.secrets))

    return await ports.database.write(work)


async def triggered(ports: Ports, order: TriggerOrder) -> Triggered:
    """Record an event that did not happen. Raises: Conflict when live, InvalidInput, NotFound."""
    _require_sandbox(ports)
    if order.type not in EVENT_TYPES:
        raise invalid("type", "one of " + ", ".join(EVENT_TYPES))
    now, event_id = ports.clock.wall(), ports.ids.public()

    def work(tx: Transaction) -> Triggered:
        merchant_id, name = _merchant(tx, order.merchant)
        card_id = _card(tx, merchant_id, order.card)
        if card_id is None:
            raise Conflict(f"{name} has no card yet: enrol one")
        card_queries.lock_card(tx, card_id)
        card = card_facts(tx, card_id, now=now)
        facts = _facts(order.type, card) | {"is_test": True}
        outbox.record(tx, card_id, order.type, event_public_id=event_id, facts=facts, now=now)
        return Triggered(public_id("evt", event_id), card.id)

    return await ports.database.write(work)


async def resent(ports: Ports, text: str) -> Resent:
    """Begin an event's deliveries, or one delivery, again. Raises: NotFound, Conflict."""
    raw = parse_public_id("evt", text) or parse_public_id("dlv", text)
    now = ports.clock.wall()

    def work(tx: Transaction) -> Resent:
        rows = [] if raw is None else _deliveries(tx, raw)
        on = [row for row in rows if _is_on(tx, row)]
        if not rows:
            raise invalid("ID", "no delivery of the last 30 days is called so")
        if not on:
            raise Conflict("its endpoint is switched off or deleted")
        for row in on:
            deliveries.replay(tx, row, now=now)
        return Resent(len(on))

    return await ports.database.write(work)


def _require_sandbox(ports: Ports) -> None:
    if ports.settings.is_live:
        raise Conflict("this is for the sandbox: live webhooks are told of real events only")


def _merchant(tx: Transaction, slug: str | None) -> tuple[int, str]:
    if slug is None:
        merchant_id = webhook_queries.first_merchant(tx)
    else:
        merchant_id = merchant_queries.merchant_id_by_slug(tx, slug)
    row = None if merchant_id is None else merchant_queries.merchant(tx, merchant_id)
    if row is None:
        raise invalid("merchant", "there is no such merchant: `portecarte merchants add` makes one")
    return row.merchant_id, row.name


def _card(tx: Transaction, merchant_id: int, text: str | None) -> int | None:
    if text is None:
        return webhook_queries.newest_card(tx, merchant_id)
    raw = parse_public_id("card", text)
    card_id = None if raw is None else card_queries.card_id_by_public(tx, raw)
    state = None if card_id is None else card_queries.card_state(tx, card_id)
    program_id = None if state is None else state.card.program_id
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    if program is None or program.merchant_id != merchant_id:
        raise NotFound
    return card_id


def _facts(kind: str, card: CardFacts) -> dict[str, Any]:
    if kind in {"balance.updated", "tier.changed"}:
        return {
            "sequence": card.sequence or 0,
            "balances": {each.unit: each.value for each in card.balances},
            "tier": card.tier.id if card.tier else None,
        }
    if kind.startswith("pass."):
        return {"wallet": "apple"}
    if kind.startswith("voucher."):
        return {"voucher": public_id("vch", bytes(16)), "template": "example"}
    if kind == "expiry.near":
        unit = card.balances[0].unit if card.balances else "pts"
        return {"expiry": {"unit": unit, "units": 1, "at": card.created_at}}
    return {}


def _deliveries(tx: Transaction, raw: bytes) -> list[DeliveryRow]:
    place = delivery_queries.place_of(tx, raw)
    if place is None:
        return []
    card_id, webhook_id, sequence = place
    if webhook_id == 0:
        return delivery_queries.of_event(tx, card_id, sequence)
    row = delivery_queries.by_key(tx, *place)
    return [] if row is None else [row]


def _is_on(tx: Transaction, row: DeliveryRow) -> bool:
    endpoint = webhook_queries.by_id(tx, row.merchant_id, row.webhook_id)
    return endpoint is not None and endpoint.disabled_at is None
