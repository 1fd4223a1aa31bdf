"""What units buy: costs, minimums and maximums at their boundaries, allocations, facts."""

from __future__ import annotations

from typing import Any

import pytest

from app.loyalty import events
from app.loyalty.calendar import DAY
from app.loyalty.events import BIG, Convert, LadderStep, PayUnits, RedeemItem, TakeReward
from app.loyalty.model import Burn
from tests.loyalty.small import (
    START,
    available,
    buy,
    card,
    do,
    give,
    last,
    look,
    refusal,
    small,
    unchecked,
)

ITEM = {"type": "item_for_units", "id": "item", "unit": "pts", "minor_per_unit": 100}
STEPS = {"type": "ladder", "id": "steps", "unit": "pts", "max_units": 30}
STEPS |= {"steps": [[10, 100], [30, 400]]}
PAY = {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 3}
CONVERT = {"type": "convert", "id": "asked", "unit": "pts", "voucher": "cheque"}
CONVERT |= {"minor_per_unit": 2, "min_units": 10}
MUG = {"type": "catalogue", "id": "mug", "unit": "pts", "cost": 10}
MUG |= {"grant": {"type": "voucher", "voucher": "cheque"}}
NEVER = [{"type": "channel_in", "any": ["web"]}]


def rich(burn: list[dict[str, Any]], balance: int = 100, **changes: Any) -> Any:
    """Open a world whose card has units."""
    world = small(burn=burn, **changes)
    give(world, "o", balance)
    return world


@pytest.mark.parametrize(
    ("changes", "minor", "qty", "cost"),
    [
        ({}, 2_950, 2, 60),
        ({}, 2_900, 1, 29),
        ({}, 2_901, 1, 30),
        ({}, 1, 1, 1),
        ({"rounding": "floor"}, 2_999, 1, 29),
        ({"rounding": "half_up"}, 2_950, 1, 30),
        ({"rounding": "half_even"}, 2_850, 1, 28),
        ({"min_minor": 2_500}, 2_500, 1, 25),
        ({"min_minor": 2_500, "min_basis": "cost"}, 2_401, 1, 25),
    ],
)
def test_an_article_costs_its_price_rounded_then_times_its_number(
    changes: dict[str, Any], minor: int, qty: int, cost: int
) -> None:
    world = rich([ITEM | changes])
    done = do(world, "b", RedeemItem(unit_minor=minor, qty=qty))
    assert done == {"cost_units": cost, "alloc": [["import", cost]]}
    rounding = changes.get("rounding", "ceil")
    facts = {"each": cost // qty, "qty": qty, "price": minor, "rounding": rounding}
    assert last(world) == facts | {"lots": [[1, cost]]}


@pytest.mark.parametrize(("basis", "minor"), [("price", 2_499), ("cost", 2_400)])
def test_an_article_under_the_minimum_is_refused(basis: str, minor: int) -> None:
    world = rich([ITEM | {"min_minor": 2_500, "min_basis": basis}])
    expected = ("below_minimum", {"minimum_minor": 2_500})
    assert refusal(world, RedeemItem(unit_minor=minor)) == expected


def test_a_step_is_exactly_one_of_those_listed_up_to_the_maximum() -> None:
    world = rich([STEPS])
    assert refusal(world, LadderStep(units=31)) == ("above_maximum", {"maximum_units": 30})
    assert refusal(world, LadderStep(units=29)) == ("not_a_step", {"steps": [10, 30]})
    done = do(world, "b", LadderStep(units=30))
    assert done == {"discount_minor": 400, "alloc": [["import", 30]]}
    assert last(world) == {"minor": 400, "lots": [[1, 30]]}


def test_units_pay_from_the_minimum_on() -> None:
    world = rich([PAY | {"min_units": 7}])
    assert refusal(world, PayUnits(units=6)) == ("below_minimum", {"minimum_units": 7})
    done = do(world, "b", PayUnits(units=7))
    settlement = {"operator>operator": 0}
    assert done == {"discount_minor": 21, "alloc": [["import", 7]], "settlement": settlement}
    assert last(world) == {"minor": 21, "lots": [[1, 7]]}


def test_no_discount_is_larger_than_a_json_number_holds() -> None:
    world = rich([PAY | {"minor_per_unit": 1}], BIG)
    assert do(world, "b", PayUnits(units=BIG))["discount_minor"] == BIG
    world = rich([PAY | {"minor_per_unit": 2**52}], 2)
    assert refusal(world, PayUnits(units=2)) == ("above_maximum", {"maximum_minor": BIG})


def test_each_issuer_owes_its_lots_units_rounded_down_where_they_are_spent() -> None:
    unit = {"id": "pts", "cost_micro": 15_000}
    partners = [{"merchant": "x"}, {"merchant": "y"}]
    world = small(units=[unit], burn=[PAY], coalition={"partners": partners})
    for key, merchant in (("a", "x"), ("b", "y"), ("c", "x")):
        do(world, key, events.Purchase(amount_minor=300), merchant=merchant)
    done = do(world, "p", PayUnits(units=7), merchant="y")
    assert done["settlement"] == {"x>y": 4 + 1, "y>y": 4}
    assert done["alloc"] == [["a", 3], ["b", 3], ["c", 1]]


@pytest.mark.parametrize(
    ("take", "balance", "taken"),
    [("all", 25, 25), ("multiples", 25, 20), ("multiples", 20, 20), ("all", 10, 10)],
)
def test_a_conversion_takes_the_balance_or_its_largest_multiple(
    take: str, balance: int, taken: int
) -> None:
    world = rich([CONVERT | {"take": take}], balance)
    assert do(world, "b", Convert()) == {"converted": taken}
    assert available(world) == balance - taken
    [voucher] = card(world).vouchers.values()
    assert (voucher.template, voucher.value, voucher.source) == ("cheque", 2 * taken, "asked")
    assert last(world) == {"voucher": "cheque", "lots": [[1, taken]]}
    assert card(world).burns["b"].vouchers == [1]


def test_a_conversion_under_its_minimum_is_refused() -> None:
    expected = ("below_minimum", {"minimum_units": 10})
    assert refusal(rich([CONVERT], 9), Convert()) == expected


def test_a_conversion_into_articles_gives_one_for_each_minimum() -> None:
    world = rich([CONVERT], 29, vouchers=[{"id": "cheque", "kind": "item"}])
    do(world, "b", Convert())
    vouchers = card(world).vouchers
    assert [each.value for each in vouchers.values()] == [0, 0]
    assert card(world).burns["b"].vouchers == list(vouchers) == [1, 2]


def test_a_conversion_into_a_percentage_gives_it_as_it_stands() -> None:
    voucher = {"id": "cheque", "kind": "percent", "value": 700}
    world = unchecked(burn=[CONVERT], vouchers=[voucher])
    give(world, "o", 29)
    do(world, "b", Convert())
    assert [each.value for each in card(world).vouchers.values()] == [700]


def test_a_reward_costs_what_it_says_and_its_stock_is_one_for_all() -> None:
    world = rich([MUG | {"stock": 1}])
    assert do(world, "b", TakeReward()) == {"alloc": [["import", 10]]}
    [voucher] = card(world).vouchers.values()
    assert (voucher.template, voucher.source) == ("cheque", "mug")
    assert last(world) == {"reward": "mug", "lots": [[1, 10]]}
    assert card(world).burns["b"] == Burn("b", "mug", "pts", [(1, 10)], vouchers=[1])
    assert refusal(world, TakeReward()) == ("out_of_stock", {})
    assert refusal(rich([MUG | {"stock": 0}], 1), TakeReward()) == ("out_of_stock", {})


def test_a_reward_without_stock_never_ends() -> None:
    world = rich([MUG])
    for place in range(10):
        do(world, f"b{place}", TakeReward())
    assert available(world) == 0
    expected = ("insufficient", {"balance": 0, "needed": 10})
    assert refusal(world, TakeReward()) == expected


def test_a_reward_of_units_says_why_it_was_given() -> None:
    grant = {"type": "units", "unit": "rank", "points": 4}
    units = [{"id": "pts"}, {"id": "rank"}]
    world = rich([MUG | {"grant": grant}], units=units)
    do(world, "b", TakeReward())
    entry, lot = card(world).entries[-1], card(world).lots[2]
    assert (entry.rule, entry.unit, entry.units, entry.why) == ("mug", "rank", 4, {"reward": "mug"})
    assert (lot.source, lot.earned_at) == ("mug", START)


def test_more_than_the_balance_is_refused_and_exactly_the_balance_is_not() -> None:
    world = rich([PAY], 9)
    assert refusal(world, PayUnits(units=10)) == ("insufficient", {"balance": 9, "needed": 10})
    do(world, "b", PayUnits(units=9))
    assert available(world) == 0
    big = rich([ITEM | {"minor_per_unit": 1}])
    expected = ("insufficient", {"balance": 100, "needed": BIG})
    assert refusal(big, RedeemItem(unit_minor=BIG, qty=2)) == expected


def test_the_balance_is_net_of_debt() -> None:
    world = small()
    buy(world, "t", 1_000)
    do(world, "b", PayUnits(units=10))
    do(world, "r", events.Refund(of="t", amount_minor=1_000))
    assert refusal(world, PayUnits(units=1)) == ("insufficient", {"balance": -10, "needed": 1})


@pytest.mark.parametrize(
    ("rule", "event"),
    [
        (ITEM | {"min_minor": 9}, RedeemItem(unit_minor=1_000, rule="item")),
        (STEPS, LadderStep(units=10, rule="steps")),
        (PAY, PayUnits(units=10, rule="pay")),
        (CONVERT, Convert(rule="asked")),
        (MUG, TakeReward(rule="mug")),
    ],
)
def test_a_burn_names_its_rule_and_keeps_its_own_id_lots_and_moment(
    rule: dict[str, Any], event: Any
) -> None:
    other = {"id": "other", "unit": "rank"}
    units = [{"id": "pts"}, {"id": "rank"}]
    world = rich([rule | other, rule], 10, units=units)
    look(world, START + DAY)
    do(world, "b", event)
    found = card(world).burns["b"]
    assert (found.id, found.rule, found.unit) == ("b", rule["id"], "pts")
    assert (found.alloc, found.is_reversed) == ([(1, 10)], False)
    [entry] = [each for each in card(world).entries if each.kind == "burn"]
    facts = (entry.unit, entry.units, entry.at, entry.rule)
    assert facts == ("pts", -10, START + DAY, rule["id"])
    moved = [each for each in card(world).transfers if each.entry == entry.number]
    assert [(each.debit, each.credit, each.reason) for each in moved] == [
        ("available", "burned", "burn")
    ]
    assert card(world).account.last_activity_at == START + DAY


@pytest.mark.parametrize(
    "event",
    [
        RedeemItem(unit_minor=1, rule="no"),
        LadderStep(units=10, rule="no"),
        PayUnits(units=1, rule="no"),
        Convert(rule="no"),
        TakeReward(rule="no"),
    ],
)
def test_a_rule_that_is_not_there_is_refused_by_its_name(event: Any) -> None:
    world = rich([ITEM, STEPS, PAY, CONVERT, MUG])
    assert refusal(world, event) == ("unknown_rule", {"rule": "no"})


@pytest.mark.parametrize(
    ("rule", "event"),
    [(PAY, PayUnits(units=1)), (CONVERT, Convert()), (MUG | {"stock": 0}, TakeReward())],
)
def test_a_condition_that_does_not_hold_is_refused_before_all_else(
    rule: dict[str, Any], event: Any
) -> None:
    world = rich([rule | {"when": NEVER}], 1)
    assert refusal(world, event) == ("not_allowed", {})


def test_a_condition_is_asked_of_the_cards_tier_and_metrics() -> None:
    spent = {"type": "metric", "metric": "spent", "op": "ge", "value": 1_000}
    metrics = [{"id": "spent", "agg": "net_amount"}]
    for rule, event in ((PAY, PayUnits(units=1)), (CONVERT, Convert()), (MUG, TakeReward())):
        world = rich([rule | {"when": [spent]}], 20, metrics=metrics)
        assert refusal(world, event) == ("not_allowed", {})
        buy(world, "t", 1_000)
        assert isinstance(do(world, "b", event), dict)


def test_an_automatic_conversion_follows_each_purchase_by_its_own_key() -> None:
    world = small(burn=[CONVERT | {"mode": "auto", "take": "multiples"}])
    for place in range(3):
        buy(world, f"t{place}", 700)
    assert list(card(world).burns) == ["\x1fauto:asked:t1", "\x1fauto:asked:t2"]
    assert available(world) == 1


def test_an_automatic_conversion_asks_its_condition() -> None:
    world = small(burn=[CONVERT | {"mode": "auto", "when": NEVER}])
    buy(world, "t", 2_000)
    assert available(world) == 20


def test_a_burn_in_an_earlier_moment_does_not_put_activity_back() -> None:
    world = rich([PAY])
    buy(world, "t", 100, START + DAY)
    do(world, "b", PayUnits(units=1))
    assert card(world).account.last_activity_at == START + DAY
