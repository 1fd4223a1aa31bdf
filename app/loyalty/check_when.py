"""What types cannot say of conditions: what they name, and where they may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.loyalty.faults import Fault, Known, wrong_period, wrong_span
from app.loyalty.program import (
    All,
    Any_,
    BirthdayWithin,
    Condition,
    DateRange,
    LocalTime,
    Metric,
    Not,
    SkuIn,
    TagAny,
    TenureAtLeast,
    TierAtLeast,
)
from app.loyalty.when import DEPTH_MAX

_HHMM = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_DAYS_MAX = 366


def wrong_conditions(
    path: str, conditions: tuple[Condition, ...], known: Known, *, may_filter: bool = False
) -> Iterator[Fault]:
    """Find faults in a list; line filters may stand there only where an earn rule has lines."""
    for place, each in enumerate(conditions):
        yield from wrong_condition(f"{path}[{place}]", each, known, may_filter=may_filter)


def wrong_condition(
    path: str,
    condition: Condition,
    known: Known,
    *,
    may_filter: bool = False,
    depth: int = 1,
) -> Iterator[Fault]:
    """Find faults in a condition and in those inside it."""
    if depth > DEPTH_MAX:
        yield Fault(path, f"at most {DEPTH_MAX} conditions inside each other")
        return
    match condition:
        case All() | Any_():
            inside = may_filter and isinstance(condition, All)
            for place, each in enumerate(condition.of):
                yield from wrong_condition(
                    f"{path}.of[{place}]", each, known, may_filter=inside, depth=depth + 1
                )
        case Not():
            yield from wrong_condition(f"{path}.of", condition.of, known, depth=depth + 1)
        case SkuIn() | TagAny():
            if not may_filter:
                text = "a line filter stands only in an earn rule's `when`, alone or inside `all`"
                yield Fault(f"{path}.type", text)
        case TierAtLeast():
            if condition.tier not in known.tiers:
                yield Fault(f"{path}.tier", f"the program has no tier {condition.tier}")
        case Metric():
            if condition.metric not in known.metrics:
                yield Fault(f"{path}.metric", f"the program has no metric {condition.metric}")
        case _:
            yield from _wrong_time(path, condition)


def _wrong_time(path: str, condition: Condition) -> Iterator[Fault]:
    match condition:
        case DateRange():
            yield from wrong_span(path, condition.start, condition.end)
        case TenureAtLeast():
            yield from wrong_period(f"{path}.period", condition.period, may_be_zero=True)
        case LocalTime():
            yield from _wrong_hours(path, condition)
        case BirthdayWithin():
            for field in ("days_before", "days_after"):
                if getattr(condition, field) > _DAYS_MAX:
                    yield Fault(f"{path}.{field}", f"at most {_DAYS_MAX} days expected")
        case _:
            return


def _wrong_hours(path: str, condition: LocalTime) -> Iterator[Fault]:
    start, end = condition.start, condition.end
    wrong = [
        field
        for field, text in (("start", start), ("end", end))
        if not _HHMM.fullmatch(text) and (field, text) != ("end", "24:00")
    ]
    for field in wrong:
        yield Fault(f"{path}.{field}", "a time like 09:30 expected, an end up to 24:00")
    if not wrong and start >= end:
        text = "the end must come after the start; a night is two ranges inside an `any`"
        yield Fault(f"{path}.end", text)
