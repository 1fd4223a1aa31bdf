"""What is true of a card after every step, counted afresh from all that hangs on it."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from app.loyalty import calendar, engine
from app.loyalty.model import Lot, Transfer
from app.loyalty.program import MetricDef
from app.loyalty.replay import World
from app.loyalty.shelf import Shelf

DEBIT_NORMAL = ("mint", "debt")
encode = msgspec.json.Encoder().encode


def written(world: World) -> bytes:
    """Write all cards, whole."""
    return encode({member: vars(shelf) for member, shelf in world.shelves.items()})


def essence(shelf: Shelf) -> bytes:
    """Write a card without its journal and without what only says when to look again."""
    account = msgspec.structs.replace(
        shelf.account,
        caught_up_at=0,
        metrics={},
        lots_due_at=None,
        notices_due_at=None,
        entries=0,
        transfers=0,
    )
    return encode([account, shelf.lots, shelf.tickets, shelf.vouchers, shelf.burns, shelf.holds])


def check(world: World) -> None:
    """Assert what holds of every card of a world."""
    for member, shelf in world.shelves.items():
        check_numbers(shelf)
        check_transfers(shelf)
        check_sums(shelf)
        check_lots(shelf)
        check_holds(shelf)
        check_counts(shelf, world)
        check_metrics(world, member)


def check_after_time(world: World) -> None:
    """Assert what holds besides right after time has passed."""
    assert world.now is not None
    for shelf in world.shelves.values():
        due_at = engine.next_due_at(shelf.account, world.rules, now=world.now)
        assert due_at is None or due_at > world.now, "what was due has run"
        for lot in shelf.lots.values():
            assert lot.is_available == (lot.available_at <= world.now), lot
            assert not lot.left or lot.expires_at is None or lot.expires_at > world.now, lot
        for expires_at in shelf.account.open_holds.values():
            assert expires_at > world.now


def check_numbers(shelf: Shelf) -> None:
    account = shelf.account
    assert [each.number for each in shelf.transfers] == list(range(1, account.transfers + 1))
    assert [each.number for each in shelf.entries] == list(range(1, account.entries + 1))
    assert sorted(shelf.lots) == list(range(1, account.lots + 1))
    assert sorted(shelf.vouchers) == list(range(1, account.vouchers + 1))


def check_transfers(shelf: Shelf) -> None:
    """No place but the mint is ever below zero, also in between; the sum of all is zero."""
    folded: Counter[tuple[str, str]] = Counter()
    for each in shelf.transfers:
        assert each.units > 0, each
        assert each.debit != each.credit, each
        for place, change in ((each.debit, -each.units), (each.credit, each.units)):
            folded[each.unit, place] += -change if place in DEBIT_NORMAL else change
        if each.debit not in DEBIT_NORMAL:
            assert folded[each.unit, each.debit] >= 0, each
        if each.credit == "debt":
            assert folded[each.unit, "debt"] >= 0, each
    total: Counter[str] = Counter()
    for (unit, place), units in folded.items():
        # A correction down and a refund may both take the same units back: the rest is a debt.
        assert units >= 0 or place == "mint", (unit, place, units)
        total[unit] += -units if place in DEBIT_NORMAL else units
    assert all(units == 0 for units in total.values()), "debits are credits"
    for unit, sums in shelf.account.sums.items():
        for place in ("available", "pending", "held", "debt"):
            assert getattr(sums, place) == folded[unit, place], (unit, place)


def check_sums(shelf: Shelf) -> None:
    shown: Counter[str] = Counter()
    for entry in shelf.entries:
        shown[entry.unit] += entry.units
    held: Counter[str] = Counter()
    for hold in shelf.holds.values():
        held[hold.unit] += hold.units if hold.status == "open" else 0
    for unit, sums in shelf.account.sums.items():
        assert shown[unit] == sums.available + sums.pending + sums.held - sums.debt, unit
        assert min(sums.debt, sums.available) == 0, "what is available repays first of all"
        mine = [lot for lot in shelf.lots.values() if lot.unit == unit]
        assert sum(lot.left for lot in mine if lot.is_available) == sums.available
        assert sum(lot.left for lot in mine if not lot.is_available) == sums.pending
        assert sum(lot.held for lot in mine) == sums.held == held[unit]


def check_lots(shelf: Shelf) -> None:
    moved: dict[int, list[Transfer]] = defaultdict(list)
    for each in shelf.transfers:
        moved[each.lot].append(each)
    for lot in shelf.lots.values():
        figures = (lot.left, lot.held, lot.spent, lot.expired, lot.reversed, lot.withdrawn)
        assert min(*figures, lot.owed, lot.counted) >= 0, lot
        assert lot.amount + lot.owed == sum(figures), lot
        check_lot(lot, moved[lot.number])


def check_lot(lot: Lot, moved: list[Transfer]) -> None:
    """A lot says of itself what its transfers say."""
    into: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for each in moved:
        assert each.unit == lot.unit
        into[each.credit] += each.units
        out[each.debit] += each.units
    restored = lot.amount if lot.source == "restored" else 0
    at = {place: into[place] - out[place] for place in {*into, *out}}
    assert lot.left == at.get("available", 0) + at.get("pending", 0), lot
    assert lot.held == at.get("held", 0), lot
    assert lot.expired == at.get("expired", 0), lot
    assert lot.spent == at.get("burned", 0) + into["debt"] + restored, lot
    assert lot.amount == out["mint"] + restored, lot
    forgiven = lot.owed - out["debt"]
    assert forgiven >= 0, lot
    assert into["mint"] == lot.reversed + lot.withdrawn - forgiven, lot


def check_holds(shelf: Shelf) -> None:
    still = {key: hold.expires_at for key, hold in shelf.holds.items() if hold.status == "open"}
    assert shelf.account.open_holds == still
    for hold in shelf.holds.values():
        assert 0 <= hold.captured <= hold.units
        assert (hold.captured > 0) == (hold.status == "captured")


def check_counts(shelf: Shelf, world: World) -> None:
    tickets = shelf.tickets.values()
    assert shelf.account.net_total == sum(each.net for each in tickets)
    for each in tickets:
        assert each.net == sum(line.qty * line.unit_minor for line in each.lines) >= 0
    if len(world.rules.versions) > 1:
        return
    for each in world.rules.versions[0].program.challenges:
        start, end = calendar.parse_instant(each.start), calendar.parse_instant(each.end)
        mine = [ticket for ticket in tickets if start <= ticket.occurred_at < end]
        assert shelf.tally(f"net:{each.id}") == sum(ticket.net for ticket in mine)
        assert shelf.tally(f"tickets:{each.id}") == sum(ticket.net > 0 for ticket in mine)
    assert list(shelf.account.badges) == sorted(set(shelf.account.badges))


def check_metrics(world: World, member: str) -> None:
    """What is kept is what a count of every ticket and lot gives."""
    book = world.book(member)
    for metric in book.program.metrics:
        kept = engine.metrics.current(book, metric).value
        assert kept == counted(world.shelf(member), metric, book.at, book.program.tz), metric


def counted(shelf: Shelf, metric: MetricDef, at: int, tz: str) -> int:
    """Count a metric by its definition alone (specs/loyalty.md §4)."""
    if metric.agg == "earned":
        items = [
            (lot.earned_at, lot.amount - lot.reversed)
            for lot in shelf.lots.values()
            if lot.unit == metric.unit
        ]
    else:
        is_sum = metric.agg == "net_amount"
        items = [
            (each.occurred_at, each.net if is_sum else int(each.net > 0))
            for each in shelf.tickets.values()
        ]
    return sum(counts for then, counts in items if then <= at and _is_in(metric, then, at, tz))


def _is_in(metric: MetricDef, then: int, at: int, tz: str) -> bool:
    if metric.window.rolling is not None:
        return at < calendar.add(then, metric.window.rolling, tz)
    one, other = calendar.local_date(then, tz), calendar.local_date(at, tz)
    match metric.window.calendar:
        case "year":
            return one.year == other.year
        case "month":
            return (one.year, one.month) == (other.year, other.month)
    return True
