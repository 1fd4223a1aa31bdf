"""What the till's page sends and gets beside a sale: its day, moves, receipts, its programs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.cards.schemas import CardFacts, EntryOut
from app.checkout.schemas import Basket, Sent, SoldOut
from app.http.fields import BarcodeValue, PublicId, Rfc3339
from app.loyalty.events import Word


class NewMove(Sent, frozen=True, kw_only=True):
    """The card that a ticket was meant for, and the ticket's id there."""

    card_id: PublicId | None = None
    code: BarcodeValue | None = None
    new_id: Word
    occurred_at: Rfc3339 | None = None


class MovedOut(SoldOut, frozen=True, kw_only=True):
    """The ticket as it stands on the other card now; `moved_from`: the one taken back."""

    moved_from: str


class TillSale(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sale of a till's day. `ticket_id` null: a receipt code that nobody claimed yet.

    `refunded_minor`: what was taken back of it; `moved_to`: the own id on another card.
    """

    id: str
    ticket_id: str | None
    at: str
    card_last_digits: str | None
    amount_minor: int
    currency: str
    earned_units: dict[str, int]
    burned_units: dict[str, int]
    refunded: bool
    refunded_minor: int
    moved_to: str | UnsetType = UNSET


class DayTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A till's day in sums; money by currency, minor units."""

    tickets: int
    amounts_minor: dict[str, int]
    refunded_minor: dict[str, int]
    earned_units: dict[str, int]
    burned_units: dict[str, int]


class TillDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a till sold on a day, newest first; `is_whole` false: more than are listed."""

    day: str
    items: list[TillSale]
    totals: DayTotals
    is_whole: bool


class NewReceipt(Basket, frozen=True, kw_only=True):
    """A sale without a card. `program`: needed where the till sells for several."""

    id: Word
    occurred_at: Rfc3339
    program: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class ReceiptOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the receipt shows: the code, where it is typed, and both as a QR code."""

    id: str
    code: str
    url: str
    qr_svg: str
    expires_at: str


class VoidedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A sale without a card that was taken back before anybody claimed it."""

    id: str
    status: str


class ClaimedReceipt(Sent, frozen=True, kw_only=True):
    """The code of a receipt, however it is typed."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class CreditOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt has brought."""

    results: dict[str, Any]
    entries: list[EntryOut]
    card: CardFacts
    ticket_id: str


class TillSelf(msgspec.Struct, frozen=True, kw_only=True):
    """The till that asks."""

    id: str
    name: str
    location_id: str
    location_name: str | None
    merchant: str


class StampButton(msgspec.Struct, frozen=True, kw_only=True):
    """One touch at the till: a line of `sku` or `tag` brings `units` stamps of a unit."""

    unit: str
    name: str
    units: int
    sku: str | None
    tag: str | None


class TillUnit(msgspec.Struct, frozen=True, kw_only=True):
    """What a program counts; with a currency minor units of money."""

    id: str
    name: str
    kind: str
    currency: str | None


class TillProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program whose cards this till reads. `currency`, `time_zone`: of a hosted one.

    `tiers`: their names by id.
    """

    id: str
    slug: str
    name: str
    mode: str
    authority: str
    currency: str | None
    time_zone: str | None
    units: list[TillUnit]
    tiers: dict[str, str]
    stamps: list[StampButton]
    till_search: bool
    proof_from_units: int | None


class TillOut(msgspec.Struct, frozen=True, kw_only=True):
    """A till and what it sells for. `mode`: sandbox or live."""

    till: TillSelf
    mode: str
    programs: list[TillProgram]
