"""What merchants' systems tell of hosted cards: events, and what they are answered (api.md §6)."""

from __future__ import annotations

import functools
import operator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.cards.schemas import EntryOut
from app.http.fields import CardNumber, Rfc3339
from app.loyalty.events import (
    Adjust,
    Convert,
    Event,
    Interaction,
    LadderStep,
    Minor,
    Opening,
    PayUnits,
    Play,
    Purchase,
    RedeemItem,
    Refund,
    ReverseBurn,
    TakeReward,
    Word,
)
from app.partners.schemas import AccountOut

VoucherCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+(?![\s\S])")]


class UseCode(Event, frozen=True, tag="use_voucher"):
    """Redeems a voucher by its code."""

    code: VoucherCode
    basket_minor: Minor = 0


# What a merchant may send of what may happen; holds belong to checkout, the rest is our own.
TAKEN: tuple[type[Event], ...] = (
    Purchase,
    Refund,
    Interaction,
    RedeemItem,
    LadderStep,
    PayUnits,
    Convert,
    TakeReward,
    ReverseBurn,
    UseCode,
    Play,
    Adjust,
    Opening,
)
_HEAD: list[tuple[str, Any]] = [("id", Word), ("card_number", CardNumber), ("occurred_at", Rfc3339)]
HEAD_NAMES = frozenset(name for name, _ in _HEAD)


def _with_head(kind: type[Event]) -> type[msgspec.Struct]:
    """Make the struct that is sent: whose event it is and when, beside the event's own fields.

    Each field is defined once, in app/loyalty/events.py.
    """
    fields: list[Any] = list(_HEAD)
    for field in msgspec.structs.fields(kind):
        if field.default is not msgspec.NODEFAULT:
            fields.append((field.name, field.type, field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, field.type, default))
        else:
            fields.append((field.name, field.type))
    return msgspec.defstruct(
        f"New{kind.__name__}",
        fields,
        module=__name__,
        namespace={"__doc__": kind.__doc__},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
        tag_field="type",
        tag=kind.__struct_config__.tag,
    )


SENT: dict[type[msgspec.Struct], type[Event]] = {_with_head(kind): kind for kind in TAKEN}
NewEvent: Any = functools.reduce(operator.or_, SENT)


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    """What an event did. `results`: the keys of its kind; `card`: the account as it is now."""

    id: str
    results: dict[str, Any]
    entries: list[EntryOut]
    card: AccountOut
