"""What merchants get as figures; docs/figures.md defines each one (specs: api.md §5)."""

from __future__ import annotations

import msgspec

Units = dict[str, int]  # by unit


class Installs(msgspec.Struct, frozen=True, kw_only=True):
    """Passes in force that stand in a wallet now."""

    apple: int
    google: int


class Frequency(msgspec.Struct, frozen=True, kw_only=True):
    """Visits per card that was used, and the objective: a tenth more. Null: none was used."""

    average: str | None
    target: str | None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Of so many cards as are old enough (`of`), how many had a pass that many days later."""

    kept: int
    of: int


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """Cards whose first pass came into a wallet in a month: of 100 so many kept it."""

    cohort: str
    cards: int
    day7: str | None
    day30: str | None
    day90: str | None
    counts: dict[str, Kept]


class Pushes(msgspec.Struct, frozen=True, kw_only=True):
    """What Apple and Google took, and what they refused for good."""

    delivered: int
    failed: int


class DayOut(msgspec.Struct, frozen=True, kw_only=True):
    """One local day of the program."""

    day: str
    landing_views: int
    adds: int
    active: int
    earned: Units
    burned: Units
    expired: Units
    redemptions: int
    removals: int
    pushes_delivered: int
    pushes_failed: int


class StatsOut(msgspec.Struct, frozen=True, kw_only=True, rename={"from_day": "from"}):
    """A program's figures from one local day to another, both included, as of `computed_at`."""

    from_day: str
    to: str
    time_zone: str
    cards: int
    installs: Installs
    active: int
    landing_views: int
    adds: int
    removals: int
    redemptions: int
    vouchers_used: int
    earned: Units
    burned: Units
    expired: Units
    adjusted: Units
    reversed: Units
    opened: Units
    redemption: dict[str, str | None]
    outstanding: Units
    liability_minor: int | None
    currency: str
    retention_rate: str | None
    frequency: Frequency
    retention: list[Cohort]
    pushes: Pushes
    days: list[DayOut]
    computed_at: str
