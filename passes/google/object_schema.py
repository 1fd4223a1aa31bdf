"""The loyaltyObject in types, as schema.py does what it shares with the class."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from passes.google.schema import (
    BarcodeType,
    Base16,
    Currency,
    Digits,
    Filled,
    Int32,
    Localized,
    Part,
    Shared,
    Text,
    TimeInterval,
)


class Money(Part, frozen=True, kw_only=True):
    """An amount in millionths."""

    currency_code: Currency
    micros: Digits


class Balance(Part, frozen=True, kw_only=True):
    """One kind of these."""

    # Named otherwise here: a field called `int` would hide the type from those below it.
    as_string: Filled | UnsetType = field(default=UNSET, name="string")
    as_int: Int32 | UnsetType = field(default=UNSET, name="int")
    as_double: float | UnsetType = field(default=UNSET, name="double")
    as_money: Money | UnsetType = field(default=UNSET, name="money")


class LoyaltyPoints(Part, frozen=True, kw_only=True):
    """A balance and what it is called."""

    balance: Balance
    label: Text = UNSET
    localized_label: Localized = UNSET


class Barcode(Part, frozen=True, kw_only=True):
    """A code that stays."""

    type: BarcodeType
    value: Filled
    alternate_text: Text = UNSET
    render_encoding: Literal["UTF_8"] | UnsetType = UNSET
    show_code_text: Localized = UNSET


class TotpParameters(Part, frozen=True, kw_only=True):
    """One secret; digits of its code."""

    key: Base16
    value_length: Annotated[int, Meta(ge=1, le=10)]


class TotpDetails(Part, frozen=True, kw_only=True):
    """How the code is computed."""

    algorithm: Literal["TOTP_SHA1"]
    period_millis: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,17}\Z")]
    parameters: Annotated[list[TotpParameters], Meta(min_length=1)]


class RotatingBarcode(Part, frozen=True, kw_only=True):
    """A code that changes."""

    type: Literal["QR_CODE", "PDF_417"]
    value_pattern: Filled
    totp_details: TotpDetails
    alternate_text: Text = UNSET
    render_encoding: Literal["UTF_8"] | UnsetType = UNSET
    show_code_text: Localized = UNSET


class GroupingInfo(Part, frozen=True, kw_only=True):
    """Which passes stand together."""

    grouping_id: Text = UNSET
    sort_index: Int32 | UnsetType = UNSET


class SaveRestrictions(Part, frozen=True, kw_only=True):
    """Who may save."""

    restrict_to_email_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")] = field(
        name="restrictToEmailSha256"
    )


class PassConstraints(Part, frozen=True, kw_only=True):
    """What a phone must not do."""

    screenshot_eligibility: Literal["ELIGIBLE", "INELIGIBLE"] | UnsetType = UNSET
    nfc_constraint: list[Literal["BLOCK_PAYMENT", "BLOCK_CLOSED_LOOP_TRANSIT"]] | UnsetType = UNSET


class LoyaltyObject(Shared, frozen=True, kw_only=True):
    """A card."""

    class_id: Text = UNSET
    state: Literal["ACTIVE", "COMPLETED", "EXPIRED", "INACTIVE"] | UnsetType = UNSET
    account_id: Text = UNSET
    account_name: Text = UNSET
    loyalty_points: LoyaltyPoints | UnsetType = UNSET
    secondary_loyalty_points: LoyaltyPoints | UnsetType = UNSET
    barcode: Barcode | UnsetType = UNSET
    rotating_barcode: RotatingBarcode | UnsetType = UNSET
    valid_time_interval: TimeInterval | UnsetType = UNSET
    smart_tap_redemption_value: Text = UNSET
    grouping_info: GroupingInfo | UnsetType = UNSET
    linked_object_ids: list[Filled] | UnsetType = UNSET
    linked_offer_ids: list[Filled] | UnsetType = UNSET
    save_restrictions: SaveRestrictions | UnsetType = UNSET
    pass_constraints: PassConstraints | UnsetType = UNSET
    disable_expiration_notification: bool | UnsetType = UNSET
