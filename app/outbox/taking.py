"""Which cards a worker takes next: urgent ones first, then each merchant its share."""

from __future__ import annotations

from app.outbox import queries
from app.storage.database import Transaction

MERCHANTS_AT_ONCE = 40


def due_fairly(tx: Transaction, channel: str, *, now: int, limit: int) -> list[int]:
    """List cards to tell. One merchant's 100,000 hold up no other merchant's ten. # across"""
    found = queries.due(tx, channel, now, limit)
    if len(found) < limit:
        return [each.card_id for each in found]
    crowded = found[-1].priority
    taken = [each.card_id for each in found if each.priority < crowded]
    merchants = queries.merchants_waiting(tx, channel, crowded, MERCHANTS_AT_ONCE)
    share = max(1, (limit - len(taken)) // len(merchants))
    for merchant_id in merchants:
        taken += queries.due_of_merchant(tx, channel, crowded, merchant_id, now=now, limit=share)
    return taken
