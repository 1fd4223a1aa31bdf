"""Whether a condition holds at a moment, for a ticket, an event or a card (specs/loyalty.md §4)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import msgspec

from app.loyalty import calendar, metrics, program
from app.loyalty.book import Book
from app.loyalty.model import Line

NO_TENDERS: frozenset[str] = frozenset()


class Context(msgspec.Struct, frozen=True):
    """What conditions look at. `tier`: the card's position on the ladder, before a ticket.

    `program`: whose metrics and time zone count; `minor`: the ticket's sum after refunds.
    """

    at: int
    tier: int
    program: program.Program
    merchant: str | None = None
    channel: str = "store"
    country: str = "FR"
    tenders: frozenset[str] = NO_TENDERS
    minor: int = 0


def all_hold(book: Book, conditions: Iterable[program.Condition], context: Context) -> bool:
    """Say whether every condition holds; none at all hold too."""
    return all(holds(book, condition, context) for condition in conditions)


def holds(book: Book, condition: program.Condition, context: Context) -> bool:
    """Say whether one condition holds. Line filters always do: they choose lines."""
    match condition:
        case program.MerchantIn():
            return context.merchant in condition.any
        case program.ChannelIn():
            return context.channel in condition.any
        case program.CountryIn():
            return context.country in condition.any
        case program.SkuIn() | program.TagAny():
            return True
        case program.TenderNone():
            return context.tenders.isdisjoint(condition.any)
        case program.MinAmount():
            return context.minor >= condition.minor
        case program.TierAtLeast():
            return context.tier >= position_of(context.program, condition.tier)
        case program.Metric():
            return _compares(metric_at(book, condition.metric, context), condition)
        case program.All():
            return all_hold(book, condition.of, context)
        case program.Any_():
            return any(holds(book, each, context) for each in condition.of)
        case program.Not():
            return not holds(book, condition.of, context)
        case _:
            return _is_time(book, condition, context)


def _is_time(book: Book, condition: program.Condition, context: Context) -> bool:
    at, tz = context.at, context.program.tz
    match condition:
        case program.LocalTime():
            day = calendar.iso_weekday(at, tz)
            return (not condition.days or day in condition.days) and (
                condition.start <= calendar.local_hhmm(at, tz) < condition.end
            )
        case program.DateRange():
            start, end = condition.start, condition.end
            return calendar.parse_instant(start) <= at < calendar.parse_instant(end)
        case program.TenureAtLeast():
            enrolled_at = book.account.enrolled_at
            return enrolled_at is not None and at >= calendar.add(enrolled_at, condition.period, tz)
        case program.BirthdayWithin():
            return _is_birthday(book.birthday, calendar.local_date(at, tz), condition)
    raise AssertionError(f"{condition} is no condition")


def metric_at(book: Book, metric_id: str, context: Context) -> int:
    """Return a metric of the context's rules at its moment; one they do not define counts 0."""
    for metric in context.program.metrics:
        if metric.id == metric_id:
            return metrics.value(book, metric, context.at, context.program)
    return 0


def position_of(rules: program.Program, tier: str | None) -> int:
    """Return a tier's place on the ladder; 0, the base, for None and for one it has lost."""
    if rules.tiers is None or tier is None:
        return 0
    for place, each in enumerate(rules.tiers.ladder):
        if each.id == tier:
            return place
    return 0


def matching_lines(conditions: Iterable[program.Condition], lines: Iterable[Line]) -> list[Line]:
    """Choose the lines that every line filter among an earn rule's conditions lets in."""
    chosen = list(lines)
    for condition in conditions:
        match condition:
            case program.SkuIn():
                chosen = [line for line in chosen if line.sku in condition.any]
            case program.TagAny():
                chosen = [line for line in chosen if not set(condition.any).isdisjoint(line.tags)]
            case program.All():
                chosen = matching_lines(condition.of, chosen)
            case _:
                continue
    return chosen


def _compares(value: int, condition: program.Metric) -> bool:
    match condition.op:
        case "gt":
            return value > condition.value
        case "ge":
            return value >= condition.value
        case "lt":
            return value < condition.value
        case _:
            return value <= condition.value


def _is_birthday(
    birthday: str | None, day: datetime.date, condition: program.BirthdayWithin
) -> bool:
    """Compare with the birthday of last, this and next year; 29 February falls on the 28th."""
    if birthday is None:
        return False
    month, of_month = int(birthday[:2]), int(birthday[3:])
    for year in (day.year - 1, day.year, day.year + 1):
        days = (day - _on(year, month, of_month)).days
        if -condition.days_before <= days <= condition.days_after:
            return True
    return False


def _on(year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return datetime.date(year, month, 28)
