"""What types cannot say of a program: what it names, and what could never work (§8, §11)."""

from __future__ import annotations

from collections.abc import Iterator

from app.loyalty import calendar
from app.loyalty.check_burns import wrong_burns
from app.loyalty.check_tiers import wrong_tiers
from app.loyalty.check_when import wrong_conditions
from app.loyalty.faults import (
    Fault,
    Known,
    known_in,
    repeated,
    unknown_unit,
    wrong_grant,
    wrong_instant,
    wrong_period,
    wrong_span,
)
from app.loyalty.program import Percent, PerEvent, PerItem, Program

FAULTS_MAX = 50  # told at once
BPS_WHOLE = 10_000


def check(program: Program) -> list[Fault]:
    """Find what is wrong in a program; nothing, when it can be published."""
    known = known_in(program)
    faults: list[Fault] = []
    for part in (
        _wrong_frame,
        _wrong_units,
        _wrong_metrics,
        _wrong_earning,
        _wrong_vouchers,
        wrong_burns,
        wrong_tiers,
        _wrong_events,
        _wrong_coalition,
    ):
        faults.extend(part(program, known))
    return faults[:FAULTS_MAX]


def _wrong_frame(program: Program, known: Known) -> Iterator[Fault]:
    try:
        calendar.zone(program.tz)
    except ValueError as error:
        yield Fault("tz", str(error))
    if not program.units:
        yield Fault("units", "a program counts at least one unit")
    yield from wrong_instant("effective_from", program.effective_from)
    yield from wrong_conditions("enrol_when", program.enrol_when, known)


def _wrong_units(program: Program, known: Known) -> Iterator[Fault]:
    yield from repeated("units", [unit.id for unit in program.units])
    for place, unit in enumerate(program.units):
        path, expiry = f"units[{place}]", unit.expiry
        if unit.negative == "reject":
            text = "reject has no meaning: debt or write_off expected"
            yield Fault(f"{path}.negative", text)
        is_aligned = expiry.align != "none"
        if is_aligned and expiry.after is None:
            yield Fault(f"{path}.expiry.align", "an end is aligned only with `after`")
        yield from wrong_period(f"{path}.pending", unit.pending, may_be_zero=True)
        yield from wrong_period(f"{path}.expiry.after", expiry.after, may_be_zero=is_aligned)
        yield from wrong_period(f"{path}.expiry.inactivity", expiry.inactivity)
        for at, period in enumerate(expiry.notify_before):
            yield from wrong_period(f"{path}.expiry.notify_before[{at}]", period)


def _wrong_metrics(program: Program, known: Known) -> Iterator[Fault]:
    yield from repeated("metrics", [metric.id for metric in program.metrics])
    for place, metric in enumerate(program.metrics):
        path = f"metrics[{place}]"
        if metric.agg == "earned":
            if metric.unit is None:
                yield Fault(f"{path}.unit", "say which unit is counted as earned")
            else:
                yield from unknown_unit(f"{path}.unit", metric.unit, known)
        elif metric.unit is not None:
            yield Fault(f"{path}.unit", f"{metric.agg} counts tickets, not a unit")
        if metric.window.rolling is not None and metric.window.calendar is not None:
            yield Fault(f"{path}.window", "a window is rolling or calendar, not both")
        yield from wrong_period(f"{path}.window.rolling", metric.window.rolling)


def _wrong_earning(program: Program, known: Known) -> Iterator[Fault]:
    yield from repeated("earn", [rule.id for rule in program.earn])
    for place, rule in enumerate(program.earn):
        path = f"earn[{place}]"
        yield from unknown_unit(f"{path}.unit", rule.unit, known)
        may_filter = not isinstance(rule, PerEvent)
        yield from wrong_conditions(f"{path}.when", rule.when, known, may_filter=may_filter)
        if isinstance(rule, Percent) and rule.cap is not None and rule.cap < 0:
            yield Fault(f"{path}.cap", "a cap of 0 or more expected")
        if isinstance(rule, PerItem) and "tag:" in rule.table:
            yield Fault(f"{path}.table.tag:", "a tag expected behind `tag:`")
    yield from repeated("multipliers", [rule.id for rule in program.multipliers])
    for place, raising in enumerate(program.multipliers):
        path = f"multipliers[{place}]"
        yield from unknown_unit(f"{path}.unit", raising.unit, known)
        yield from wrong_conditions(f"{path}.when", raising.when, known)


def _wrong_vouchers(program: Program, known: Known) -> Iterator[Fault]:
    yield from repeated("vouchers", [voucher.id for voucher in program.vouchers])
    for place, voucher in enumerate(program.vouchers):
        path, value = f"vouchers[{place}]", voucher.value
        if voucher.kind == "percent" and not 1 <= value <= BPS_WHOLE:
            yield Fault(f"{path}.value", "1 to 10000 basis points expected")
        if voucher.kind == "amount" and value < 0:
            yield Fault(f"{path}.value", "0 or more minor units expected")
        if voucher.kind == "item" and value != 0:
            yield Fault(f"{path}.value", "an item voucher has no value: leave it out")
        yield from wrong_period(f"{path}.valid", voucher.valid)


def _wrong_events(program: Program, known: Known) -> Iterator[Fault]:
    if program.referral is not None:
        yield from wrong_grant("referral.sponsor", program.referral.sponsor, known)
        yield from wrong_grant("referral.referee", program.referral.referee, known)
    yield from repeated("challenges", [each.id for each in program.challenges])
    for place, challenge in enumerate(program.challenges):
        yield from wrong_span(f"challenges[{place}]", challenge.start, challenge.end)
        yield from wrong_grant(f"challenges[{place}].grant", challenge.grant, known)
    yield from repeated("instants", [each.id for each in program.instants])
    for place, game in enumerate(program.instants):
        path = f"instants[{place}]"
        yield from wrong_grant(f"{path}.prize", game.prize, known)
        yield from repeated(f"{path}.instants", game.instants, "")
        for at, instant in enumerate(game.instants):
            yield from wrong_instant(f"{path}.instants[{at}]", instant)
    yield from repeated("access", [each.id for each in program.access])
    for place, sale in enumerate(program.access):
        yield from wrong_instant(f"access[{place}].opens", sale.opens)
        for tier, period in sale.early.items():
            path = f"access[{place}].early.{tier}"
            if tier not in known.tiers:
                yield Fault(path, f"the program has no tier {tier}")
            yield from wrong_period(path, period, may_be_zero=True)


def _wrong_coalition(program: Program, known: Known) -> Iterator[Fault]:
    if program.coalition is None:
        return
    partners = program.coalition.partners
    merchants = [partner.merchant for partner in partners]
    if not partners:
        yield Fault("coalition.partners", "a coalition has at least one partner")
    yield from repeated("coalition.partners", merchants, ".merchant")
    for place, partner in enumerate(partners):
        if partner.earn_share_bps > BPS_WHOLE:
            path = f"coalition.partners[{place}].earn_share_bps"
            yield Fault(path, "at most 10000 basis points expected")
