"""What types cannot say of burn rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.loyalty import calendar
from app.loyalty.check_when import wrong_conditions
from app.loyalty.faults import (
    Fault,
    Known,
    repeated,
    unknown_unit,
    unknown_voucher,
    wrong_grant,
)
from app.loyalty.program import Catalogue, ConvertToVoucher, Ladder, Pay, Program

_LEAP_YEAR = 2028
_MONTH_DAY = re.compile(r"\d\d-\d\d", re.ASCII)


def wrong_burns(program: Program, known: Known) -> Iterator[Fault]:
    """Find faults in what units can buy."""
    yield from repeated("burn", [rule.id for rule in program.burn])
    for place, rule in enumerate(program.burn):
        path = f"burn[{place}]"
        yield from unknown_unit(f"{path}.unit", rule.unit, known)
        if known.units.get(rule.unit) == "status":
            yield Fault(f"{path}.unit", "status units only drive tiers and cannot be burned")
        match rule:
            case Ladder():
                yield from _wrong_ladder(path, rule)
            case ConvertToVoucher():
                yield from _wrong_conversion(path, rule, known)
            case Catalogue():
                yield from wrong_grant(f"{path}.grant", rule.grant, known)
                if rule.stock is not None and rule.stock < 0:
                    yield Fault(f"{path}.stock", "a stock of 0 or more expected")
                yield from wrong_conditions(f"{path}.when", rule.when, known)
            case Pay():
                yield from wrong_conditions(f"{path}.when", rule.when, known)
            case _:
                pass


def _wrong_ladder(path: str, rule: Ladder) -> Iterator[Fault]:
    if not rule.steps:
        yield Fault(f"{path}.steps", "at least one step expected")
    former = 0
    for place, (units, _minor) in enumerate(rule.steps):
        if units <= former:
            yield Fault(f"{path}.steps[{place}]", "steps rise: each needs more units than the last")
        if units > rule.max_units:
            yield Fault(f"{path}.steps[{place}]", f"above max_units, {rule.max_units}")
        former = units


def _wrong_conversion(path: str, rule: ConvertToVoucher, known: Known) -> Iterator[Fault]:
    yield from unknown_voucher(f"{path}.voucher", rule.voucher, known)
    if known.vouchers.get(rule.voucher) == "percent":
        text = "units are converted into an amount or an item, not into a percentage"
        yield Fault(f"{path}.voucher", text)
    if rule.mode == "scheduled" and not rule.at:
        yield Fault(f"{path}.at", "a scheduled conversion needs dates like 03-01")
    if rule.mode != "scheduled" and rule.at:
        yield Fault(f"{path}.at", "only a scheduled conversion has dates")
    yield from repeated(f"{path}.at", rule.at, "")
    for place, day in enumerate(rule.at):
        if not _is_day(day):
            yield Fault(f"{path}.at[{place}]", "a day of the year like 03-01 expected")
    yield from wrong_conditions(f"{path}.when", rule.when, known)


def _is_day(month_day: str) -> bool:
    if _MONTH_DAY.fullmatch(month_day) is None:
        return False
    try:
        calendar.day_in(month_day, _LEAP_YEAR)
    except ValueError:
        return False
    return True
