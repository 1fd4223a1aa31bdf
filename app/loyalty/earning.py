"""What a ticket or another event earns (specs/loyalty.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.loyalty import calendar, program
from app.loyalty.book import Book
from app.loyalty.conditions import Context, all_hold, matching_lines
from app.loyalty.events import Interaction
from app.loyalty.model import Line
from app.loyalty.rounding import rdiv


class Earned(msgspec.Struct):
    """Units of one kind that rules gave, before and after multipliers, and why."""

    units: int
    parts: list[dict[str, Any]]
    multipliers: list[list[Any]] = []

    @property
    def why(self) -> dict[str, Any]:
        """The facts that explain the figure."""
        if not self.multipliers:
            return {"parts": self.parts}
        return {"parts": self.parts, "multipliers": self.multipliers}

    @property
    def rule(self) -> str:
        """The rules that gave something, by name."""
        named = [part["rule"] for part in self.parts if part["units"]]
        return "+".join(dict.fromkeys(named)) or self.parts[0]["rule"]


class Basket(msgspec.Struct, frozen=True):
    """What a ticket is computed from. `others_minor`: net of the card's other tickets."""

    lines: Sequence[Line]
    tenders: Sequence[tuple[str, int]]
    others_minor: int


def purchase(book: Book, basket: Basket, context: Context) -> dict[str, Earned]:
    """Return, for every unit that a matching rule names, what the ticket earns."""
    found: dict[str, Earned] = {}
    for rule in context.program.earn:
        if isinstance(rule, program.PerEvent) or not all_hold(book, rule.when, context):
            continue
        part = _part(rule, basket)
        earned = found.get(rule.unit)
        if earned is None:
            earned = found[rule.unit] = Earned(0, [])
        earned.units += part["units"]
        earned.parts.append(part)
    if context.program.multipliers:
        for unit, earned in found.items():
            _multiply(book, unit, earned, context)
    return found


def _part(rule: program.EarnRule, basket: Basket) -> dict[str, Any]:
    """Apply one rule, and keep the facts."""
    lines = matching_lines(rule.when, basket.lines) if rule.when else basket.lines
    match rule:
        case program.PerItem():
            units = sum(line.qty * _best(rule.table, line) for line in lines)
            return {"rule": rule.id, "kind": "per_item", "units": units}
        case program.Percent():
            base = _base(rule, lines, basket)
            units = rdiv(base * rule.bps, 10_000, rule.rounding)
            facts = {"rule": rule.id, "kind": "percent", "base": base, "bps": rule.bps}
            facts["rounding"] = rule.rounding
            if rule.cap is not None and units > rule.cap:
                units = facts["cap"] = rule.cap
            facts["units"] = units
            return facts
        case program.PerAmount():
            return _per_amount(rule, lines, basket)
    raise AssertionError("events earn elsewhere")


def _per_amount(rule: program.PerAmount, lines: Sequence[Line], basket: Basket) -> dict[str, Any]:
    def steps(minor: int) -> int:
        # Whole steps first, then times points: 10.50 at 2 a whole unit is 20.
        return rdiv(minor, rule.step_minor, rule.rounding) * rule.points

    base = _base(rule, lines, basket)
    facts: dict[str, Any] = {"rule": rule.id, "kind": "per_amount", "base": base}
    facts |= {"step": rule.step_minor, "points": rule.points, "rounding": rule.rounding}
    kept = _without(rule.exclude_tags, lines)
    if rule.scope == "line":
        units = sum(steps(line.qty * line.unit_minor) for line in kept)
    elif rule.scope == "each":
        units = sum(line.qty * steps(line.unit_minor) for line in kept)
    elif rule.remainder == "carry":
        before = basket.others_minor
        units = steps(before + base) - steps(before)
        facts["carried"] = before
    else:
        units = steps(base)
    if rule.scope != "ticket":
        facts["scope"] = rule.scope
    facts["units"] = units
    return facts


def _without(tags: tuple[str, ...], lines: Sequence[Line]) -> Sequence[Line]:
    if not tags:
        return lines
    return [line for line in lines if set(tags).isdisjoint(line.tags)]


def _base(rule: program.PerAmount | program.Percent, lines: Sequence[Line], basket: Basket) -> int:
    """Return the money that earns: lines without excluded tags, less excluded tenders."""
    total = 0
    for line in _without(rule.exclude_tags, lines):
        total += line.qty * line.unit_minor
    if rule.exclude_tenders:
        total -= sum(minor for kind, minor in basket.tenders if kind in rule.exclude_tenders)
    return max(0, total)


def _best(table: dict[str, int], line: Line) -> int:
    """Return an article's units: the best of its sku and its tags, never both."""
    best = table.get(line.sku, 0) if line.sku is not None else 0
    for tag in line.tags:
        best = max(best, table.get(f"tag:{tag}", 0))
    return best


def _multiply(book: Book, unit: str, earned: Earned, context: Context) -> None:
    """Multiply by the greatest ratio of each group, and round down once, in the end."""
    best: dict[str, program.Multiplier] = {}
    for each in context.program.multipliers:
        if each.unit != unit or not all_hold(book, each.when, context):
            continue
        rival = best.get(each.group)
        if rival is None or each.num * rival.den > rival.num * each.den:
            best[each.group] = each
    num = den = 1
    applied = []
    for each in best.values():
        if each.num > each.den:  # never below 1
            num, den = num * each.num, den * each.den
            applied.append([each.id, each.num, each.den])
    if applied:
        earned.units = earned.units * num // den
        earned.multipliers = applied


def interaction(
    book: Book, event: Interaction, context: Context
) -> list[tuple[program.PerEvent, Earned]]:
    """Return what each matching rule gives for an event; beyond its limit it gives 0."""
    found = []
    for rule in context.program.earn:
        if not isinstance(rule, program.PerEvent) or rule.event != event.event:
            continue
        if not all_hold(book, rule.when, context):
            continue
        units, times = rule.points, 1
        if rule.per_value is not None:
            times = max(0, event.values.get(rule.per_value, 0))
            units = rule.points * times
        facts: dict[str, Any] = {"rule": rule.id, "kind": "per_event", "event": event.event}
        facts |= {"points": rule.points, "times": times}
        if rule.limit is not None and not _is_within(book, rule, event, context):
            facts["limit"], units = rule.limit.times, 0
        facts["units"] = units
        found.append((rule, Earned(units, [facts])))
    return found


def _is_within(book: Book, rule: program.PerEvent, event: Interaction, context: Context) -> bool:
    """Count an event against its rule's limit, by its local day, month or year."""
    limit = rule.limit
    assert limit is not None, "only rules with a limit are counted"
    day = calendar.local_date(context.at, context.program.tz)
    match limit.per:
        case "day":
            bucket = day.isoformat()
        case "month":
            bucket = day.isoformat()[:7]
        case "year":
            bucket = day.isoformat()[:4]
        case "object":
            bucket = event.object or ""
        case _:
            bucket = ""
    key = f"limit:{rule.id}:{limit.per}:{bucket}"
    if book.tally(key) >= limit.times:
        return False
    book.count(key, 1)
    return True
