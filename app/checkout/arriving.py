"""A sale that comes to a card as a message: moved from another card, or claimed by its receipt.

Whoever sends it keeps it until it has arrived; the sale's own id makes it happen once.
"""

from __future__ import annotations

import hashlib
from functools import partial

import msgspec

from app.checkout import till_day
from app.http.ports import Ports
from app.ledger import queries as ledger_queries
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import Purchase, Step
from app.outbox import service as outbox
from app.storage.database import Transaction

_encode = msgspec.json.Encoder(order="deterministic").encode


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought, when (Unix microseconds), at which merchant (slug) and till."""

    own_id: str
    occurred_at: int
    bought: Purchase
    merchant: str
    till_id: int | None

    @property
    def minor(self) -> int:
        """What it cost, minor units."""
        if self.bought.lines is None:
            return self.bought.amount_minor or 0
        return sum(line.unit_minor * line.qty for line in self.bought.lines)


def hash_of(sale: Sale) -> bytes:
    """Hash a sale as it arrives: under its id nothing else may."""
    told = [sale.merchant, sale.occurred_at, sale.bought]
    return hashlib.sha256(b"arrival" + _encode(told)).digest()


def arrive(
    tx: Transaction, card_id: int, sale: Sale, *, seed: bytes, now: int
) -> Posted | int | None:
    """Post a sale to a card, once by its id, however often it comes; that card's family only.

    Returns the card to turn to instead, where this one was merged; None: it has no account.
    Raises Refused as the engine refuses, IdempotencyConflict for an id that was another sale's.
    """
    row = ledger_queries.lock_account(tx, card_id)
    if row is None:
        return None
    known = ledger.event_of(tx, row.program_id, sale.own_id)
    if row.merged_into is not None and (known is None or known.card_id != card_id):
        return row.merged_into
    posting = Posting(
        program_id=row.program_id,
        event_id=sale.own_id,
        body_hash=hash_of(sale),
        steps=(Step(sale.own_id, sale.occurred_at, sale.bought, sale.merchant),),
        priority=outbox.AT_TILL,
        kind="ticket",
    )
    posted = ledger.post(tx, card_id, posting, drawn=Drawn(seed), now=now)
    till_day.note(
        *(tx, sale.till_id, posted), own_id=sale.own_id, at=sale.occurred_at, minor=sale.minor
    )
    return posted


async def deliver(ports: Ports, card_id: int, sale: Sale) -> Posted | None:
    """Bring a sale to a card, or to the one it was merged into, and settle what that causes.

    Raises what `arrive` does. None: there is nobody to give it to.
    """
    here: int = card_id
    seen: set[int] = set()
    while here not in seen:
        seen.add(here)
        now, seed = ports.clock.wall(), ports.ids.secret(SEED_BYTES)
        found = await ports.database.write(
            partial(arrive, card_id=here, sale=sale, seed=seed, now=now)
        )
        if isinstance(found, Posted):
            if not found.is_replay:
                await ledger.settle(ports, found)
            return found
        if found is None:
            return None
        here = found
    return None
