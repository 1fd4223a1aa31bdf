"""Whether conditions can hold together at all, as far as their text decides it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from app.loyalty.faults import moment
from app.loyalty.program import (
    All,
    Any_,
    ChannelIn,
    Condition,
    CountryIn,
    DateRange,
    LocalTime,
    MerchantIn,
    Metric,
    MinAmount,
    Not,
    TierAtLeast,
)
from app.loyalty.when import BIG

TRIES_MAX = 5_000  # ways through `any` that are looked at before "possible" is assumed
DEPTH_MAX = 200  # of ways that branch from ways
_OPPOSITE = {"ge": "lt", "lt": "ge", "gt": "le", "le": "gt"}

Range: TypeAlias = tuple[int, int]  # both ends included
# What a way through the conditions has fixed: a range or a set of values for each thing compared.
Fixed: TypeAlias = dict[tuple[str, object], Range | frozenset[object]]


class Search(msgspec.Struct):
    """Tries left for all questions about a program, and the ladder `tier_at_least` speaks of."""

    tiers: tuple[str, ...]
    tries: int = TRIES_MAX


def can_hold(conditions: Iterable[Condition], search: Search) -> bool:
    """Say whether all of them can hold at one moment; True when the text does not decide it."""
    return _is_open(search, [(each, True) for each in conditions], {}, 0)


def implies(one: Condition, other: Condition, search: Search) -> bool:
    """Say whether the other condition surely holds whenever one does."""
    return not can_hold((one, Not(of=other)), search)


def _is_open(search: Search, todo: list[tuple[Condition, bool]], fixed: Fixed, depth: int) -> bool:
    """Walk all ways through the conditions (True: it holds; False: it does not)."""
    if search.tries <= 0 or depth > DEPTH_MAX:
        return True
    search.tries -= 1
    rest, fixed = list(todo), dict(fixed)
    while rest:
        condition, wanted = rest.pop()
        match condition:
            case Not():
                rest.append((condition.of, not wanted))
            case All() | Any_():
                if isinstance(condition, All) == wanted:
                    rest.extend((each, wanted) for each in condition.of)
                    continue
                return any(
                    _is_open(search, [*rest, (each, wanted)], fixed, depth + 1)
                    for each in condition.of
                )
            case _:
                if not _fix(search, condition, wanted, fixed):
                    return False
    return True


def _fix(search: Search, condition: Condition, wanted: bool, fixed: Fixed) -> bool:
    """Note what a condition says; False when that contradicts what is fixed."""
    # The same condition cannot hold and not hold, whatever it asks.
    if not _meet(fixed, ("itself", condition), frozenset({wanted})):
        return False
    match condition:
        case Metric():
            key = ("metric", condition.metric)
            return _meet(fixed, key, _range_of(condition, wanted))
        case MinAmount():
            low, high = (condition.minor, BIG) if wanted else (0, condition.minor - 1)
            return _meet(fixed, ("ticket", ""), (low, high))
        case TierAtLeast():
            place = search.tiers.index(condition.tier) if condition.tier in search.tiers else 0
            last = len(search.tiers) - 1
            return _meet(fixed, ("tier", ""), (place, last) if wanted else (0, place - 1))
        case MerchantIn() | ChannelIn() | CountryIn() if wanted:
            return _meet(fixed, (type(condition).__name__, ""), frozenset(condition.any))
        case DateRange() if wanted:
            start, end = moment(condition.start) or 0, moment(condition.end) or 0
            return _meet(fixed, ("date", ""), (start, end - 1))
        case LocalTime() if wanted:
            days = frozenset(condition.days or range(1, 8))
            hours = (_minutes(condition.start), _minutes(condition.end) - 1)
            return _meet(fixed, ("days", ""), days) and _meet(fixed, ("hours", ""), hours)
        case _:
            return True


def _range_of(condition: Metric, wanted: bool) -> Range:
    op = condition.op if wanted else _OPPOSITE[condition.op]
    value = condition.value
    match op:
        case "gt":
            return max(0, value + 1), BIG  # no metric is ever below 0
        case "ge":
            return max(0, value), BIG
        case "lt":
            return 0, value - 1
        case _:
            return 0, value


def _meet(fixed: Fixed, key: tuple[str, object], new: Range | frozenset[object]) -> bool:
    old = fixed.get(key)
    if isinstance(new, tuple):
        if isinstance(old, tuple):
            new = (max(old[0], new[0]), min(old[1], new[1]))
        fixed[key] = new
        return new[0] <= new[1]
    both = new & old if isinstance(old, frozenset) else new
    fixed[key] = both
    return bool(both)


def _minutes(hhmm: str) -> int:
    return int(hhmm[:2]) * 60 + int(hhmm[3:])
