"""What callers send and get about cards (specs: api.md §3, §4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.http.fields import (
    BarcodeValue,
    Birthday,
    CardNumber,
    Color,
    Currency,
    Email,
    LongText,
    Name,
    Natural,
    Phone,
    PublicId,
    Rfc3339,
    Token,
)
from app.loyalty.events import Id as RuleId
from app.programs.enrolment_schemas import CONSENTS_MAX, ConsentKey

FormatName = Annotated[str, Meta(min_length=1, max_length=32, examples=["EAN_13", "none"])]
GroupNames = Annotated[list[Name], Meta(max_length=20)]
ConsentKeys = Annotated[tuple[ConsentKey, ...], Meta(max_length=CONSENTS_MAX)]
Amount = Annotated[
    str,
    Meta(max_length=24, pattern=r"^-?[0-9]{1,15}([.][0-9]{1,6})?(?![\s\S])", examples=["12.50"]),
]


class NewCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card to be put into a wallet; without `program_id` a number-only one of `shop_name`."""

    program_id: PublicId | None = None
    shop_name: Name | None = None
    number: CardNumber | None = None
    barcode_value: BarcodeValue | None = None
    barcode_format: FormatName | None = None
    label: Name | None = None
    color: Color | None = None
    note: LongText | None = None
    link_token: Token | None = None


class OwnBalance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the holder wrote down himself; `currency` null: points."""

    value: Amount
    currency: Currency | None = None


class CardChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a holder may change; absent = unchanged, null = cleared.

    `shop_name` and what follows: the owner of a number-only card.
    """

    label: Name | UnsetType | None = UNSET
    color: Color | UnsetType | None = UNSET
    note: LongText | UnsetType | None = UNSET
    is_favorite: bool | UnsetType = UNSET
    is_archived: bool | UnsetType = UNSET
    position: Natural | UnsetType = UNSET
    groups: GroupNames | UnsetType = UNSET
    shop_name: Name | UnsetType = UNSET
    number: CardNumber | UnsetType = UNSET
    barcode_value: BarcodeValue | UnsetType | None = UNSET
    barcode_format: FormatName | UnsetType = UNSET
    own_balance: OwnBalance | UnsetType | None = UNSET
    valid_from: Rfc3339 | UnsetType | None = UNSET
    expires_at: Rfc3339 | UnsetType | None = UNSET


class NewLinkCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose contact is to be mailed a code."""

    program_id: PublicId
    number: CardNumber


class Joining(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who joins; what the program does not require may stay away.

    `email` receives the claim link. `consents`: keys of those that are given, of the program's.
    """

    email: Email | None = None
    display_name: Name | None = None
    phone: Phone | None = None
    birthday: Birthday | None = None
    referred_by: CardNumber | None = None
    consents: ConsentKeys = ()


class Claiming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The claim token of a card."""

    claim_token: Token


class BalanceOut(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a unit; `pending` is not usable yet."""

    unit: str
    name: str
    value: int
    pending: int = 0


class TierOut(msgspec.Struct, frozen=True, kw_only=True):
    """A tier by name."""

    id: str
    name: str


class NextExpiryOut(msgspec.Struct, frozen=True, kw_only=True):
    """The units that expire next."""

    at: str
    units: int


class FieldOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant adds of its own."""

    key: str
    label: str
    value: str


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A card without its holder's own fields: as merchants, tills and claim tokens see it."""

    id: str
    authority: str
    program_id: str | None
    shop_name: str
    number: str
    barcode_value: str
    barcode_format: str
    balances: list[BalanceOut]
    tier: TierOut | None
    next_expiry: NextExpiryOut | None
    fields: list[FieldOut]
    as_of: str | None
    sequence: int | None
    created_at: str


class OwnBalanceOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder wrote down himself."""

    value: str
    currency: str | None


class CardOut(CardFacts, frozen=True, kw_only=True):
    """A card as its holder sees it; `access`: owner, full or read.

    `pictures`: the sides of which he keeps one, of front, back and icon.
    """

    label: str | None
    color: str | None
    note: str | None
    groups: list[str]
    own_balance: OwnBalanceOut | None
    valid_from: str | None
    expires_at: str | None
    last_used_at: str | None
    is_favorite: bool
    is_archived: bool
    position: int
    access: str
    pictures: list[str]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """A new card and the token that makes its passes and claims it."""

    card: CardFacts
    claim_token: str


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The same for what is known and what is not."""

    status: str = "accepted"


class LotOut(msgspec.Struct, frozen=True, kw_only=True):
    """Units earned together; `source`: the ticket's `tick_…`, or what else brought them."""

    unit: str
    units: int
    left: int
    earned_at: str
    available_at: str
    expires_at: str | None
    source: str


class VoucherOut(msgspec.Struct, frozen=True, kw_only=True):
    """A right to something. `value`: minor units (amount), basis points (percent), 0 (item).

    `status`: issued, used or void; one that expired still reads issued. `code` null: for who may
    see it, and not use it.
    """

    id: str
    code: str | None
    template: str
    kind: str
    value: int
    min_basket_minor: int
    status: str
    expires_at: str | None


class NewRedemption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a holder does with his units; `rule` absent: the program's first of that type."""

    type: Literal["convert", "catalogue", "play"]
    rule: RuleId | None = None


class RedemptionOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a redemption did, as an event's answer; `card`: as it is now."""

    id: str
    results: dict[str, Any]
    entries: list[EntryOut]
    card: CardOut


class AccessOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a card may enter a private sale now, and when it opens for its tier."""

    allowed: bool
    opens_at: str


class EntryOut(msgspec.Struct, frozen=True, kw_only=True):
    """Units gained or lost, and why in words; `units` is signed."""

    id: str
    kind: str
    unit: str
    units: int
    at: str
    rule: str
    text: str


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a card's history: of a hosted card an entry, of a mirrored one a statement.

    `unit`, `units` and `rule` stand on entries, `sequence`, `balances` and `tier` on statements.
    """

    id: str
    kind: str
    at: str
    text: str
    unit: str | UnsetType = UNSET
    units: int | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    sequence: int | UnsetType = UNSET
    balances: list[BalanceOut] | UnsetType = UNSET
    tier: TierOut | UnsetType | None = UNSET
