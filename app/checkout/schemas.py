"""What tills send and get (specs: api.md §7)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.cards.schemas import CardFacts, EntryOut
from app.http.fields import BarcodeValue, Name, Phone, PublicId, Rfc3339
from app.loyalty.events import LINES_MAX, Id, Minor, NewLine, Tender, Units, Word

TTL_SECONDS_MAX = 3_600  # of a hold: a till that died gives the units back within the hour
VOUCHERS_PER_TICKET = 20
VoucherCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+(?![\s\S])")]
Lines = Annotated[tuple[NewLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
Tenders = Annotated[tuple[Tender, ...], Meta(max_length=50)]
LineRefund = tuple[Annotated[int, Meta(ge=0, le=LINES_MAX)], Units]


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a till sends; unknown fields are refused."""


class NewScan(Sent, frozen=True, kw_only=True):
    """What was read: a number, a barcode's value, a rotating, one-time or voucher code.

    `training`: nothing is used up, and the scan proves nothing.
    """

    code: BarcodeValue
    kind: Literal["barcode", "vas", "smarttap"] = "barcode"
    training: bool = False


class NewSearch(Sent, frozen=True, kw_only=True):
    """The beginning of a name, or a phone number; exactly one of the two."""

    name: Name | None = None
    phone: Phone | None = None


class Basket(Sent, frozen=True, kw_only=True):
    """What is bought: `amount_minor` alone is one line of that price."""

    lines: Lines | None = None
    amount_minor: Minor | None = None
    tenders: Tenders = ()
    channel: Word = "store"
    country: Word = "FR"


class NewBurn(Sent, frozen=True, kw_only=True):
    """Units to spend by a rule: `units` as money or of a step, `unit_minor` of an article."""

    rule: Id
    units: Units | None = None
    unit_minor: Minor | None = None
    qty: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class NewQuote(Sent, frozen=True, kw_only=True):
    """What a basket would bring; `at` may lie ahead."""

    card_id: PublicId
    basket: Basket
    burn: NewBurn | None = None
    at: Rfc3339 | None = None


class NewHold(Sent, frozen=True, kw_only=True):
    """Units to set aside; `scan_id` proves that the card was there."""

    card_id: PublicId
    burn: NewBurn
    scan_id: PublicId | None = None
    ttl_seconds: Annotated[int, Meta(ge=1, le=TTL_SECONDS_MAX)] = 600


class Capturing(Sent, frozen=True, kw_only=True):
    """How many of the held units are spent; absent is all."""

    units: Units | None = None


class Voiding(Sent, frozen=True, kw_only=True):
    """Nothing: all held units go back."""


class NewTicket(Sent, frozen=True, kw_only=True):
    """A closed sale under the till's own id. A till that was offline has a `code`."""

    id: Word
    card_id: PublicId | None = None
    code: BarcodeValue | None = None
    occurred_at: Rfc3339
    lines: Lines | None = None
    amount_minor: Minor | None = None
    tenders: Tenders = ()
    channel: Word = "store"
    country: Word = "FR"
    hold_id: PublicId | None = None
    voucher_codes: Annotated[tuple[VoucherCode, ...], Meta(max_length=VOUCHERS_PER_TICKET)] = ()


class NewRefund(Sent, frozen=True, kw_only=True):
    """What comes back: an amount, or [index, qty] of lines."""

    id: Word
    occurred_at: Rfc3339 | None = None
    lines: Annotated[tuple[LineRefund, ...], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    amount_minor: Minor | None = None


class UsableVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that may be used now."""

    id: str
    code: str
    template: str
    kind: str
    value: int
    expires_at: str | None


class BurnOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent by a rule now, at most."""

    rule: str
    type: str
    units_max: int
    text: str


class ScanOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card it is; compare the name with the person."""

    scan_id: str
    card: CardFacts
    display_name: str | None
    vouchers: list[UsableVoucher]
    burns: list[BurnOffer]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be meant: no more than is needed to ask."""

    card_id: str
    first_name: str | None
    last_digits: str


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """At most five."""

    items: list[Hit]
    next: None = None


class QuoteLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units gained or spent, and why. `line`: which of the basket's, null for the whole."""

    line: int | None
    unit: str
    units: int
    rule: str
    text: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why not, in words."""

    code: str
    text: str


class QuoteOut(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of it; nothing was changed."""

    earned_units: dict[str, int]
    burned_units: dict[str, int]
    discount_minor: int
    lines: list[QuoteLine]
    refusals: list[Why]


class HoldOut(msgspec.Struct, frozen=True, kw_only=True):
    """Units set aside: open, captured, voided or expired."""

    id: str
    status: str
    unit: str
    units: int
    discount_minor: int
    expires_at: str


class SoldOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket or a refund did. `results`: as of events; `card`: as it is now."""

    id: str
    results: dict[str, Any]
    entries: list[EntryOut]
    card: CardFacts
    ticket_id: str
    flags: list[str]


class RefundOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a refund took back."""

    id: str
    results: dict[str, Any]
    entries: list[EntryOut]
    card: CardFacts
    ticket_id: str
