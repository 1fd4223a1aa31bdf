"""What merchants send and get: programs, keys (specs: api §5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.http.fields import Color, Country, Currency, Key, LocalText, LongText, Name, Positive
from app.programs.ending_schemas import EndingOut
from app.programs.enrolment_schemas import Enrolment

UNITS_MAX, TIERS_MAX, LINKS_MAX, LOCATIONS_MAX = 8, 20, 10, 100
Authority = Literal["ledger", "merchant", "none"]
SpokenLanguage = Literal["fr", "en"]
# One text, or one per language; long ones may hold line breaks.
LocalLongText = (
    Annotated[str, Meta(min_length=1, max_length=4000)]
    | Annotated[dict[SpokenLanguage, LongText], Meta(min_length=1)]
)
Url = Annotated[
    str, Meta(max_length=2000, pattern=r"^(https://|mailto:|tel:)[^\x00-\x20\x7f]+(?![\s\S])")
]


# Ids of rules may begin with what other keys do not (loyalty §11).
RuleKey = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(?![\s\S])")]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of a program; unknown fields are refused."""


class NewUnit(Part, frozen=True, kw_only=True):
    """What the program counts; with a currency its values are minor units of money."""

    id: RuleKey
    name: LocalText
    currency: Currency | None = None


class NewTier(Part, frozen=True, kw_only=True):
    """A standing, in rising order."""

    id: RuleKey
    name: LocalText


class Design(Part, frozen=True, kw_only=True):
    """How its passes look. `logo_text` is written beside the logo."""

    background_color: Color | None = None
    foreground_color: Color | None = None
    label_color: Color | None = None
    logo_text: Name | None = None
    headline: LocalText | None = None
    description: LocalText | None = None
    terms: LocalLongText | None = None
    how_to_leave: LocalLongText | None = None


class NewBarcode(Part, frozen=True, kw_only=True):
    """The usual format of its codes, what its tills read (absent: all), its numbers' pattern."""

    format: Annotated[str, Meta(max_length=20)]
    accepts: (
        Annotated[tuple[Annotated[str, Meta(max_length=20)], ...], Meta(max_length=20)] | None
    ) = None
    number_pattern: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class NewLocation(Part, frozen=True, kw_only=True):
    """A place; its id is the merchant's, the same in all its programs. Degrees."""

    id: Key
    name: Name
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class NewLink(Part, frozen=True, kw_only=True):
    """A way to the merchant: https, mailto or tel."""

    label: LocalText
    url: Url


class NewNfc(Part, frozen=True, kw_only=True):
    """What the phone tells a reader; needs an NFC certificate (specs: apple §1)."""

    public_key: Annotated[str, Meta(min_length=1, max_length=400)]
    requires_authentication: bool = False


class ProgramSettings(Part, frozen=True, kw_only=True):
    """Switches. `open_numbers`: a known number without holder needs no proof.

    `proof_from_units`: from so many units on, a hold needs the scan of a code that changes.
    `country`: where the program is at home, ISO 3166-1 (Google shows it to who is abroad).
    `till_redemptions_per_minute`: of one till. `rotating_code`: where the wallet can, the code
    changes every 30 seconds and no other stands beside it. `enrolment`: what is asked of whoever
    joins; null: a name and an address, both of his own will.
    """

    open_numbers: bool = False
    till_search: bool = False
    till_redemptions_per_minute: Annotated[int, Meta(ge=1, le=600)] = 30
    proof_from_units: Positive | None = None
    sharing_prohibited: bool = False
    rotating_code: bool = False
    country: Country | None = None
    has_poster: bool = False
    nfc: NewNfc | None = None
    enrolment: Enrolment | None = None


class NewProgram(Part, frozen=True, kw_only=True):
    """A program as its merchant sends it. `languages`: the first is the default."""

    name: Name
    authority: Authority
    rules: Any = UNSET
    vectors: Any = UNSET
    units: Annotated[tuple[NewUnit, ...], Meta(max_length=UNITS_MAX)] = ()
    tiers: Annotated[tuple[NewTier, ...], Meta(max_length=TIERS_MAX)] = ()
    design: Design = Design()
    barcode: NewBarcode
    locations: Annotated[tuple[NewLocation, ...], Meta(max_length=LOCATIONS_MAX)] = ()
    links: Annotated[tuple[NewLink, ...], Meta(max_length=LINKS_MAX)] = ()
    languages: Annotated[tuple[SpokenLanguage, ...], Meta(min_length=1, max_length=2)] = (
        "fr",
        "en",
    )
    settings: ProgramSettings = ProgramSettings()


class ProgramDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A program as it is kept: what was sent, but for what only publishing needed.

    `effective_from`: when its rules come into force, Unix microseconds. `former`: the fingerprint
    of the version before, so that a document's text stands for all that led to it.
    """

    name: str
    authority: str
    units: tuple[NewUnit, ...] = ()
    tiers: tuple[NewTier, ...] = ()
    design: Design = Design()
    barcode: NewBarcode
    locations: tuple[NewLocation, ...] = ()
    links: tuple[NewLink, ...] = ()
    languages: tuple[str, ...] = ("fr", "en")
    settings: ProgramSettings = ProgramSettings()
    rules: Any = None
    effective_from: int = 0
    former: str | None = None


class ProgramOut(msgspec.Struct, frozen=True, kw_only=True):
    """A program as its merchant gets it; `warnings` say what phones cannot show.

    `ending` null: no end is announced.
    """

    id: str
    slug: str
    version: int
    join_url: str
    name: str
    authority: str
    units: tuple[NewUnit, ...]
    tiers: tuple[NewTier, ...]
    design: Design
    barcode: NewBarcode
    locations: tuple[NewLocation, ...]
    links: tuple[NewLink, ...]
    languages: tuple[str, ...]
    settings: ProgramSettings
    rules: Any
    effective_from: str | None
    images: dict[str, str]
    warnings: list[str]
    created_at: str
    updated_at: str
    ending: EndingOut | None = None


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What the last months would have been by other rules: cards, and money owed, minor units."""

    cards: int
    gains: int
    loses: int
    liability_before_minor: int
    liability_after_minor: int


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing would do: nothing is stored. Cards that gain or lose by new rules."""

    valid: bool
    warnings: list[str]
    effective_from: str | None = None
    months: int | None = None
    cards: int = 0
    gains: int = 0
    loses: int = 0
    liability_before_minor: int = 0
    liability_after_minor: int = 0


class ImageOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that was taken."""

    role: str
    url: str


class NewKey(Part, frozen=True, kw_only=True):
    """A key to make. `ips`: addresses or networks it may come from; absent is everywhere."""

    name: Name
    scopes: Annotated[
        tuple[Literal["read", "write", "admin"], ...], Meta(min_length=1, max_length=3)
    ]
    ips: (
        Annotated[
            tuple[Annotated[str, Meta(max_length=50)], ...], Meta(min_length=1, max_length=20)
        ]
        | None
    ) = None


class Roll(Part, frozen=True, kw_only=True):
    """For how long the former token stays valid; at most 30 days."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 0


class KeyOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key; `token` is shown once, when it is made or rolled."""

    id: str
    name: str
    scopes: list[str]
    prefix: str
    created_at: str
    ips: list[str] | None = None
    last_used_at: str | None = None
    token: str | UnsetType = UNSET


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's keys."""

    items: list[KeyOut]
    next: str | None = None


class ShopOut(msgspec.Struct, frozen=True, kw_only=True):
    """A shop or a program to choose from. `program_id` is set where the card can be live here."""

    name: str
    color: str
    category: str | None
    barcode_format: str | None
    is_live: bool
    program_id: str | None = None
    slug: str | None = None
