"""Google's documents in types: what these refuse, Google refuses or must not be sent.

From Google's discovery document of walletobjects v1, revision 20260806, without what is deprecated,
what only Google writes, and enum values of old spelling (specs: google.md §2, §3). Absent means
absent: no type takes null, and no text is empty. The rules between members are in rules.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Filled = Annotated[str, Meta(min_length=1)]
Int32 = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
Digits = Annotated[str, Meta(pattern=r"^-?[0-9]{1,19}\Z")]  # int64, which JSON carries as text
ModuleId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]
Language = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")]  # BCP 47
Color = Annotated[str, Meta(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]  # ISO 4217
Base16 = Annotated[str, Meta(pattern=r"^([0-9A-F]{2})+\Z", min_length=32)]  # RFC 4226: ≥ 128 bits
PictureId = Annotated[str, Meta(pattern=r"^[0-9]+\.[A-Za-z0-9._-]+\Z")]

BarcodeType = Literal[
    "AZTEC",
    "CODE_39",
    "CODE_128",
    "CODABAR",
    "DATA_MATRIX",
    "EAN_8",
    "EAN_13",
    "ITF_14",
    "PDF_417",
    "QR_CODE",
    "UPC_A",
    "TEXT_ONLY",
]
MessageType = Literal["TEXT", "TEXT_AND_NOTIFY", "EXPIRATION_NOTIFICATION"]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """An object of a document; a member unknown here is refused."""


class TranslatedString(Part, frozen=True, kw_only=True):
    """A text in one language."""

    language: Language
    value: Filled


class LocalizedString(Part, frozen=True, kw_only=True):
    """A text in several languages."""

    default_value: TranslatedString
    translated_values: list[TranslatedString] | UnsetType = UNSET


Localized = LocalizedString | UnsetType
Text = Filled | UnsetType


class ImageUri(Part, frozen=True, kw_only=True):
    """Where Google fetches a picture."""

    uri: Filled


class Image(Part, frozen=True, kw_only=True):
    """A picture: of an address or, private to a pass, of an id."""

    source_uri: ImageUri | UnsetType = UNSET
    private_image_id: PictureId | UnsetType = UNSET
    content_description: Localized = UNSET


class DateTime(Part, frozen=True, kw_only=True):
    """A moment, ISO 8601."""

    date: Filled


class TimeInterval(Part, frozen=True, kw_only=True):
    """From and until; either may be open."""

    start: DateTime | UnsetType = UNSET
    end: DateTime | UnsetType = UNSET


class Message(Part, frozen=True, kw_only=True):
    """A message to whoever holds the pass."""

    id: ModuleId | UnsetType = UNSET
    header: Text = UNSET
    body: Text = UNSET
    localized_header: Localized = UNSET
    localized_body: Localized = UNSET
    message_type: MessageType | UnsetType = UNSET
    display_interval: TimeInterval | UnsetType = UNSET


class NewMessage(Part, frozen=True, kw_only=True):
    """The body of addMessage."""

    message: Message


class MerchantLocation(Part, frozen=True, kw_only=True):
    """A shop near which the phone suggests the pass; degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class TextModule(Part, frozen=True, kw_only=True):
    """A text with a header."""

    id: ModuleId | UnsetType = UNSET
    header: Text = UNSET
    body: Text = UNSET
    localized_header: Localized = UNSET
    localized_body: Localized = UNSET


class ImageModule(Part, frozen=True, kw_only=True):
    """A picture among the texts."""

    id: ModuleId | UnsetType = UNSET
    main_image: Image


class Uri(Part, frozen=True, kw_only=True):
    """An address and what it is called."""

    uri: Filled
    id: Text = UNSET
    description: Text = UNSET
    localized_description: Localized = UNSET


class LinksModule(Part, frozen=True, kw_only=True):
    """The buttons of a pass."""

    uris: list[Uri]


class ModuleViewConstraints(Part, frozen=True, kw_only=True):
    """When a module is shown."""

    display_interval: TimeInterval | UnsetType = UNSET


class ValueAddedModule(Part, frozen=True, kw_only=True):
    """A module that leads somewhere."""

    header: Localized = UNSET
    body: Localized = UNSET
    image: Image | UnsetType = UNSET
    uri: Text = UNSET
    sort_index: Int32 | UnsetType = UNSET
    view_constraints: ModuleViewConstraints | UnsetType = UNSET


class AppTarget(Part, frozen=True, kw_only=True):
    """What opens: an address or an app."""

    target_uri: Uri | UnsetType = UNSET
    package_name: Text = UNSET


class AppLinkInfo(Part, frozen=True, kw_only=True):
    """A way into an app or page."""

    app_target: AppTarget


class AppLinkData(Part, frozen=True, kw_only=True):
    """The button on the front of a pass."""

    android_app_link_info: AppLinkInfo | UnsetType = UNSET
    web_app_link_info: AppLinkInfo | UnsetType = UNSET
    display_text: Localized = UNSET


class Shared(Part, frozen=True, kw_only=True):
    """What a class and an object have alike. What must be there, lint.py asks for."""

    id: Text = UNSET
    hero_image: Image | UnsetType = UNSET
    messages: Annotated[list[Message], Meta(max_length=10)] | UnsetType = UNSET
    merchant_locations: Annotated[list[MerchantLocation], Meta(max_length=10)] | UnsetType = UNSET
    text_modules_data: list[TextModule] | UnsetType = UNSET
    image_modules_data: list[ImageModule] | UnsetType = UNSET
    links_module_data: LinksModule | UnsetType = UNSET
    value_added_module_data: Annotated[list[ValueAddedModule], Meta(max_length=15)] | UnsetType = (
        UNSET
    )
    app_link_data: AppLinkData | UnsetType = UNSET
    notify_preference: Literal["NOTIFY_ON_UPDATE"] | UnsetType = UNSET
