"""What a card's account shows at a moment: computed ahead where time has brought something."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

import msgspec

from app.ledger import kept_queries, lot_queries
from app.ledger.drawing import voucher_code, voucher_public_id
from app.ledger.posting import attempt, open_book
from app.ledger.queries import AccountRow
from app.loyalty import metrics, tiers
from app.loyalty.book import Book, spend_key
from app.loyalty.conditions import Context, holds
from app.loyalty.due import catch_up
from app.loyalty.events import Claims, Step
from app.loyalty.model import Account, Entry, Lot, Refusal, Voucher
from app.loyalty.program import All, Any_, Condition, Metric, Program
from app.loyalty.rules import Rules
from app.storage.database import Transaction

VOUCHERS_MAX = 200  # shown at once, the newest


class ShownVoucher(msgspec.Struct, frozen=True):
    """A voucher with its code and public id."""

    voucher: Voucher
    code: str
    public_id: bytes

    def is_usable(self, now: int) -> bool:
        """Say whether it may still be used."""
        expires_at = self.voucher.expires_at
        return self.voucher.status == "issued" and (expires_at is None or now < expires_at)


class Missing(msgspec.Struct, frozen=True):
    """What a metric lacks for the next tier; money in minor units."""

    metric: str
    agg: str
    unit: str | None
    value: int
    target: int
    missing: int


class NextTier(msgspec.Struct, frozen=True):
    """The next tier up. `needs_all` False: any one of the missing would do."""

    tier: str
    needs_all: bool
    missing: tuple[Missing, ...]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A card's account at a moment, everything by unit. Moments: Unix microseconds.

    `pending`: (units, when the first of them may be spent). `next_expiry`: (moment, units).
    `keep_by`: until when the tier's condition must be met again.
    """

    card_id: int
    program_id: int
    sequence: int
    at: int
    enrolled_at: int | None
    balances: dict[str, int]
    pending: dict[str, tuple[int, int | None]]
    held: dict[str, int]
    debt: dict[str, int]
    next_expiry: dict[str, tuple[int, int]]
    tier: str | None
    tier_since: int | None
    tier_hold_until: int | None
    keep_by: int | None
    to_next_tier: NextTier | None
    badges: tuple[str, ...]
    metrics: dict[str, int]
    vouchers: tuple[ShownVoucher, ...]
    is_merged: bool


class Quoted(msgspec.Struct, frozen=True):
    """What steps would do: results or refusal of each, their entries, the account after them."""

    results: tuple[dict[str, Any] | Refusal, ...]
    entries: tuple[Entry, ...]
    account: Account


def view(tx: Transaction, row: AccountRow, rules: Rules, *, now: int) -> View:
    """Look at an account; nothing is stored."""
    book = open_book(tx, row, rules, now=now, birthday=row.birthday)
    if row.next_due_at is not None and row.next_due_at <= book.now:
        catch_up(book)
    account = book.account
    units = [unit.id for unit in book.program.units]
    units += [unit for unit in account.sums if unit not in units]
    expiries = {unit: _next_expiry(book, unit) for unit in units}
    return View(
        card_id=row.card_id,
        program_id=row.program_id,
        sequence=row.sequence,
        at=book.now,
        enrolled_at=account.enrolled_at,
        balances={unit: book.balance(unit) for unit in units},
        pending={
            unit: (sums.pending, _first_pending(tx, row.card_id, book, unit))
            for unit, sums in account.sums.items()
            if sums.pending
        },
        held={unit: sums.held for unit, sums in account.sums.items() if sums.held},
        debt={unit: sums.debt for unit, sums in account.sums.items() if sums.debt},
        next_expiry={unit: expiry for unit, expiry in expiries.items() if expiry is not None},
        tier=account.tier,
        tier_since=account.tier_since,
        tier_hold_until=account.tier_hold_until,
        keep_by=tiers.end_due_at(book),
        to_next_tier=_next_tier(book),
        badges=tuple(account.badges),
        metrics=metrics.all_values(book),
        vouchers=_vouchers(tx, row, book),
        is_merged=row.merged_into is not None,
    )


def quote(
    tx: Transaction,
    row: AccountRow,
    rules: Rules,
    steps: tuple[Step, ...],
    *,
    claims: Claims,
    now: int,
) -> Quoted:
    """Do steps as a post would, and store nothing; what is refused is left out of the rest."""
    results: list[dict[str, Any] | Refusal] = []
    book = _caught_up(tx, row, rules, now)
    first = len(book.entries)
    accepted: list[Step] = []
    for step in steps:
        done = attempt(book, row.card_id, step, claims)
        results.append(done)
        if isinstance(done, Refusal):
            book = _caught_up(tx, row, rules, now)
            for each in accepted:
                attempt(book, row.card_id, each, claims)
        else:
            accepted.append(step)
    return Quoted(tuple(results), tuple(book.entries[first:]), book.account)


def vouchers_of(tx: Transaction, row: AccountRow, *, before: int, limit: int) -> list[ShownVoucher]:
    """List stored vouchers below a number, newest first."""
    return [
        shown_voucher(row, voucher)
        for voucher in kept_queries.vouchers_before(tx, row.card_id, before, limit)
    ]


def shown_voucher(row: AccountRow, voucher: Voucher) -> ShownVoucher:
    """Add what is drawn from the account's seed."""
    number = voucher.number
    return ShownVoucher(
        voucher, voucher_code(row.seed, number), voucher_public_id(row.seed, number)
    )


def _caught_up(tx: Transaction, row: AccountRow, rules: Rules, now: int) -> Book:
    book = open_book(tx, row, rules, now=now, birthday=row.birthday)
    catch_up(book)
    return book


def _vouchers(tx: Transaction, row: AccountRow, book: Book) -> tuple[ShownVoucher, ...]:
    stored = kept_queries.vouchers_before(tx, row.card_id, book.account.vouchers + 1, VOUCHERS_MAX)
    found = {voucher.number: voucher for voucher in stored} | book.vouchers
    newest = sorted(found, reverse=True)[:VOUCHERS_MAX]
    return tuple(shown_voucher(row, found[number]) for number in newest)


def _next_expiry(book: Book, unit: str) -> tuple[int, int] | None:
    """Return the earliest expiry of available lots, and what is left in those of that instant."""
    at, total = None, 0
    for lot in _by_expiry(book, unit):
        if lot.expires_at is None or (at is not None and lot.expires_at > at):
            break
        at, total = lot.expires_at, total + lot.left
    return None if at is None else (at, total)


def _by_expiry(book: Book, unit: str) -> Iterator[Lot]:
    mine = sorted(
        (lot for lot in book.lots.values() if lot.unit == unit and lot.is_available),
        key=lambda lot: spend_key(lot, "fefo"),
    )
    stored = (lot for lot in book.source.lots_in_order(unit, "fefo") if lot.number not in book.lots)
    merged = heapq.merge(mine, stored, key=lambda lot: spend_key(lot, "fefo"))
    return (lot for lot in merged if lot.left > 0)


def _first_pending(tx: Transaction, card_id: int, book: Book, unit: str) -> int | None:
    stored = lot_queries.maturing_after(tx, card_id, unit, book.now)
    mine = [
        lot.available_at
        for lot in book.lots.values()
        if lot.unit == unit and not lot.is_available and lot.left > 0
    ]
    return min([*mine, *([] if stored is None else [stored])], default=None)


def _next_tier(book: Book) -> NextTier | None:
    """Say what the next tier up still needs, as far as metrics say it."""
    ladder = book.program.tiers.ladder if book.program.tiers is not None else ()
    here = tiers.position(book)
    if here + 1 >= len(ladder):
        return None
    tier = ladder[here + 1]
    if tier.enter is None:
        return None
    context = Context(at=book.at, tier=here, program=book.program)
    needs_all = not isinstance(tier.enter, Any_)
    found = [
        each
        for condition in _metrics_of(tier.enter)
        if not holds(book, condition, context)
        for each in _missing(book, condition, book.program)
    ]
    return NextTier(tier.id, needs_all, tuple(found))


def _metrics_of(condition: Condition) -> Iterator[Metric]:
    match condition:
        case Metric():
            yield condition
        case All() | Any_():
            for each in condition.of:
                yield from _metrics_of(each)


def _missing(book: Book, condition: Metric, rules: Program) -> Iterator[Missing]:
    target = condition.value + (condition.op == "gt")
    if condition.op not in {"gt", "ge"}:
        return
    for metric in rules.metrics:
        if metric.id == condition.metric:
            value = metrics.current(book, metric).value
            yield Missing(metric.id, metric.agg, metric.unit, value, target, max(0, target - value))
