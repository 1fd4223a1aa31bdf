"""What a merchant asks about one member's card, and what it is told (specs: issue 6 A)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.cards.schemas import FormatName
from app.http.fields import BarcodeValue, CardNumber, Text
from app.loyalty.events import Id

TimelineKind = Literal["entry", "statement", "scan", "push", "pass", "voucher", "message", "note"]


class NewNumber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of a card whose former one was lost; without a number one is drawn."""

    number: CardNumber | None = None
    barcode_value: BarcodeValue | None = None
    barcode_format: FormatName | None = None


class NewMerge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The card that stays, by its number or `card_…`; the one in the path is closed."""

    into: CardNumber


class GivenVoucher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voucher given by hand: one of the program's `vouchers` by its id, and why."""

    voucher: Id
    reason: Text


class TimelineItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a card. `at`: when it was recorded; `occurred_at`: when it happened.

    `units` and `unit` of an entry, `balances` of a statement; `reason`: what the merchant wrote;
    `by`: the name of the key, till or staff that did it, where that is known; `card_id`: the other
    card of a merge.
    """

    id: str
    at: str
    kind: TimelineKind
    text: str
    occurred_at: str | None = None
    units: int | None = None
    unit: str | None = None
    balances: dict[str, int] | None = None
    sequence: int | None = None
    reason: str | None = None
    by: str | None = None
    card_id: str | None = None


Timeline = Annotated[list[TimelineItem], Meta(description="Newest first.")]
