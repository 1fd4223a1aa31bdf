"""What is wrong in a program file, and checks of single values that many rules share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from app.loyalty import calendar
from app.loyalty.program import GiveUnits, GiveVoucher, Grant, Program

YEARS_MAX = 100  # of any period


class Fault(msgspec.Struct, frozen=True):
    """A place in a program file, and what is wrong there, as a sentence."""

    path: str
    message: str


class Known(msgspec.Struct, frozen=True):
    """The ids that other parts of a program may name."""

    units: dict[str, str]  # id → kind
    metrics: frozenset[str]
    tiers: tuple[str, ...]  # low to high
    vouchers: dict[str, str]  # id → kind


def known_in(program: Program) -> Known:
    """List what a program defines."""
    return Known(
        units={unit.id: unit.kind for unit in program.units},
        metrics=frozenset(metric.id for metric in program.metrics),
        tiers=tuple(tier.id for tier in program.tiers.ladder) if program.tiers else (),
        vouchers={voucher.id: voucher.kind for voucher in program.vouchers},
    )


def repeated(path: str, ids: Sequence[str], field: str = ".id") -> Iterator[Fault]:
    """Find ids that stand twice."""
    seen: set[str] = set()
    for place, each in enumerate(ids):
        if each in seen:
            yield Fault(f"{path}[{place}]{field}", f"{each} stands twice")
        seen.add(each)


def unknown_unit(path: str, unit: str, known: Known) -> Iterator[Fault]:
    """Find a unit that the program does not define."""
    if unit not in known.units:
        yield Fault(path, f"the program has no unit {unit}")


def unknown_voucher(path: str, voucher: str, known: Known) -> Iterator[Fault]:
    """Find a voucher that the program does not define."""
    if voucher not in known.vouchers:
        yield Fault(path, f"the program has no voucher {voucher}")


def wrong_grant(path: str, grant: Grant, known: Known) -> Iterator[Fault]:
    """Find a grant of what the program does not define."""
    match grant:
        case GiveVoucher():
            yield from unknown_voucher(f"{path}.voucher", grant.voucher, known)
        case GiveUnits():
            yield from unknown_unit(f"{path}.unit", grant.unit, known)
        case _:
            return


def wrong_period(path: str, period: str | None, *, may_be_zero: bool = False) -> Iterator[Fault]:
    """Find a period that no calendar has, or one of nothing."""
    if period is None:
        return
    read = calendar.parse_period(period)
    days = 365 * read.years + 31 * read.months + 7 * read.weeks + read.days
    minutes = days * 1_440 + read.hours * 60 + read.minutes
    if minutes > YEARS_MAX * 366 * 1_440:
        yield Fault(path, f"at most {YEARS_MAX} years expected")
    if minutes == 0 and not may_be_zero:
        yield Fault(path, "a period longer than nothing expected")


def wrong_instant(path: str, instant: str | None) -> Iterator[Fault]:
    """Find what is no moment."""
    if instant is not None and moment(instant) is None:
        yield Fault(path, "a moment like 2026-11-21T20:05:00Z expected")


def wrong_span(path: str, start: str, end: str) -> Iterator[Fault]:
    """Find a span that is none, or that ends before it starts."""
    yield from wrong_instant(f"{path}.start", start)
    yield from wrong_instant(f"{path}.end", end)
    first, last = moment(start), moment(end)
    if first is not None and last is not None and first >= last:
        yield Fault(f"{path}.end", "the end must come after the start")


def moment(instant: str) -> int | None:
    """Read a moment; None when it is none."""
    try:
        return calendar.parse_instant(instant)
    except ValueError:
        return None
