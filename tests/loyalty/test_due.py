"""What time brings: in order, once, by the rules in force at each moment."""

from __future__ import annotations

import pytest

from app.loyalty import engine, events
from app.loyalty.calendar import DAY, MINUTE, parse_instant
from app.loyalty.rules import Rules
from tests.loyalty.small import EVER, START, available, buy, do, look, program, small, world_of

LATER = parse_instant("2026-03-01T00:00:00Z")
HOUR = 60 * MINUTE
SEASON = {
    "type": "convert",
    "id": "season",
    "unit": "pts",
    "voucher": "cheque",
    "minor_per_unit": 1,
    "mode": "scheduled",
    "at": ["02-01"],
}
IDLE = [{"id": "pts", "expiry": {"inactivity": "P10D"}}]


def test_a_later_version_lets_idle_units_die_from_its_first_moment_on() -> None:
    world = world_of((EVER, program()), (LATER, program(units=IDLE)))
    buy(world, "t", 1_000)
    look(world, LATER - 1)
    assert world.shelf("m").account.sums["pts"].available == 10
    look(world, LATER + DAY)
    shelf = world.shelf("m")
    assert shelf.account.sums["pts"].available == 0
    assert [each.at for each in shelf.entries if each.kind == "expire"] == [LATER]


def test_a_season_before_its_version_does_not_run() -> None:
    world = world_of((EVER, program()), (LATER, program(burn=[SEASON])))
    buy(world, "t", 1_000)
    look(world, LATER + DAY)
    assert world.shelf("m").vouchers == {}
    look(world, parse_instant("2027-01-31T22:59:59Z"))
    assert world.shelf("m").vouchers == {}
    look(world, parse_instant("2027-01-31T23:00:00Z"))
    assert [each.value for each in world.shelf("m").vouchers.values()] == [10]


def test_the_rules_in_force_at_an_instant_run_it_though_others_are_in_force_now() -> None:
    world = world_of((EVER, program(burn=[SEASON])), (LATER, program()))
    buy(world, "t", 1_000)
    look(world, LATER + DAY)
    assert [each.value for each in world.shelf("m").vouchers.values()] == [10]


def test_a_card_is_looked_at_again_when_a_version_begins() -> None:
    world = world_of((EVER, program()), (LATER, program(units=IDLE)))
    buy(world, "t", 1_000)
    account, rules = world.shelf("m").account, world.rules
    assert engine.next_due_at(account, rules, now=START) == LATER
    assert engine.next_due_at(account, Rules(rules.versions[:1]), now=START) is None


def test_units_that_mature_are_there_at_their_instant_and_gone_at_their_expiry() -> None:
    unit = {"id": "pts", "pending": "P3D", "expiry": {"after": "P5D"}}
    world = world_of((EVER, program(units=[unit])))
    buy(world, "t", 1_000)
    sums = []
    for at in (START + 3 * DAY - 1, START + 3 * DAY, START + 5 * DAY - 1, START + 5 * DAY):
        assert engine.next_due_at(world.shelf("m").account, world.rules, now=at)
        look(world, at)
        of = world.shelf("m").account.sums["pts"]
        sums.append((of.pending, of.available))
    assert sums == [(10, 0), (0, 10), (0, 10), (0, 0)]
    assert engine.next_due_at(world.shelf("m").account, world.rules, now=at) is None


def test_a_hold_times_out_at_its_very_instant() -> None:
    world = world_of((EVER, program()))
    buy(world, "t", 1_000)
    do(world, "h", events.Reserve(units=4, ttl_seconds=600))
    look(world, START + 600_000_000 - 1)
    assert world.shelf("m").account.sums["pts"].held == 4
    look(world, START + 600_000_000)
    assert world.shelf("m").account.sums["pts"].held == 0
    assert world.shelf("m").holds["h"].status == "expired"


@pytest.mark.parametrize("is_held", [True, False])
def test_units_given_back_expire_with_their_lot_though_nothing_was_left_in_it(
    is_held: bool,
) -> None:
    world = small(units=[{"id": "pts", "expiry": {"after": "P9D"}}])
    buy(world, "t", 1_000)
    do(world, "o", events.Adjust(unit="pts", units=5, reason="r"), START - 7 * DAY)
    do(world, "b", events.PayUnits(units=4))  # of the older one
    event = events.Reserve(units=11, ttl="P5D") if is_held else events.PayUnits(units=11)
    do(world, "h", event)
    do(world, "p", events.Adjust(unit="pts", units=5, reason="r"), START - 7 * DAY)
    look(world, START + 2 * DAY)  # a lot dies, and the next end is sought while all is out
    if not is_held:
        do(world, "c", events.ReverseBurn(of="h"))
    look(world, START + 5 * DAY)
    assert available(world) == 10
    look(world, START + 9 * DAY)
    assert available(world) == 0


def test_idle_units_die_at_their_instant_and_activity_puts_it_off() -> None:
    world = world_of((EVER, program(units=IDLE)))
    buy(world, "t", 1_000)
    look(world, START + 9 * DAY)
    do(world, "b", events.PayUnits(units=1))
    look(world, START + 19 * DAY - 1)
    assert world.shelf("m").account.sums["pts"].available == 9
    look(world, START + 19 * DAY)
    assert world.shelf("m").account.sums["pts"].available == 0
    assert engine.next_due_at(world.shelf("m").account, world.rules, now=START + 19 * DAY) is None
    buy(world, "u", 500)
    look(world, START + 29 * DAY)
    assert world.shelf("m").account.sums["pts"].available == 0


def test_lots_expire_before_a_hold_times_out_and_a_season_comes_last() -> None:
    """At one instant: what the hold gives back to a dead lot is dead, the rest is converted."""
    unit = {"id": "pts", "expiry": {"after": "P27D", "align": "end_of_day"}}
    world = world_of((EVER, program(units=[unit], burn=[SEASON])))
    at = parse_instant("2026-01-04T10:00:00Z")
    buy(world, "old", 1_000, at=at)  # dies on 1 February, 00:00 in Paris
    buy(world, "new", 300)
    season = parse_instant("2026-01-31T23:00:00Z")
    look(world, season - HOUR)
    do(world, "h", events.Reserve(units=11, ttl_seconds=3_600))
    look(world, season)
    vouchers = world.shelf("m").vouchers.values()
    assert [each.value for each in vouchers] == [3]
