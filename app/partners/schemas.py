"""What merchants' systems send and get (specs: api.md §3, §5)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.cards.consents import ConsentGiven
from app.cards.schemas import CardFacts, ConsentKeys, FormatName, LotOut, VoucherOut
from app.http.fields import (
    BarcodeValue,
    Birthday,
    CardNumber,
    Email,
    Integer,
    Key,
    LongText,
    Name,
    Natural,
    Phone,
    Rfc3339,
)

FIELDS_MAX = 20  # of a statement


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is enrolled; without a number one is drawn. `email` and `phone`: the contact on file.

    `consents`: keys of those that he gave the merchant, to the texts as they are now.
    """

    number: CardNumber | None = None
    barcode_value: BarcodeValue | None = None
    barcode_format: FormatName | None = None
    display_name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    birthday: Birthday | None = None
    referred_by: CardNumber | None = None
    consents: ConsentKeys = ()


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number, a barcode value, or part of a name."""

    text: Name


class StatementField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the merchant adds of its own."""

    key: Key
    label: Name
    value: Annotated[str, Meta(max_length=500)]


class StatementExpiry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The units that expire next."""

    at: Rfc3339
    units: Natural


Fields = Annotated[list[StatementField], Meta(max_length=FIELDS_MAX)]
Balances = Annotated[dict[Key, Integer], Meta(min_length=1, max_length=FIELDS_MAX)]


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A balance told by the merchant. Absent = unchanged; null or [] = cleared.

    `balance` is the program's first unit; exactly one of `balance` and `balances` is sent.
    """

    sequence: Natural
    as_of: Rfc3339
    balance: Integer | UnsetType = UNSET
    balances: Balances | UnsetType = UNSET
    tier: Key | UnsetType | None = UNSET
    fields: Fields | UnsetType | None = UNSET
    next_expiry: StatementExpiry | UnsetType | None = UNSET
    message: LongText | UnsetType | None = UNSET


class StatementLine(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a bulk file: a statement and whose it is."""

    number: CardNumber


class StatementOut(msgspec.Struct, frozen=True, kw_only=True):
    """`changed` false: newer, but it says what was known; no phone is told."""

    card_number: str
    sequence: int
    changed: bool


class AccountOut(CardFacts, frozen=True, kw_only=True):
    """A card as its merchant sees it; lots and vouchers of hosted programs.

    `lots`: with something left, those first that expire first; `vouchers`: the newest first.
    `enrolled_at` null: the program waits for a ticket that enrols. `consents`: those ever given.
    """

    display_name: str | None
    enrolled_at: str | None
    lots: list[LotOut]
    vouchers: list[VoucherOut]
    consents: list[ConsentGiven]


class EnrolledOut(AccountOut, frozen=True, kw_only=True):
    """An account and what its user needs to link the card; both null once it is held."""

    link_token: str | None
    claim_url: str | None
