"""Reads and judges an event before anything is looked up (specs: api.md §6)."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from app.errors import invalid
from app.http.fields import moment, occurrence, parse_rfc3339
from app.http.media import decode_json
from app.loyalty.events import Adjust, Event, Opening, Purchase, Refund
from app.partners.event_schemas import HEAD_NAMES, SENT, NewEvent

_encode = msgspec.json.Encoder(order="deterministic").encode


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was sent, judged; `body_hash`: of its canonical form."""

    id: str
    card_number: str
    occurred_at: int
    event: Event
    body_hash: bytes


def read_event(body: bytes, *, merchant: str, now: int) -> Read:
    """Read one event of a merchant. Raises InvalidInput naming the field.

    The hash is that of the event as it is understood: the order of keys, blanks and fields left
    at their default do not matter; who sends it does, because a ticket's merchant is the token's.
    """
    sent: Any = decode_json(body, NewEvent)
    kind = SENT[type(sent)]
    names = (field for field in kind.__struct_fields__ if field not in HEAD_NAMES)
    event = kind(**{name: getattr(sent, name) for name in names})
    occurred_at = occurrence(sent.occurred_at, now=now)
    _judge(event)
    card_number = sent.card_number.strip()
    if not card_number:
        raise invalid("card_number", "a number is expected")
    told = [sent.id, card_number, occurred_at, merchant, kind.__struct_config__.tag, _plain(event)]
    return Read(
        id=sent.id,
        card_number=card_number,
        occurred_at=occurred_at,
        event=event,
        body_hash=hashlib.sha256(_encode(told)).digest(),
    )


def _plain(value: Any) -> Any:
    """Spell everything out, defaults too: msgspec leaves out only those that were not sent."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _judge(event: Event) -> None:
    """Refuse what types cannot say. Raises InvalidInput."""
    match event:
        case Purchase() | Refund():
            if (event.amount_minor is None) == (event.lines is None):
                raise invalid("amount_minor", "exactly one of amount_minor and lines is needed")
        case Adjust(units=0):
            raise invalid("units", "a correction up or down, so not 0")
        case Opening(lots=lots):
            for place, lot in enumerate(lots):
                if lot.expires_at is not None and parse_rfc3339(lot.expires_at) is None:
                    moment(f"lots[{place}].expires_at", lot.expires_at)
