"""What time brings: run in order, each once per card and instant (specs/loyalty.md §2)."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator

from app.loyalty import calendar, holds, lots, metrics, notices, program, spending, tiers
from app.loyalty.book import NEVER, Book
from app.loyalty.conditions import Context, position_of
from app.loyalty.model import INTERNAL, Account
from app.loyalty.rules import Rules


def catch_up(book: Book) -> None:
    """Run everything due up to and including now, in time order; then look at the tier."""
    now = book.now
    book.move_to(book.account.caught_up_at)
    while True:
        due_at = _next(book)
        if due_at is None or due_at > now:
            break
        # A late fact may bring something that was due before: it runs now, time never goes back.
        book.move_to(max(due_at, book.account.caught_up_at))
        metrics.refresh(book)
        _run(book)
        book.account.caught_up_at = book.at
    book.move_to(now)
    book.account.caught_up_at = now
    lots.repay_debts(book)
    metrics.refresh(book)
    tiers.evaluate(book)


def next_due_at(account: Account, rules: Rules, *, now: int) -> int | None:
    """Return when a card must be looked at again, at the latest; None: only when something happens.

    Metrics that change by the mere passing of time count where a tier without hold follows them.
    """
    version = rules.at(now)
    moments = [*account.open_holds.values()]
    if any(_has_units(account, unit.id) for unit in version.program.units):
        moments.extend(_inactive(account, version.program))
    if account.lots_due_at is not None:
        moments.append(account.lots_due_at)
    moments.extend(_seasons(account, version.program))
    moments.extend(notices.moments(account, version.program))
    moments.extend(_tier_moments(account, version.program))
    # A later version brings its own dates.
    moments.extend(each.effective_from for each in rules.versions if each.effective_from > now)
    return min(moments, default=None)


def _tier_moments(account: Account, rules: program.Program) -> Iterator[int]:
    if rules.tiers is None:
        return
    if account.tier_hold_until is not None:
        yield _hold_end(account, rules)
        return
    if position_of(rules, account.tier) > 0:
        for cached in account.metrics.values():
            if cached.until is not None:
                yield cached.until


def _hold_end(account: Account, rules: program.Program) -> int:
    assert account.tier_hold_until is not None and rules.tiers is not None
    for tier in rules.tiers.ladder:
        if tier.id == account.tier and account.is_in_grace and tier.grace is not None:
            return calendar.add(account.tier_hold_until, tier.grace, rules.tz)
    return account.tier_hold_until


def _next(book: Book) -> int | None:
    """Return the next instant at which something that is listed happens."""
    account, rules = book.account, book.program
    moments = [*account.open_holds.values(), *_inactive(account, rules), *_seasons(account, rules)]
    moments.extend(notices.moments(account, rules))
    if account.lots_due_at is not None:
        moments.append(account.lots_due_at)
    if account.tier_hold_until is not None and rules.tiers is not None:
        moments.append(_hold_end(account, rules))
    if len(book.rules.versions) > 1:
        # A later version finds due, from its first moment on, what by its rules was due before.
        starts = (each.effective_from for each in book.rules.versions)
        moments.extend(at for at in starts if at > account.caught_up_at)
    return min(moments, default=None)


def _run(book: Book) -> None:
    """Run one instant: lots, then hold time-outs and inactivity, then conversions, then tiers."""
    lots.repay_debts(book)
    _run_lots(book)
    lots.repay_debts(book)
    for key in sorted(key for key, at in book.account.open_holds.items() if at <= book.at):
        holds.time_out(book, key)
        lots.repay_debts(book)
    _run_inactivity(book)
    _run_seasons(book)
    lots.repay_debts(book)
    due_at = tiers.end_due_at(book)
    if due_at is not None and due_at <= book.at:
        tiers.end_hold(book)
    notices.run(book)


def _run_lots(book: Book) -> None:
    """Let lots mature, then expire; the order among them is that of their numbers."""
    account, at = book.account, book.at
    if account.lots_due_at is None or account.lots_due_at > at:
        return
    due = {lot.number: book.take(lot) for lot in book.source.lots_due(at)}
    due |= {number: lot for number, lot in book.lots.items() if _is_due(lot.expires_at, at)
            or (not lot.is_available and lot.available_at <= at)}  # fmt: skip
    for _number, lot in sorted(due.items()):
        if not lot.is_available and lot.available_at <= at:
            lots.mature(book, lot)
    for _number, lot in sorted(due.items()):
        if lot.expires_at is not None and lot.expires_at <= at:
            lots.expire(book, lot, lot.expires_at)
    account.lots_due_at = _first_lot_due(book)


def _is_due(at: int | None, now: int) -> bool:
    return at is not None and at <= now


def _first_lot_due(book: Book) -> int | None:
    moments = []
    stored = book.source.first_lot_due(book.at)
    if stored is not None:
        moments.append(stored)
    for lot in book.lots.values():
        if not lot.is_available:
            moments.append(lot.available_at)
        if lot.left > 0 and lot.expires_at is not None:
            moments.append(lot.expires_at)
    return min((moment for moment in moments if moment > book.at), default=None)


def _inactive(account: Account, rules: program.Program) -> Iterator[int]:
    """Walk the moments at which all active lots of a unit die because nothing happened."""
    if account.last_activity_at is None:
        return
    for unit in rules.units:
        if unit.expiry.inactivity is None:
            continue
        due_at = calendar.add(account.last_activity_at, unit.expiry.inactivity, rules.tz)
        if account.inactive_at.get(unit.id, -NEVER) < due_at:
            yield due_at


def _has_units(account: Account, unit: str) -> bool:
    sums = account.sums.get(unit)
    return sums is not None and (sums.available > 0 or sums.pending > 0 or sums.held > 0)


def _run_inactivity(book: Book) -> None:
    account = book.account
    if account.last_activity_at is None:
        return
    for unit in book.program.units:
        if unit.expiry.inactivity is None:
            continue
        due_at = calendar.add(account.last_activity_at, unit.expiry.inactivity, book.program.tz)
        if due_at > book.at or account.inactive_at.get(unit.id, -NEVER) >= due_at:
            continue
        account.inactive_at[unit.id] = due_at
        for lot in list(book.in_spend_order(unit.id)):
            lots.expire(book, book.take(lot), book.at, rule="inactivity")


def _seasons(account: Account, rules: program.Program) -> Iterator[int]:
    """Walk the next instants of scheduled conversions that could find something to convert."""
    for rule in rules.burn:
        if not isinstance(rule, program.ConvertToVoucher) or rule.mode != "scheduled":
            continue
        if rule.at and _has_units(account, rule.unit):
            yield next_season(rule.at, account.caught_up_at, rules.tz)


def next_season(dates: tuple[str, ...], after: int, tz: str) -> int:
    """Return the first local midnight of these dates (MM-DD) after a moment."""
    year = calendar.local_date(after, tz).year
    return next(at for at in _season_instants(dates, year, tz) if at > after)


@functools.lru_cache(maxsize=1_000)
def _season_instants(dates: tuple[str, ...], year: int, tz: str) -> tuple[int, ...]:
    first = calendar.midnight(datetime.date(year, 1, 1), tz) - 1
    instants = []
    for each in dates:
        at = first
        for _year in range(3):
            at = calendar.next_month_day(at, each, tz)
            instants.append(at)
    return tuple(sorted(instants))


def _run_seasons(book: Book) -> None:
    after = book.account.caught_up_at
    for rule in book.program.burn:
        if not isinstance(rule, program.ConvertToVoucher) or rule.mode != "scheduled":
            continue
        if not rule.at or next_season(rule.at, after, book.program.tz) != book.at:
            continue
        lots.repay_debts(book)
        context = Context(at=book.at, tier=tiers.position(book), program=book.program)
        key = f"{INTERNAL}season:{rule.id}:{book.at}"
        spending.convert_where_allowed(book, key, rule, context)
