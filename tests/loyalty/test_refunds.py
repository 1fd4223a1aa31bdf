"""What a refund takes back, from where, and what is owed afterwards (specs/loyalty.md §8)."""

from __future__ import annotations

from typing import Any

import pytest

from app.loyalty import events
from app.loyalty.calendar import DAY
from app.loyalty.events import Adjust, NewLine, PayUnits, Purchase, Refund, ReverseBurn
from app.loyalty.model import Line
from tests.loyalty.small import START, buy, card, do, give, last, look, refusal, small

LINES = (NewLine(250, qty=2), NewLine(0, qty=3, sku="gift"), NewLine(130, tags=("x",)))


def bring_back(world: Any, key: str, minor: int) -> Any:
    return do(world, key, Refund(of="t", amount_minor=minor))


def places(world: Any) -> list[tuple[str, str, int]]:
    """List what the last entry moved: debit, credit, units."""
    number = card(world).account.entries
    moved = [each for each in card(world).transfers if each.entry == number]
    return [(each.debit, each.credit, each.units) for each in moved]


def sums(world: Any) -> tuple[int, int, int]:
    of = card(world).account.sums["pts"]
    return of.available, of.pending, of.debt


@pytest.mark.parametrize(
    ("minor", "left"),
    [
        (1, [Line(499), Line(0, 3, "gift"), Line(130, 1, None, ("x",))]),
        (499, [Line(1), Line(0, 3, "gift"), Line(130, 1, None, ("x",))]),
        (500, [Line(0, 0), Line(0, 3, "gift"), Line(130, 1, None, ("x",))]),
        (501, [Line(0, 0), Line(0, 3, "gift"), Line(129, 1, None, ("x",))]),
        (630, [Line(0, 0), Line(0, 3, "gift"), Line(0, 0, None, ("x",))]),
    ],
)
def test_an_amount_is_taken_off_the_lines_in_order(minor: int, left: list[Line]) -> None:
    world = small()
    do(world, "t", Purchase(lines=LINES))
    bring_back(world, "r", minor)
    ticket = card(world).tickets["t"]
    assert (ticket.lines, ticket.net) == (left, 630 - minor)


def test_more_than_what_is_left_is_refused() -> None:
    world = small()
    do(world, "t", Purchase(lines=LINES))
    expected = ("over_refund", {"left_minor": 630})
    assert refusal(world, Refund(of="t", amount_minor=631)) == expected
    bring_back(world, "r", 630)
    expected = ("over_refund", {"left_minor": 0})
    assert refusal(world, Refund(of="t", amount_minor=1)) == expected
    assert refusal(world, Refund(of="u", amount_minor=1)) == ("unknown_ticket", {})


def test_more_articles_than_a_line_has_or_a_line_that_is_not_there_is_refused() -> None:
    world = small()
    do(world, "t", Purchase(lines=LINES))
    assert refusal(world, Refund("t", lines=((0, 3),))) == ("over_refund", {"line": 0})
    assert refusal(world, Refund("t", lines=((3, 1),))) == ("over_refund", {"line": 3})
    assert refusal(world, Refund("t", lines=((0, 1), (0, 2)))) == ("over_refund", {"line": 0})
    done = do(world, "r", Refund("t", lines=((0, 1), (2, 1), (0, 1))))
    assert done == {"reversed": 6, "reversed_units": {"pts": 6}}


def test_what_is_left_goes_first_and_the_spent_rest_is_owed() -> None:
    world = small()
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=7))
    assert bring_back(world, "r", 300)["reversed"] == 3
    assert places(world) == [("available", "mint", 3)]
    assert bring_back(world, "s", 200)["reversed"] == 2
    assert places(world) == [("debt", "mint", 2)]
    assert sums(world) == (0, 0, 2)
    assert last(world) == {"of": "t", "before": 7, "after": 5}
    entry = card(world).entries[-1]
    assert (entry.kind, entry.units, entry.rule) == ("reverse", -2, "refund")


def test_what_is_pending_is_taken_back_where_it_is() -> None:
    world = small(units=[{"id": "pts", "pending": "P3D"}])
    buy(world, "t", 1_000)
    bring_back(world, "r", 400)
    assert (places(world), sums(world)) == ([("pending", "mint", 4)], (0, 6, 0))


def test_what_expired_is_taken_back_from_there_and_owes_nothing() -> None:
    world = small(units=[{"id": "pts", "expiry": {"after": "P5D"}}])
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=4))
    look(world, START + 5 * DAY)
    assert bring_back(world, "r", 700)["reversed"] == 7
    assert places(world) == [("expired", "mint", 6), ("debt", "mint", 1)]
    assert card(world).entries[-1].units == -1
    assert sums(world) == (0, 0, 1)


def test_what_was_spent_may_be_forgiven() -> None:
    world = small(units=[{"id": "pts", "negative": "write_off"}])
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=7))
    assert bring_back(world, "r", 500)["reversed"] == 5
    assert (places(world), sums(world)) == ([("available", "mint", 3)], (0, 0, 0))
    assert (card(world).entries[-1].units, card(world).lots[1].owed) == (-3, 2)


def test_units_repay_a_debt_first_of_all_in_spend_order() -> None:
    world = small()
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=10))
    bring_back(world, "r", 600)
    give(world, "o", 4)
    assert sums(world) == (0, 0, 2)
    buy(world, "u", 300)
    assert sums(world) == (1, 0, 0)
    assert [(lot.spent, lot.left) for lot in card(world).lots.values()] == [(10, 0), (4, 0), (2, 1)]


def test_units_held_at_a_till_are_owed_and_repay_when_they_are_let_go() -> None:
    world = small()
    buy(world, "t", 1_000)
    do(world, "h", events.Reserve(units=8))
    bring_back(world, "r", 1_000)
    assert sums(world) == (0, 0, 8)
    do(world, "v", events.Void(of="h"))
    assert sums(world) == (0, 0, 0)


def test_a_refund_of_another_lots_units_touches_only_its_own() -> None:
    world = small()
    give(world, "o", 5)
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=5))
    bring_back(world, "r", 1_000)
    assert [lot.spent for lot in card(world).lots.values()] == [5, 0]
    assert sums(world) == (0, 0, 0)


def test_a_cancelled_burn_after_a_refund_pays_what_is_owed() -> None:
    world = small()
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=10))
    bring_back(world, "r", 400)
    do(world, "c", ReverseBurn(of="b"))
    assert sums(world) == (6, 0, 0)
    assert refusal(world, ReverseBurn(of="b")) == ("already_reversed", {})


def test_units_of_a_lot_that_died_meanwhile_are_dead_on_return() -> None:
    world = small(units=[{"id": "pts", "expiry": {"after": "P5D"}}])
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=10))
    look(world, START + 5 * DAY - 1)
    do(world, "c", ReverseBurn(of="b"))
    assert sums(world)[0] == 10
    do(world, "d", PayUnits(units=9))
    look(world, START + 5 * DAY)
    do(world, "e", ReverseBurn(of="d"))
    assert sums(world) == (0, 0, 0)
    assert card(world).lots[1].expired == 10


def test_a_ticket_is_earned_again_in_its_own_context() -> None:
    """A multiplier that ended, and a tier that was reached since, change nothing."""
    week = {"type": "date_range", "start": "2026-01-01T00:00:00Z", "end": "2026-01-06T00:00:00Z"}
    net = {"type": "metric", "metric": "net", "op": "ge", "value": 500}
    tier = {"type": "tier_at_least", "tier": "top"}
    world = small(
        metrics=[{"id": "net", "agg": "net_amount"}],
        tiers={"ladder": [{"id": "base"}, {"id": "top", "enter": net}]},
        multipliers=[
            {"id": "week", "unit": "pts", "num": 3, "when": [week]},
            {"id": "high", "unit": "pts", "num": 9, "group": "tier", "when": [tier]},
        ],
    )
    assert buy(world, "t", 1_000)["earned"] == 30
    look(world, START + 10 * DAY)
    assert bring_back(world, "r", 100)["reversed"] == 3
    assert bring_back(world, "s", 900)["reversed"] == 27


def test_a_refund_that_would_give_more_gives_nothing_back() -> None:
    low = {"type": "not", "of": {"type": "min_amount", "minor": 1_000}}
    world = small(multipliers=[{"id": "low", "unit": "pts", "num": 3, "when": [low]}])
    buy(world, "t", 1_000)
    entries = card(world).account.entries
    done = bring_back(world, "r", 100)
    assert done == {"reversed": 0, "reversed_units": {"pts": 0}}
    assert card(world).account.entries == entries


def test_a_correction_down_takes_the_balance_at_most_and_in_spend_order() -> None:
    world = small()
    give(world, "o", 3)
    buy(world, "t", 200)
    down = Adjust(unit="pts", units=-6, reason="r")
    assert refusal(world, down) == ("insufficient", {"balance": 5, "needed": 6})
    do(world, "d", Adjust(unit="pts", units=-4, reason="r"))
    assert [lot.withdrawn for lot in card(world).lots.values()] == [3, 1]
    assert last(world) == {"lots": [[1, 3], [2, 1]]}
    assert refusal(world, Adjust("no", 1, "r")) == ("unknown_unit", {"unit": "no"})


SPONSOR = {"type": "units", "unit": "pts", "points": 50}
REFERRAL = {"sponsor": SPONSOR, "referee": SPONSOR | {"points": 20}, "min_minor": 2_000}


@pytest.mark.parametrize(("minor", "kept"), [(1_000, True), (1_001, False)])
def test_a_referral_is_taken_back_from_both_when_its_ticket_falls_under_the_minimum(
    minor: int, kept: bool
) -> None:
    world = small(referral=REFERRAL)
    do(world, "e", events.Enrol(referred_by="s"))
    buy(world, "t", 3_000)
    assert (card(world).account.sums["pts"].available, balance(world, "s")) == (50, 50)
    bring_back(world, "r", minor)
    left = (3_000 - minor) // 100
    after = (20 + left, 50) if kept else (left, 0)
    assert (card(world).account.sums["pts"].available, balance(world, "s")) == after
    buy(world, "u", 5_000)
    assert balance(world, "s") == after[1]


def balance(world: Any, member: str) -> int:
    of = world.shelf(member).account.sums["pts"]
    return of.available - of.debt


@pytest.mark.parametrize(("minor", "paid"), [(1_999, 0), (2_000, 50)])
def test_a_referral_asks_for_its_minimum(minor: int, paid: int) -> None:
    world = small(referral=REFERRAL)
    do(world, "e", events.Enrol(referred_by="s"))
    buy(world, "t", minor)
    assert ("s" in world.shelves) is bool(paid)
    assert not paid or balance(world, "s") == paid
