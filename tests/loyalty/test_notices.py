"""Before units expire the user is told: how many and when, once per expiry and period."""

from __future__ import annotations

from typing import Any

from app.loyalty import events
from app.loyalty.calendar import DAY, parse_instant
from app.loyalty.engine import catch_up, decide
from app.loyalty.model import Notice
from app.loyalty.notices import standing
from tests.loyalty.small import EVER, START, buy, do, give, look, program, small, world_of

YEAR = {"after": "P12M", "align": "end_of_month", "notify_before": ["P1M", "P7D"]}
UNITS = [{"id": "pts", "expiry": YEAR}]
DIES = parse_instant("2027-01-31T23:00:00Z")  # midnight in Paris
MONTH_AHEAD = parse_instant("2026-12-31T23:00:00Z")
WEEK_AHEAD = parse_instant("2027-01-24T23:00:00Z")


def told(world: Any) -> list[tuple[int, int]]:
    """Return (units, moment of expiry) of all that was told to the card."""
    return [(each.units, each.expires_at) for each in world.shelf("m").notices]


def test_each_period_ahead_of_an_expiry_what_is_left_is_told_once() -> None:
    world = small(units=UNITS)
    buy(world, "t", 1_000)
    buy(world, "u", 500)  # expires at the same moment: told together
    look(world, MONTH_AHEAD - 1)
    assert told(world) == []
    look(world, MONTH_AHEAD)
    assert told(world) == [(15, DIES)]
    do(world, "p", events.PayUnits(units=4))
    look(world, MONTH_AHEAD + DAY)
    look(world, WEEK_AHEAD)
    assert told(world) == [(15, DIES), (11, DIES)]
    look(world, DIES + DAY)
    assert told(world) == [(15, DIES), (11, DIES)]


def test_nothing_is_told_of_what_was_spent_and_all_periods_only_while_it_lies_ahead() -> None:
    world = small(units=UNITS)
    buy(world, "t", 1_000)
    do(world, "p", events.PayUnits(units=10))
    look(world, DIES - 1)
    assert told(world) == []
    world = small(units=UNITS)
    buy(world, "t", 1_000)
    look(world, DIES - 1)  # a long way without anybody looking
    assert told(world) == [(10, DIES)] * 2
    world = small(units=UNITS)
    buy(world, "t", 1_000)
    look(world, DIES)
    assert told(world) == []


def test_a_reversed_redemption_brings_its_notice_and_its_expiry_back() -> None:
    fifo = UNITS[0] | {"spend_order": "fifo"}
    world = small(units=[fifo])
    buy(world, "t", 1_000)
    do(world, "p", events.PayUnits(units=10))
    buy(world, "old", 100, at=START - 60 * DAY)
    look(world, MONTH_AHEAD - DAY)
    do(world, "back", events.ReverseBurn(of="p"))
    look(world, MONTH_AHEAD)
    assert told(world)[-1] == (10, DIES)
    look(world, DIES)
    assert world.shelf("m").account.sums["pts"].available == 0


def test_idle_units_are_told_of_and_whoever_comes_back_is_told_later() -> None:
    expiry = {"inactivity": "P90D", "notify_before": ["P10D"]}
    world = small(units=[{"id": "pts", "expiry": expiry}])
    give(world, "o", 30)
    look(world, START + 79 * DAY)
    buy(world, "t", 100)
    look(world, START + 90 * DAY)
    assert told(world) == []
    look(world, START + (79 + 80) * DAY)
    assert [each.rule for each in world.shelf("m").notices] == ["inactivity"]
    assert told(world)[0][0] == 31
    look(world, START + (79 + 90) * DAY)
    assert len(told(world)) == 1 and world.shelf("m").account.sums["pts"].available == 0


def test_a_version_that_begins_to_tell_tells_of_what_is_there() -> None:
    quiet = program(units=[{"id": "pts", "expiry": {"after": "P12M", "align": "end_of_month"}}])
    world = world_of((EVER, quiet), (START + 30 * DAY, program(units=UNITS)))
    buy(world, "t", 1_000)
    look(world, START + 60 * DAY)
    look(world, MONTH_AHEAD)
    assert told(world) == [(10, DIES)]


def test_what_is_told_is_what_is_left_after_all_that_was_done() -> None:
    world = small(units=UNITS)
    buy(world, "t", 1_000)
    world.now = MONTH_AHEAD + DAY
    book = world.book("m")
    catch_up(book)
    assert standing(book) == [Notice("pts", 10, DIES, "expiry")]
    decide(book, events.Step("p", book.now, events.PayUnits(units=10)))
    assert standing(book) == []
