"""What a card shows, the same for both wallets: handed in by cards, drawn by apple and google."""

from __future__ import annotations

import msgspec

# One text per language, `{"fr": "…", "en": "…"}`. The program's first language is always there.
Text = dict[str, str]

LOCATIONS_MAX = 10  # Apple: Pass.locations; of more the first are taken
FEATURED_ACTIONS_MAX = 2  # Apple: What's new in Wallet 2026


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """What a program counts. With an ISO 4217 `currency` its values are minor units of money."""

    id: str
    name: Text
    currency: str | None = None


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """A standing a user can reach in a program."""

    id: str
    name: Text


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A way to the merchant: a page, a mail address, a telephone number as URL."""

    label: Text
    url: str


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A shop near which the wallet may suggest the pass; degrees."""

    name: str
    latitude: float
    longitude: float


class FeaturedAction(msgspec.Struct, frozen=True, kw_only=True):
    """A button of iOS 27 that opens the page of a membership's benefits; https."""

    id: str
    url: str


class ProgramContent(msgspec.Struct, frozen=True, kw_only=True):
    """What all passes of one program version share; a number-only shop is one too.

    `languages`: the first is the default, others are translations. `accepts`: barcode formats
    that the tills read, None is all. `logo_text`: written beside the logo. Colours: '#rrggbb'.
    `max_distance_metres`: from a location, how near the pass is suggested; None is the phone's own.
    `rotates_code`: a wallet that can draws a code that changes, and none beside it.
    `country`: where it is at home, ISO 3166-1 alpha-2; None is chosen by its first language.
    `has_poster`: iOS 27 may draw the card as a poster; needs pictures of that name.
    """

    name: str
    description: Text
    languages: tuple[str, ...] = ("fr",)
    logo_text: str | None = None
    headline: Text | None = None
    units: tuple[Unit, ...] = ()
    tiers: tuple[Tier, ...] = ()
    accepts: tuple[str, ...] | None = None
    background_color: str | None = None
    foreground_color: str | None = None
    label_color: str | None = None
    terms: Text | None = None
    links: tuple[Link, ...] = ()
    how_to_leave: Text | None = None
    locations: tuple[Location, ...] = ()
    max_distance_metres: int | None = None
    featured_actions: tuple[FeaturedAction, ...] = ()
    has_poster: bool = False
    sharing_prohibited: bool = False
    rotates_code: bool = False
    country: str | None = None
    time_zone: str = "UTC"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a unit the card holds; minor units when the unit is money.

    `pending` counts only later; None: this program's units count at once. `change` and
    `pending_change`: by how much the last change moved them, 0 when it did not or nobody knows.
    """

    unit: Unit
    value: int
    pending: int | None = None
    change: int = 0
    pending_change: int = 0


class NextTier(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing to the tier above; minor units when `currency` is given."""

    tier: Tier
    missing: int
    currency: str | None = None


class NextExpiry(msgspec.Struct, frozen=True, kw_only=True):
    """The units that expire next, and when."""

    at: int
    units: int
    unit: Unit


class ExtraField(msgspec.Struct, frozen=True, kw_only=True):
    """What the merchant adds of its own; an empty value is not shown."""

    key: str
    label: str
    value: str


class Nfc(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone tells a reader it is held to.

    `public_key`: base64 of a P-256 X.509 SubjectPublicKeyInfo, without PEM lines.
    """

    message: str
    public_key: str
    requires_authentication: bool = False


class PassContent(msgspec.Struct, frozen=True, kw_only=True):
    """What one card shows; a unit or tier that its program does not name is left out.

    `barcode_format` is a name of specs barcodes §2 or `none`. `message` is the merchant's latest;
    `is_message_new` when the change that brought this content came with it: then it alone speaks.
    `promotion` is the latest message to all or many, in the pass's language, and `promoted_at`
    when it came: it speaks beside what else changed, never instead.
    `as_of` only when the merchant knows the balance. `card_url` is our page. `vouchers`: how many
    may be used, None where the program issues none; `keep_by`: until when the tier is kept.
    `speaks`: the field which alone tells of the last change, `unit:pts`, `pending:pts`, `tier` or
    `vouchers`; None: each that changed. `language`: the user's, for words that only he is told.
    `is_expired`: it still says all it said, and nobody takes it any more.
    """

    program: ProgramContent
    number: str
    barcode_value: str
    barcode_format: str
    balances: tuple[Balance, ...] = ()
    tier: Tier | None = None
    next_tier: NextTier | None = None
    next_expiry: NextExpiry | None = None
    vouchers: int | None = None
    keep_by: int | None = None
    as_of: int | None = None
    fields: tuple[ExtraField, ...] = ()
    message: str | None = None
    is_message_new: bool = False
    promotion: str | None = None
    promoted_at: int | None = None
    speaks: str | None = None
    language: str | None = None
    card_url: str | None = None
    expires_at: int | None = None
    is_voided: bool = False
    is_expired: bool = False
    nfc: Nfc | None = None


def in_language(text: Text, language: str, *, default: str) -> str:
    """Return the text in that language, else in the default one, else in any it has."""
    return text.get(language) or text.get(default) or next(iter(text.values()), "")
