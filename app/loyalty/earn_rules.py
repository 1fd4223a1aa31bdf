"""How a card earns: purchases and events, and what multiplies them (specs: loyalty §4)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from app.loyalty.rounding import Rounding
from app.loyalty.when import Conditions, Id, Integer, Part, Positive, Typed, Word, Words

TABLE_MAX = 5_000  # articles with units of their own


class PerAmount(Typed, frozen=True, kw_only=True, tag="per_amount"):
    """Whole steps of money, times points."""

    id: Id
    unit: Id
    step_minor: Positive
    points: Positive
    scope: Literal["ticket", "line", "each"] = "ticket"
    rounding: Rounding = "floor"
    remainder: Literal["drop", "carry"] = "drop"
    exclude_tags: Words = ()
    exclude_tenders: Words = ()
    when: Conditions = ()


class Percent(Typed, frozen=True, kw_only=True, tag="percent"):
    """A share of the base in basis points, at most `cap` units."""

    id: Id
    unit: Id
    bps: Positive
    rounding: Rounding = "floor"
    cap: Integer | None = None
    exclude_tags: Words = ()
    exclude_tenders: Words = ()
    when: Conditions = ()


class PerItem(Typed, frozen=True, kw_only=True, tag="per_item"):
    """Units for an article, by its sku or by `tag:` and one of its tags."""

    id: Id
    unit: Id
    table: Annotated[dict[Word, Positive], Meta(max_length=TABLE_MAX)]
    when: Conditions = ()


class Limit(Part, frozen=True, kw_only=True):
    """How often an event earns."""

    times: Positive
    per: Literal["lifetime", "day", "month", "year", "object"] = "lifetime"


class PerEvent(Typed, frozen=True, kw_only=True, tag="per_event"):
    """Units for something else than a purchase."""

    id: Id
    unit: Id
    event: Word
    points: Positive
    per_value: Word | None = None
    limit: Limit | None = None
    when: Conditions = ()


class Multiplier(Part, frozen=True, kw_only=True):
    """Raises what a purchase earns; the greatest of a group counts."""

    id: Id
    unit: Id
    num: Positive
    den: Positive = 1
    group: Id = "campaign"
    when: Conditions = ()


EarnRule: TypeAlias = PerAmount | Percent | PerItem | PerEvent
