"""pass.json as Apple reads it, in types: what these refuse, Wallet refuses without a word.

Absent means absent: no type takes null, and none an empty string, list or object. A pattern on
what every pass holds would cost as much as all the rest: those rules are in lint.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from passes.content import FEATURED_ACTIONS_MAX, LOCATIONS_MAX

TOKEN_MIN = 16
Filled = Annotated[str, Meta(min_length=1)]
_BYTE = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
Color = Annotated[str, Meta(pattern=rf"^rgb\({_BYTE}, {_BYTE}, {_BYTE}\)\Z")]
# W3C date and time: hours, minutes and zone are needed, seconds are not.
MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)\Z"
Moment = Annotated[str, Meta(pattern=MOMENT)]

DateStyle = Literal[
    "PKDateStyleNone", "PKDateStyleShort", "PKDateStyleMedium", "PKDateStyleLong", "PKDateStyleFull"
]
NumberStyle = Literal[
    "PKNumberStyleDecimal",
    "PKNumberStylePercent",
    "PKNumberStyleScientific",
    "PKNumberStyleSpellOut",
]
Alignment = Literal[
    "PKTextAlignmentLeft",
    "PKTextAlignmentCenter",
    "PKTextAlignmentRight",
    "PKTextAlignmentNatural",
]
OldFormat = Literal["PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec"]
Format = Literal[
    "PKBarcodeFormatQR",
    "PKBarcodeFormatPDF417",
    "PKBarcodeFormatAztec",
    "PKBarcodeFormatCode128",
    "PKBarcodeFormatEAN13",  # this and the next three: iOS 27
    "PKBarcodeFormatCode39",
    "PKBarcodeFormatCodabar",
    "PKBarcodeFormatI2of5",
]


def apple_name(name: str) -> str:
    """Turn our `web_service_url` into Apple's `webServiceURL`."""
    first, *rest = name.split("_")
    return first + "".join("URL" if part == "url" else part.capitalize() for part in rest)


class Part(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False, rename=apple_name
):
    """An object of pass.json; a key unknown here is refused."""


class Field(Part, frozen=True, kw_only=True):
    """PassFieldContent, as the primary and back zones take it."""

    key: Filled
    label: Filled
    value: Filled | int | float
    change_message: Filled | UnsetType = UNSET
    currency_code: Filled | UnsetType = UNSET
    number_style: NumberStyle | UnsetType = UNSET
    date_style: DateStyle | UnsetType = UNSET
    time_style: DateStyle | UnsetType = UNSET
    ignores_time_zone: bool | UnsetType = UNSET
    is_relative: bool | UnsetType = UNSET


class AlignedField(Field, frozen=True, kw_only=True):
    """PassFieldContent in the zones where a text may be aligned."""

    text_alignment: Alignment | UnsetType = UNSET


class StoreCard(Part, frozen=True, kw_only=True):
    """PassFields of the one style we make."""

    header_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1, max_length=3)] = ()
    primary_fields: Annotated[tuple[Field, ...], Meta(min_length=1, max_length=1)] = ()
    secondary_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1)] = ()
    auxiliary_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1)] = ()
    back_fields: Annotated[tuple[Field, ...], Meta(min_length=1)] = ()


class PosterGeneric(Part, frozen=True, kw_only=True):
    """PassFields of the style of iOS 27 that stands beside the other."""

    header_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1)] = ()
    primary_fields: Annotated[tuple[Field, ...], Meta(min_length=1)] = ()
    footer_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1, max_length=1)] = ()
    additional_info_fields: Annotated[tuple[AlignedField, ...], Meta(min_length=1)] = ()


class FeaturedAction(Part, frozen=True, kw_only=True):
    """A button under the pass (iOS 27); no other type is known to work."""

    identifier: Filled
    type: Literal["membershipBenefits"]
    url: Filled


class OldBarcode(Part, frozen=True, kw_only=True):
    """The deprecated `barcode`."""

    format: OldFormat
    message: Filled
    message_encoding: Literal["iso-8859-1"]
    alt_text: Filled | UnsetType = UNSET


class Barcode(OldBarcode, frozen=True, kw_only=True):
    """One of `barcodes`."""

    format: Format  # type: ignore[assignment]  # the new list knows more


class Nfc(Part, frozen=True, kw_only=True):
    """What the phone says to a reader it is held to."""

    message: Filled
    encryption_public_key: Filled
    requires_authentication: bool | UnsetType = UNSET


class Location(Part, frozen=True, kw_only=True):
    """Where the pass is suggested; degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    altitude: float | UnsetType = UNSET
    relevant_text: Filled | UnsetType = UNSET


class RelevantDate(Part, frozen=True, kw_only=True):
    """`date` alone, or `startDate` and `endDate` (iOS 18)."""

    date: Moment | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    end_date: Moment | UnsetType = UNSET


class CardJson(Part, frozen=True, kw_only=True):
    """The keys that differ from card to card."""

    serial_number: Filled
    authentication_token: Annotated[str, Meta(min_length=TOKEN_MIN)] | UnsetType = UNSET
    store_card: StoreCard
    poster_generic: PosterGeneric | UnsetType = UNSET
    barcodes: Annotated[tuple[Barcode, ...], Meta(min_length=1)] = ()
    barcode: OldBarcode | UnsetType = UNSET
    expiration_date: Moment | UnsetType = UNSET
    voided: bool | UnsetType = UNSET
    nfc: Nfc | UnsetType = UNSET
    sharing_prohibited: bool | UnsetType = UNSET


class PassJson(CardJson, frozen=True, kw_only=True):
    """The whole of pass.json."""

    format_version: Literal[1]
    description: Filled
    organization_name: Filled
    pass_type_identifier: Filled
    team_identifier: Filled
    web_service_url: Filled | UnsetType = UNSET
    logo_text: Filled | UnsetType = UNSET
    background_color: Color | UnsetType = UNSET
    foreground_color: Color | UnsetType = UNSET
    label_color: Color | UnsetType = UNSET
    locations: (
        Annotated[list[Location], Meta(min_length=1, max_length=LOCATIONS_MAX)] | UnsetType
    ) = UNSET
    max_distance: Annotated[float, Meta(gt=0)] | UnsetType = UNSET
    relevant_date: Moment | UnsetType = UNSET
    relevant_dates: Annotated[list[RelevantDate], Meta(min_length=1)] | UnsetType = UNSET
    featured_actions: (
        Annotated[list[FeaturedAction], Meta(min_length=1, max_length=FEATURED_ACTIONS_MAX)]
        | UnsetType
    ) = UNSET
    associated_store_identifiers: Annotated[list[int], Meta(min_length=1)] | UnsetType = UNSET
    app_launch_url: Filled | UnsetType = UNSET
    user_info: dict[str, object] | UnsetType = UNSET
