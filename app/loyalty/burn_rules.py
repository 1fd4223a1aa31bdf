"""What units can buy, and what a program may grant (specs: loyalty §7, §11)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from app.loyalty.rounding import Rounding
from app.loyalty.when import (
    Conditions,
    Duration,
    Id,
    Integer,
    MonthDay,
    Natural,
    Part,
    Positive,
    Typed,
)

STEPS_MAX = 200  # of a ladder of discounts


class Voucher(Part, frozen=True, kw_only=True):
    """A template. `value`: minor units (amount), basis points (percent), 0 (item)."""

    id: Id
    kind: Literal["amount", "percent", "item"]
    value: Integer = 0
    valid: Duration | None = None
    min_basket_minor: Natural = 0


class GiveVoucher(Typed, frozen=True, kw_only=True, tag="voucher"):
    """Grants a voucher."""

    voucher: Id


class GiveUnits(Typed, frozen=True, kw_only=True, tag="units"):
    """Grants units."""

    unit: Id
    points: Positive


class GiveBadge(Typed, frozen=True, kw_only=True, tag="badge"):
    """Grants a badge."""

    badge: Id


Grant: TypeAlias = GiveVoucher | GiveUnits | GiveBadge


class ItemForUnits(Typed, frozen=True, kw_only=True, tag="item_for_units"):
    """An article for units."""

    id: Id
    unit: Id
    minor_per_unit: Positive
    min_minor: Natural = 0
    min_basis: Literal["price", "cost"] = "price"
    rounding: Rounding = "ceil"


class Ladder(Typed, frozen=True, kw_only=True, tag="ladder"):
    """Fixed steps [units, discount in minor units]."""

    id: Id
    unit: Id
    steps: Annotated[tuple[tuple[Positive, Positive], ...], Meta(max_length=STEPS_MAX)]
    max_units: Positive


class ConvertToVoucher(Typed, frozen=True, kw_only=True, tag="convert"):
    """Units into a voucher. `at`: MM-DD of a scheduled conversion."""

    id: Id
    unit: Id
    voucher: Id
    minor_per_unit: Positive
    min_units: Positive = 1
    take: Literal["all", "multiples"] = "all"
    mode: Literal["on_demand", "scheduled", "auto"] = "on_demand"
    at: Annotated[tuple[MonthDay, ...], Meta(max_length=366)] = ()
    when: Conditions = ()


class Pay(Typed, frozen=True, kw_only=True, tag="pay"):
    """Units as money."""

    id: Id
    unit: Id
    minor_per_unit: Positive
    min_units: Positive = 1
    when: Conditions = ()


class Catalogue(Typed, frozen=True, kw_only=True, tag="catalogue"):
    """A reward for a fixed cost. `stock` is shared by all cards; None: without end."""

    id: Id
    unit: Id
    cost: Positive
    grant: Grant
    stock: Integer | None = None
    when: Conditions = ()


BurnRule: TypeAlias = ItemForUnits | Ladder | ConvertToVoucher | Pay | Catalogue
