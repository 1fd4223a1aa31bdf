"""A program's rules as a closed set of typed structs: `loyalty-program/1` (specs: loyalty §11).

Of choices the first is the default. What types cannot say stands in checking.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from app.loyalty.burn_rules import (
    BurnRule,
    Catalogue,
    ConvertToVoucher,
    GiveBadge,
    GiveUnits,
    GiveVoucher,
    Grant,
    ItemForUnits,
    Ladder,
    Pay,
    Voucher,
)
from app.loyalty.earn_rules import (
    EarnRule,
    Limit,
    Multiplier,
    PerAmount,
    Percent,
    PerEvent,
    PerItem,
)
from app.loyalty.when import (
    All,
    Any_,
    BirthdayWithin,
    ChannelIn,
    Condition,
    Conditions,
    CountryIn,
    DateRange,
    Duration,
    Id,
    Instant,
    LocalTime,
    MerchantIn,
    Metric,
    MinAmount,
    Natural,
    Not,
    Part,
    Positive,
    SkuIn,
    TagAny,
    TenderNone,
    TenureAtLeast,
    TierAtLeast,
    Word,
)

RULES_MAX = 100  # of one kind
INSTANTS_MAX = 1_000

__all__ = [
    "Access",
    "All",
    "Any_",
    "BirthdayWithin",
    "BurnRule",
    "Catalogue",
    "Challenge",
    "ChannelIn",
    "Coalition",
    "Condition",
    "ConvertToVoucher",
    "CountryIn",
    "DateRange",
    "EarnRule",
    "Expiry",
    "GiveBadge",
    "GiveUnits",
    "GiveVoucher",
    "Grant",
    "InstantWin",
    "ItemForUnits",
    "Ladder",
    "Limit",
    "LocalTime",
    "MerchantIn",
    "Metric",
    "MetricDef",
    "MinAmount",
    "Multiplier",
    "Not",
    "Partner",
    "Pay",
    "PerAmount",
    "PerEvent",
    "PerItem",
    "Percent",
    "Program",
    "Referral",
    "SkuIn",
    "TagAny",
    "TenderNone",
    "TenureAtLeast",
    "Tier",
    "TierAtLeast",
    "Tiers",
    "Unit",
    "Voucher",
    "Window",
]


class Expiry(Part, frozen=True, kw_only=True):
    """How long a lot lives, and how long all lots of an idle card do."""

    after: Duration | None = None
    align: Literal["none", "end_of_day", "end_of_month", "end_of_year"] = "none"
    inactivity: Duration | None = None
    notify_before: Annotated[tuple[Duration, ...], Meta(max_length=10)] = ()


class Unit(Part, frozen=True, kw_only=True):
    """What the program counts. `cost_micro`: millionths of the currency's major unit."""

    id: Id
    kind: Literal["points", "status", "cashback", "stamps"] = "points"
    expiry: Expiry = Expiry()
    pending: Duration | None = None
    negative: Literal["debt", "write_off", "reject"] = "debt"
    spend_order: Literal["fefo", "fifo"] = "fefo"
    restore: Literal["original_lot", "new_lot"] = "original_lot"
    cost_micro: Natural = 0


class Window(Part, frozen=True, kw_only=True):
    """What a metric looks back on; neither is a lifetime."""

    rolling: Duration | None = None
    calendar: Literal["month", "year"] | None = None


class MetricDef(Part, frozen=True, kw_only=True):
    """A figure of a card that conditions may ask for."""

    id: Id
    agg: Literal["net_amount", "tickets", "earned"]
    unit: Id | None = None
    window: Window = Window()


class Tier(Part, frozen=True, kw_only=True):
    """A standing. `benefits` are labels to show."""

    id: Id
    enter: Condition | None = None
    keep: Condition | None = None
    hold: Duration | None = None
    grace: Duration | None = None
    grants: Annotated[tuple[Grant, ...], Meta(max_length=20)] = ()
    benefits: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()


class Tiers(Part, frozen=True, kw_only=True):
    """The ladder from low to high; the first is the base."""

    ladder: Annotated[tuple[Tier, ...], Meta(max_length=20)]
    downgrade: Literal["recompute", "one_down", "never"] = "recompute"
    refund: Literal["recompute", "keep"] = "recompute"
    skipped_grants: Literal["all", "top"] = "all"


class Referral(Part, frozen=True, kw_only=True):
    """What both get at the referee's first ticket of at least `min_minor`."""

    sponsor: Grant
    referee: Grant
    min_minor: Natural = 0
    max_per_sponsor: Positive | None = None


class Challenge(Part, frozen=True, kw_only=True):
    """A target for a while, alone or together."""

    id: Id
    start: Instant
    end: Instant
    agg: Literal["net_amount", "tickets"]
    target: Positive
    grant: Grant
    collective: bool = False


class InstantWin(Part, frozen=True, kw_only=True):
    """A fixed list of winning instants."""

    id: Id
    instants: Annotated[tuple[Instant, ...], Meta(max_length=INSTANTS_MAX)]
    prize: Grant
    max_plays_per_day: Positive = 1


class Access(Part, frozen=True, kw_only=True):
    """A private sale; a tier may enter earlier by its period."""

    id: Id
    opens: Instant
    early: Annotated[dict[Id, Duration], Meta(max_length=20)]


class Partner(Part, frozen=True, kw_only=True):
    """A merchant of a coalition, by its slug."""

    merchant: Id
    earn_share_bps: Natural = 10_000


class Coalition(Part, frozen=True, kw_only=True):
    """One card across merchants."""

    partners: Annotated[tuple[Partner, ...], Meta(max_length=RULES_MAX)]
    settle: Literal["issuance", "redemption"] = "redemption"


class Program(Part, frozen=True, kw_only=True):
    """One immutable version of a program's rules."""

    format: Literal["loyalty-program/1"]
    id: Id
    version: Positive
    tz: Annotated[str, Meta(max_length=64)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}(?![\s\S])")]
    units: Annotated[tuple[Unit, ...], Meta(max_length=20)]
    effective_from: Instant | None = None
    enrol_when: Conditions = ()
    metrics: Annotated[tuple[MetricDef, ...], Meta(max_length=RULES_MAX)] = ()
    earn: Annotated[tuple[EarnRule, ...], Meta(max_length=RULES_MAX)] = ()
    multipliers: Annotated[tuple[Multiplier, ...], Meta(max_length=RULES_MAX)] = ()
    tiers: Tiers | None = None
    vouchers: Annotated[tuple[Voucher, ...], Meta(max_length=RULES_MAX)] = ()
    burn: Annotated[tuple[BurnRule, ...], Meta(max_length=RULES_MAX)] = ()
    referral: Referral | None = None
    challenges: Annotated[tuple[Challenge, ...], Meta(max_length=RULES_MAX)] = ()
    instants: Annotated[tuple[InstantWin, ...], Meta(max_length=RULES_MAX)] = ()
    access: Annotated[tuple[Access, ...], Meta(max_length=RULES_MAX)] = ()
    coalition: Coalition | None = None
