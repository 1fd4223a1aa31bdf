"""The loyaltyClass in types, as schema.py does what it shares with the object."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from passes.google.schema import (
    Color,
    Country,
    Digits,
    Filled,
    Image,
    Localized,
    Part,
    Shared,
    Text,
    Uri,
)
from passes.google.template_schema import ClassTemplate


class CallbackOptions(Part, frozen=True, kw_only=True):
    """Where Google tells of saves and removals."""

    url: Filled


class SecurityAnimation(Part, frozen=True, kw_only=True):
    """What moves on the pass, so that a picture of it is known as one."""

    animation_type: Literal["FOIL_SHIMMER"]


class LoyaltyClass(Shared, frozen=True, kw_only=True):
    """A program."""

    issuer_name: Text = UNSET
    localized_issuer_name: Localized = UNSET
    program_name: Text = UNSET
    localized_program_name: Localized = UNSET
    program_logo: Image | UnsetType = UNSET
    wide_program_logo: Image | UnsetType = UNSET
    review_status: Literal["DRAFT", "UNDER_REVIEW"] | UnsetType = UNSET
    account_id_label: Text = UNSET
    localized_account_id_label: Localized = UNSET
    account_name_label: Text = UNSET
    localized_account_name_label: Localized = UNSET
    rewards_tier_label: Text = UNSET
    localized_rewards_tier_label: Localized = UNSET
    rewards_tier: Text = UNSET
    localized_rewards_tier: Localized = UNSET
    secondary_rewards_tier_label: Text = UNSET
    localized_secondary_rewards_tier_label: Localized = UNSET
    secondary_rewards_tier: Text = UNSET
    localized_secondary_rewards_tier: Localized = UNSET
    country_code: Country | UnsetType = UNSET
    hex_background_color: Color | UnsetType = UNSET
    homepage_uri: Uri | UnsetType = UNSET
    multiple_devices_and_holders_allowed_status: (
        Literal["MULTIPLE_HOLDERS", "ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"] | UnsetType
    ) = UNSET
    callback_options: CallbackOptions | UnsetType = UNSET
    enable_smart_tap: bool | UnsetType = UNSET
    redemption_issuers: list[Digits] | UnsetType = UNSET
    security_animation: SecurityAnimation | UnsetType = UNSET
    view_unlock_requirement: (
        Literal["UNLOCK_NOT_REQUIRED", "UNLOCK_REQUIRED_TO_VIEW"] | UnsetType
    ) = UNSET
    class_template_info: ClassTemplate | UnsetType = UNSET
