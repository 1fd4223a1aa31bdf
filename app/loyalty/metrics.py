"""Metrics: what counts towards a tier, kept up incrementally and exact at any moment."""

from __future__ import annotations

from collections.abc import Iterator

from app.loyalty import calendar
from app.loyalty.book import NEVER, Book
from app.loyalty.model import Cached
from app.loyalty.program import MetricDef, Program

# Two moments of one month may leave a window in the other order (31 January and 28 January 23:00,
# each plus a month): at most the three days that a month's end cuts off, and the clocks' change.
SLOP = 4 * 86_400 * 1_000_000  # microseconds


def value(book: Book, metric: MetricDef, at: int, rules: Program) -> int:
    """Return a metric at a moment, over items that occurred until then (specs/loyalty.md §4).

    Only the rules in force keep their metrics; those of a version that has passed are counted.
    """
    if at == book.at and rules is book.program:
        return current(book, metric).value
    return _total(book, metric, at)


def current(book: Book, metric: MetricDef) -> Cached:
    """Return a metric at the moment being worked on, kept for the next time."""
    key = key_of(metric)
    found = book.account.metrics.get(key)
    if found is None:
        found = _build(book, metric, book.at)
    elif found.until is not None and book.at >= found.until:
        found = _advance(book, metric, found)
    else:
        return found
    book.account.metrics[key] = found
    return found


def all_values(book: Book) -> dict[str, int]:
    """Return every metric of the program at the moment being worked on."""
    return {metric.id: current(book, metric).value for metric in book.program.metrics}


def key_of(metric: MetricDef) -> str:
    """Name what a metric counts; metrics that count the same share their value."""
    window = metric.window.rolling or metric.window.calendar or ""
    return f"{metric.agg}:{metric.unit or ''}:{window}"


def refresh(book: Book) -> None:
    """Bring every metric to the moment being worked on, and forget those no rule names."""
    metrics = book.program.metrics
    if not metrics and not book.account.metrics:
        return
    kept = {key_of(metric): metric for metric in metrics}
    for key in [key for key in book.account.metrics if key not in kept]:
        del book.account.metrics[key]
    for metric in kept.values():
        current(book, metric)


def note_ticket(book: Book, occurred_at: int, net: int, tickets: int) -> None:
    """Take in that tickets of a moment now count for so much more (or less)."""
    if not book.account.metrics:
        return
    for metric in _distinct(book):
        if metric.agg == "net_amount":
            _note(book, metric, occurred_at, net)
        elif metric.agg == "tickets":
            _note(book, metric, occurred_at, tickets)


def note_units(book: Book, unit: str, earned_at: int, units: int) -> None:
    """Take in that a lot earned at a moment now counts for so much more (or less)."""
    if not book.account.metrics:
        return
    for metric in _distinct(book):
        if metric.agg == "earned" and metric.unit == unit:
            _note(book, metric, earned_at, units)


def _distinct(book: Book) -> Iterator[MetricDef]:
    metrics = book.program.metrics
    if len(metrics) < 2:
        yield from metrics
        return
    yield from {key_of(metric): metric for metric in metrics}.values()


def _note(book: Book, metric: MetricDef, at: int, change: int) -> None:
    """Change a kept value. It was brought to the moment before the change was made."""
    found = book.account.metrics.get(key_of(metric))
    if found is None or change == 0:
        return
    found.as_of = book.at  # whatever occurred until now is in it, or has left it
    if at > book.at:
        found.until = _earlier(found.until, at)
        return
    leaves_at = _leaves_at(book, metric, at)
    if leaves_at is not None:
        if leaves_at <= book.at:
            return
        if metric.window.rolling is not None and change > 0:
            found.until = _earlier(found.until, leaves_at)
    found.value += change


def _leaves_at(book: Book, metric: MetricDef, at: int) -> int | None:
    """Return when an item stops counting; None: never."""
    if metric.window.rolling is not None:
        return calendar.add(at, metric.window.rolling, book.program.tz)
    if metric.window.calendar is not None:
        return calendar.period_after(at, metric.window.calendar, book.program.tz)
    return None


def _items(book: Book, metric: MetricDef, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Walk (moment, what it counts) by time, start and end included."""
    if metric.agg == "earned":
        yield from book.lots_between(metric.unit or "", start, end)
    elif metric.agg == "tickets":
        for at, net in book.tickets_between(start, end):
            yield at, 1 if net > 0 else 0
    else:
        yield from book.tickets_between(start, end)


def _total(book: Book, metric: MetricDef, at: int) -> int:
    """Count afresh: items that occurred until a moment and had not left by then."""
    start = _earliest(book, metric, at)
    total = 0
    for occurred_at, counts in _items(book, metric, start, at):
        leaves_at = _leaves_at(book, metric, occurred_at)
        if leaves_at is None or at < leaves_at:
            total += counts
    return total


def _earliest(book: Book, metric: MetricDef, at: int) -> int:
    tz = book.program.tz
    if metric.window.rolling is not None:
        return calendar.subtract(at, metric.window.rolling, tz) - SLOP
    if metric.window.calendar is not None:
        return _period_start(at, metric.window.calendar, tz)
    return -NEVER


def _build(book: Book, metric: MetricDef, at: int) -> Cached:
    return Cached(_total(book, metric, at), at, _changes_at(book, metric, at))


def _advance(book: Book, metric: MetricDef, found: Cached) -> Cached:
    """Move a kept value on: only what came in or left since is read."""
    before, at = found.as_of, book.at
    if metric.window.rolling is None:
        return _build(book, metric, at)
    tz, value = book.program.tz, found.value
    start = calendar.subtract(before, metric.window.rolling, tz) - SLOP
    end = calendar.subtract(at, metric.window.rolling, tz) + SLOP
    for occurred_at, counts in _items(book, metric, start, min(end, before)):
        leaves_at = calendar.add(occurred_at, metric.window.rolling, tz)
        if before < leaves_at <= at:
            value -= counts
    for occurred_at, counts in _items(book, metric, before + 1, at):
        if at < calendar.add(occurred_at, metric.window.rolling, tz):
            value += counts
    return Cached(value, at, _changes_at(book, metric, at))


def _changes_at(book: Book, metric: MetricDef, at: int) -> int | None:
    """Return the first moment after `at` at which the value is another; None: as it stays."""
    changes_at = next((at for at, counts in _items(book, metric, at + 1, NEVER) if counts), None)
    if metric.window.calendar is not None:
        end = calendar.period_after(at, metric.window.calendar, book.program.tz)
        return _earlier(changes_at, end)
    if metric.window.rolling is None:
        return changes_at
    first: int | None = None  # when the item that leaves first, as far as is known, occurred
    for occurred_at, counts in _items(book, metric, _earliest(book, metric, at), at):
        if first is not None and occurred_at > first + SLOP:
            break
        leaves_at = calendar.add(occurred_at, metric.window.rolling, book.program.tz)
        if counts and leaves_at > at:
            first = occurred_at if first is None else first
            changes_at = _earlier(changes_at, leaves_at)
    return changes_at


def _period_start(at: int, period: str, tz: str) -> int:
    """Return the local midnight at which the local month or year of a moment began."""
    day = calendar.local_date(at, tz).replace(day=1)
    return calendar.midnight(day.replace(month=1) if period == "year" else day, tz)


def _earlier(one: int | None, other: int) -> int:
    return other if one is None or other < one else one
