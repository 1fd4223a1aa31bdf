"""Which journal rows are of tickets: what only a card's owner sees of its history."""

from __future__ import annotations

from app.ledger import queries
from app.ledger.journal import read_body
from app.loyalty.events import (
    Capture,
    LadderStep,
    PayUnits,
    Purchase,
    RedeemItem,
    Refund,
    Reserve,
    ReverseBurn,
    UseVoucher,
    Void,
)
from app.storage.database import Transaction

_AT_TILL = (
    *(Purchase, Refund, RedeemItem, LadderStep, PayUnits),
    *(Reserve, Capture, Void, ReverseBurn, UseVoucher),
)


def is_at_till(tx: Transaction, card_id: int, journal: int) -> bool:
    """Say whether what happened is of a ticket: bought, returned, or spent at a till."""
    rows = queries.journal_after(tx, card_id, journal - 1, 1)
    steps = read_body(rows[0].body).steps if rows else ()
    return any(isinstance(step.event, _AT_TILL) for step in steps)
