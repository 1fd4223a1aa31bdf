"""Writes what is sent of a card's event: the whole new state, and what the event itself says.

Balances, tier and `card.sequence` are those right after the event, however late it is written;
everything else is as it stands then. The same text goes to each endpoint at each try.
"""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import queries as card_queries
from app.cards.hosted import HOSTED, rules_at
from app.cards.queries import CardRow, CardState
from app.cards.schemas import CardFacts, TierOut
from app.cards.showing import Showing, tier_out
from app.clock import rfc3339
from app.ids import public_id
from app.outbox import waiting_queries
from app.outbox.waiting_queries import EventRow
from app.programs.content import program_content
from app.storage.database import Transaction

BODY_MAX = 20_000  # bytes; Standard Webhooks asks for less than 20 kB
_STATE = ("sequence", "balances", "tier")  # of the card, so it stands in `card`
_KNOWN = (*_STATE, "authority")


class State(msgspec.Struct, frozen=True):
    """What an event says of its card."""

    sequence: int
    balances: dict[str, int]
    tier: str | None


def body_of(tx: Transaction, card_id: int, event: EventRow, show: Showing) -> str:
    """Write the body of one event: `{type, timestamp, data}`."""
    found = card_queries.card_state(tx, card_id)
    assert found is not None, "cards are never deleted, only blanked"
    facts = msgspec.json.decode(event.facts, type=dict[str, Any])
    data: dict[str, Any] = {
        "card_id": public_id("card", found.card.public_id),
        "sequence": event.sequence,
    }
    if is_erased(found.card):
        data["card"] = {"id": data["card_id"]}  # security.md §11: told by its id only
        return _written(event, data)
    card = CardFacts(**show.facts(found))
    data["card"] = _as_after(tx, found, event, card=card, show=show)
    data |= {name: value for name, value in facts.items() if name not in _KNOWN}
    body = _written(event, data)
    if len(body.encode()) < BODY_MAX:
        return body
    # Only what the merchant wrote itself may be that long; it knows it.
    data["card"] = msgspec.structs.replace(data["card"], fields=[])
    return _written(event, {**data, "is_shortened": True})


def is_erased(card: CardRow) -> bool:
    """Tell whether a card was blanked, with its user or alone."""
    return card.voided_at is not None and card.number == "" and card.shop_name == ""


def _as_after(
    tx: Transaction, found: CardState, event: EventRow, *, card: CardFacts, show: Showing
) -> CardFacts:
    """Show a card as it was right after an event; as it is, where no event says."""
    told = waiting_queries.last_told_state(tx, found.card.card_id, event.sequence)
    if told is not None:
        state = msgspec.json.decode(told, type=State)
    elif event.type == "card.created" and waiting_queries.has_state_after(
        tx, found.card.card_id, event.sequence
    ):
        state = State(0, {}, None)
    else:
        return card
    is_hosted = found.card.authority == HOSTED
    balances = [
        msgspec.structs.replace(each, value=state.balances.get(each.unit, 0))
        for each in card.balances
        if is_hosted or each.unit in state.balances
    ]
    tier = _tier(tx, found.card, state.tier, show)
    return msgspec.structs.replace(card, sequence=state.sequence, balances=balances, tier=tier)


def _tier(tx: Transaction, card: CardRow, tier_id: str | None, show: Showing) -> TierOut | None:
    view = show.view(card)
    if tier_id is None and view is not None:
        tiers = rules_at(tx, view).tiers
        tier_id = tiers.ladder[0].id if tiers is not None and tiers.ladder else None
    assert card.program_id is not None, "only a program's cards are told of"
    return tier_out(tier_id, program_content(show.program(card.program_id)))


def _written(event: EventRow, data: dict[str, Any]) -> str:
    document = {"type": event.type, "timestamp": rfc3339(event.at), "data": data}
    return msgspec.json.encode(document).decode()
