"""Conditions of a program as typed structs, and the fields all rules share (specs: loyalty §4)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

BIG = 2**53  # what every JSON reader holds exactly
CONDITIONS_MAX = 100  # in one list
DEPTH_MAX = 16  # of conditions inside conditions; checked when a program is read
WORDS_MAX = 1_000  # merchants, countries, articles, tags in one list

Integer = Annotated[int, Meta(ge=-BIG, le=BIG)]
Natural = Annotated[int, Meta(ge=0, le=BIG)]
Positive = Annotated[int, Meta(ge=1, le=BIG)]
# Patterns end with a look-ahead, because `$` also matches before a last newline; `\d` would take
# the digits of every script.
Id = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,64}(?![\s\S])")]
Duration = Annotated[
    str,
    Meta(
        max_length=40,
        pattern=r"^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?)?(?![\s\S])",
    ),
]
MonthDay = Annotated[str, Meta(pattern=r"^[0-9]{2}-[0-9]{2}(?![\s\S])")]
Instant = Annotated[str, Meta(max_length=40)]  # RFC 3339; `check` reads it
Word = Annotated[str, Meta(max_length=200)]
Words = Annotated[tuple[Word, ...], Meta(max_length=WORDS_MAX)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of a program; unknown fields are refused."""


class Typed(Part, frozen=True, kw_only=True, tag_field="type"):
    """An object of a program whose `type` says which one it is."""


class MerchantIn(Typed, frozen=True, kw_only=True, tag="merchant_in"):
    """The ticket's merchant is listed."""

    any: Words


class ChannelIn(Typed, frozen=True, kw_only=True, tag="channel_in"):
    """The ticket's channel is listed."""

    any: Words


class CountryIn(Typed, frozen=True, kw_only=True, tag="country_in"):
    """The ticket's country is listed."""

    any: Words


class SkuIn(Typed, frozen=True, kw_only=True, tag="sku_in"):
    """A line filter of an earn rule: only these articles."""

    any: Words


class TagAny(Typed, frozen=True, kw_only=True, tag="tag_any"):
    """A line filter of an earn rule: only articles with one of these tags."""

    any: Words


class TenderNone(Typed, frozen=True, kw_only=True, tag="tender_none"):
    """No part of the ticket was paid with these."""

    any: Words


class TierAtLeast(Typed, frozen=True, kw_only=True, tag="tier_at_least"):
    """The card stands at least there; on a ticket, before it."""

    tier: Id


class MinAmount(Typed, frozen=True, kw_only=True, tag="min_amount"):
    """The ticket's net is at least that many minor units."""

    minor: Positive


class LocalTime(Typed, frozen=True, kw_only=True, tag="local_time"):
    """ISO weekdays (none: all) and start <= HH:MM < end, in the program's zone."""

    days: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(max_length=7)] = ()
    start: Annotated[str, Meta(max_length=5)] = "00:00"
    end: Annotated[str, Meta(max_length=5)] = "24:00"


class DateRange(Typed, frozen=True, kw_only=True, tag="date_range"):
    """Start <= t < end."""

    start: Instant
    end: Instant


class BirthdayWithin(Typed, frozen=True, kw_only=True, tag="birthday_within"):
    """The local date is near the birthday."""

    days_before: Natural = 0
    days_after: Natural = 0


class TenureAtLeast(Typed, frozen=True, kw_only=True, tag="tenure_at_least"):
    """The card was enrolled that long ago."""

    period: Duration


class Metric(Typed, frozen=True, kw_only=True, tag="metric"):
    """A metric of the card, compared."""

    metric: Id
    op: Literal["gt", "ge", "lt", "le"]
    value: Integer


class All(Typed, frozen=True, kw_only=True, tag="all"):
    """Each of them holds."""

    of: Conditions


class Any_(Typed, frozen=True, kw_only=True, tag="any"):  # noqa: N801  the name in the schema
    """One of them holds."""

    of: Conditions


class Not(Typed, frozen=True, kw_only=True, tag="not"):
    """It does not hold."""

    of: Condition


Condition: TypeAlias = (
    MerchantIn
    | ChannelIn
    | CountryIn
    | SkuIn
    | TagAny
    | TenderNone
    | TierAtLeast
    | MinAmount
    | LocalTime
    | DateRange
    | BirthdayWithin
    | TenureAtLeast
    | Metric
    | All
    | Any_
    | Not
)
Conditions: TypeAlias = Annotated[tuple[Condition, ...], Meta(max_length=CONDITIONS_MAX)]
