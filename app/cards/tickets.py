"""A ticket's public id: made of program and own id, so that no look-up of its own is kept."""

from __future__ import annotations

import hashlib

from app.ids import PUBLIC_BYTES, parse_public_id, public_id
from app.ledger import queries
from app.ledger.drawing import key_hash
from app.ledger.journal import read_body
from app.loyalty.events import Purchase
from app.storage.database import Transaction


def ticket_public(program_id: int, own_id: str) -> str:
    """Return `tick_…` of a program's ticket: another one in each program that knows the own id."""
    return public_id("tick", _masked(key_hash(own_id), program_id))


def ticket_own_id(tx: Transaction, program_id: int, text: str) -> str | None:
    """Return the own id of a program's ticket named by `tick_…`.

    Any other text is an own id already; None: no ticket of the program is called so.
    """
    raw = parse_public_id("tick", text)
    if raw is None:
        return text
    event = queries.event(tx, program_id, _masked(raw, program_id))
    if event is None:
        return None
    rows = queries.journal_after(tx, event.card_id, event.journal - 1, 1)
    steps = read_body(rows[0].body).steps if rows else []
    return next((step.id for step in steps if isinstance(step.event, Purchase)), None)


def _masked(raw: bytes, program_id: int) -> bytes:
    """Mix a program into a hash, or take it out again: the look-up itself is by program."""
    mask = hashlib.sha256(b"ticket" + program_id.to_bytes(8, "big")).digest()[:PUBLIC_BYTES]
    return bytes(one ^ other for one, other in zip(raw, mask, strict=True))
