"""What units cost whoever must honour them: minor units of the program's currency (§11)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from app.loyalty.program import (
    BurnRule,
    Catalogue,
    ConvertToVoucher,
    ItemForUnits,
    Ladder,
    Pay,
    Program,
)
from app.loyalty.rounding import rdiv

MICRO_PER_MINOR = 10_000  # `cost_micro` is a millionth of a major unit, which has 100 minor ones


def cost_micro(program: Program, unit: str) -> int:
    """Return a unit's cost: what the program says, else what the best burn rule gives for one.

    A reward without a price (a catalogue's, an item voucher) costs nothing that can be known.
    """
    stated = next((each.cost_micro for each in program.units if each.id == unit), 0)
    if stated:
        return stated
    worth = best_worth(program, unit)
    return rdiv(worth.numerator * MICRO_PER_MINOR, worth.denominator, "half_up")


def best_worth(program: Program, unit: str) -> Fraction:
    """Return the most that one unit buys, in minor units; 0 where nothing has a price."""
    worths = [_worth(program, rule) for rule in program.burn if rule.unit == unit]
    return max(worths, default=Fraction(0))


def liability_minor(program: Program, units: Mapping[str, int]) -> int:
    """Return what a number of each unit costs, rounded up: what is owed is not made smaller."""
    micro = sum(cost_micro(program, unit) * count for unit, count in units.items() if count > 0)
    return rdiv(micro, MICRO_PER_MINOR, "ceil")


def _worth(program: Program, rule: BurnRule) -> Fraction:
    match rule:
        case ItemForUnits() | Pay():
            return Fraction(rule.minor_per_unit)
        case Ladder():
            return max((Fraction(minor, units) for units, minor in rule.steps), default=Fraction(0))
        case ConvertToVoucher():
            kinds = {voucher.id: voucher.kind for voucher in program.vouchers}
            is_money = kinds.get(rule.voucher) == "amount"
            return Fraction(rule.minor_per_unit if is_money else 0)
        case Catalogue():
            return Fraction(0)
