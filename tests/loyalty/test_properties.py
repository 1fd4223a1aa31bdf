"""What holds for every split of a refund, every order of receipt, every pace of looking."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty import calendar, events
from app.loyalty.events import Step
from app.loyalty.program import Program
from app.loyalty.replay import World, world_of
from app.loyalty.shelf import Shelf
from tests.loyalty.drawn_programs import BASES, START
from tests.loyalty.invariants import check, essence
from tests.loyalty.machine import lines
from tests.loyalty.programs import merged, read

WEB = [BASES["busy"]["multipliers"][1]]  # the multiplier that asks for no tier
NOW = START + 40 * calendar.DAY
BASKETS = st.lists(lines(), min_size=1, max_size=4)


def program(**changes: Any) -> Program:
    """Return the busy program, changed (RFC 7396)."""
    return read(merged(BASES["busy"], changes))


def told(world: World, key: str, event: Any, at: int = START) -> dict[str, Any]:
    """Do a step that must not be refused."""
    step = Step(key, at, event)
    done = world.take("m", step, step)
    assert isinstance(done, dict), done
    check(world)
    return done


# Refunds


def bought(rules: Program, basket: tuple[events.NewLine, ...]) -> tuple[World, dict[str, int]]:
    """Sell a basket to a new card that has bought before; return what it earned."""
    world = world_of(rules)
    world.move_to(START)
    told(world, "before", events.Purchase(amount_minor=1_234))
    earned = told(world, "t", events.Purchase(lines=basket))["earned_units"]
    return world, earned


def reversed_by(world: World, refunds: list[events.Refund]) -> dict[str, int]:
    """Take refunds one after the other; return what they reversed in sum."""
    total: dict[str, int] = {}
    for place, refund in enumerate(refunds):
        done = told(world, f"r{place}", refund)
        for unit, units in done["reversed_units"].items():
            total[unit] = total.get(unit, 0) + units
    return total


def net_of(basket: tuple[events.NewLine, ...]) -> int:
    return sum(line.unit_minor * line.qty for line in basket)


SCOPES = st.sampled_from(
    [
        {"scope": "ticket"},
        {"scope": "line"},
        {"remainder": "carry"},
        {"rounding": "ceil"},
        {"rounding": "half_even"},
    ]
)


@given(lines(), SCOPES, st.lists(st.integers(0, 70_000), max_size=5))
def test_any_split_of_an_amount_gives_the_same_total(
    basket: tuple[events.NewLine, ...], scope: dict[str, str], cuts: list[int]
) -> None:
    per_amount, share = BASES["busy"]["earn"][:2]
    rules = program(earn=[per_amount | scope, share], tiers=None, multipliers=None, burn=None)
    net = net_of(basket)
    total = net - net // 3
    marks = sorted({0, total, *(min(cut, total) for cut in cuts)})
    parts = [events.Refund("t", last - first) for first, last in pairwise(marks)]
    once, _earned = bought(rules, basket)
    often, _earned = bought(rules, basket)
    whole = reversed_by(once, [events.Refund("t", total)])
    assert reversed_by(often, parts) == whole if parts else not any(whole.values())
    assert essence(once.shelf("m")) == essence(often.shelf("m"))


@given(lines(), st.sampled_from(["ticket", "line", "each"]), st.data())
def test_articles_brought_back_in_any_order_give_the_same_total(
    basket: tuple[events.NewLine, ...], scope: str, data: st.DataObject
) -> None:
    first, *others = BASES["busy"]["earn"]
    rules = program(
        earn=[first | {"scope": scope}, *others], tiers=None, burn=None, multipliers=WEB
    )
    articles = [(place, 1) for place, line in enumerate(basket) for _each in range(line.qty)]
    taken = articles[: data.draw(st.integers(1, len(articles)))]
    shuffled = data.draw(st.permutations(taken))
    once, _earned = bought(rules, basket)
    often, _earned = bought(rules, basket)
    whole = reversed_by(once, [events.Refund("t", lines=tuple(taken))])
    assert reversed_by(often, [events.Refund("t", lines=(each,)) for each in shuffled]) == whole
    assert essence(once.shelf("m")) == essence(often.shelf("m"))


@given(lines(), st.sampled_from(["ticket", "line", "each"]), st.data())
def test_a_ticket_brought_back_whole_counts_nothing_whatever_the_way(
    basket: tuple[events.NewLine, ...], scope: str, data: st.DataObject
) -> None:
    first, *others = BASES["busy"]["earn"]
    world, earned = bought(program(earn=[first | {"scope": scope}, *others]), basket)
    refunds = []
    while (left := world.shelf("m").tickets["t"]).net > 0:
        place = next(place for place, line in enumerate(left.lines) if line.qty * line.unit_minor)
        if data.draw(st.booleans()):
            refund = events.Refund("t", data.draw(st.integers(1, left.net)))
        else:
            refund = events.Refund("t", lines=((place, 1),))
        refunds.append(told(world, f"r{len(refunds)}", refund))
    for unit, units in earned.items():
        if net_of(basket) > 0 and units > 0:
            # Articles without a price are still with whoever bought them.
            free = sum(line.qty * best(line) for line in left.lines if unit == "pts")
            total = sum(each["reversed_units"].get(unit, 0) for each in refunds)
            assert total >= units - free * 3


def best(line: Any) -> int:
    return max(3 if "coffee" in line.tags else 0, 5 if line.sku == "a" else 0)


# Order of receipt


UNLINKED = {
    "tiers": None,
    "burn": None,
    "referral": None,
    "challenges": None,
    "instants": None,
    "multipliers": WEB,
}
LONE = st.one_of(
    lines().map(lambda basket: events.Purchase(lines=basket)),
    lines().map(lambda basket: events.Purchase(lines=basket, channel="web")),
    st.integers(1, 99).map(lambda units: events.Adjust(unit="pts", units=units, reason="r")),
    st.integers(1, 99).map(
        lambda units: events.Opening(lots=(events.OpeningLot(unit="rank", units=units),))
    ),
    st.just(events.Interaction(event="review")),
)
EXPIRY = st.sampled_from([{}, {"after": "P10D"}, {"after": "P1M", "align": "end_of_month"}])


@given(st.lists(st.tuples(LONE, st.integers(0, 40)), min_size=2, max_size=7), EXPIRY, st.data())
def test_the_order_of_receipt_of_events_that_no_rule_links_does_not_change_the_end(
    happened: list[tuple[Any, int]], expiry: dict[str, str], data: st.DataObject
) -> None:
    carry = {"remainder": data.draw(st.sampled_from(["drop", "drop", "carry"]))}
    pending = data.draw(st.sampled_from([None, "P3D"]))
    unlimited = {key: value for key, value in BASES["busy"]["earn"][3].items() if key != "limit"}
    first, *others = BASES["busy"]["earn"][:3]
    # A rest that is carried over links tickets: which of them fills the step may be multiplied.
    linked = {"multipliers": None} if "carry" in carry.values() else {}
    units = [{"id": "pts", "expiry": expiry, "pending": pending}, {"id": "rank"}]
    units = [{key: value for key, value in each.items() if value} for each in units]
    rules = program(**UNLINKED | linked, units=units, earn=[first | carry, *others, unlimited])
    steps = [
        Step(f"s{place}", START + days * calendar.DAY, event)
        for place, (event, days) in enumerate(happened)
    ]
    in_time = sorted(steps, key=lambda step: step.occurred_at)
    one = received([(step, step.occurred_at) for step in in_time], rules)
    moments = sorted(NOW + data.draw(st.integers(0, 20)) * calendar.DAY for _step in steps)
    other = received(list(zip(data.draw(st.permutations(steps)), moments, strict=True)), rules)
    if carry["remainder"] == "carry":
        assert summed(one) == summed(other)
    else:
        assert by_source(one) == by_source(other)
        assert one.account.sums == other.account.sums
    assert metrics_of(one) == metrics_of(other)


def received(steps: list[tuple[Step, int]], rules: Program) -> Shelf:
    """Take steps at their moments, and look at the card at last long after."""
    world = world_of(rules)
    world.move_to(START)
    for step, now in steps:
        world.move_to(now)
        assert isinstance(world.take("m", step, step), dict)
        check(world)
    world.move_to(NOW + 21 * calendar.DAY)
    return world.shelf("m")


def by_source(shelf: Shelf) -> list[Any]:
    found = [msgspec.structs.replace(lot, number=0) for lot in shelf.lots.values()]
    return sorted(msgspec.json.encode(lot) for lot in found)


def summed(shelf: Shelf) -> dict[str, int]:
    total: dict[str, int] = {}
    for lot in shelf.lots.values():
        total[lot.unit] = total.get(lot.unit, 0) + lot.amount
    return total


def metrics_of(shelf: Shelf) -> dict[str, int]:
    return {
        key: kept.value for key, kept in shelf.account.metrics.items() if "earned:pts" not in key
    }


# Spend order


LOTS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from([None, 5, 5, 9, 30]), st.integers(0, 3)),
    min_size=1,
    max_size=8,
)


@given(LOTS, st.sampled_from(["fefo", "fifo"]), st.integers(0, 80))
def test_units_leave_in_spend_order_and_all_or_nothing(
    given_lots: list[tuple[int, int | None, int]], order: str, asked: int
) -> None:
    """By the words of specs/loyalty.md §3: expiry, none last; earned; order of creation."""
    world = world_of(program(units=[{"id": "pts", "spend_order": order}], **ONLY_PAY))
    world.move_to(START)
    ranked = []
    for place, (units, days, earlier) in enumerate(given_lots):
        at = START - earlier * calendar.DAY
        expires_at = None if days is None else START + days * calendar.DAY
        text = None if expires_at is None else calendar.write_instant(expires_at)
        lot = events.OpeningLot(unit="pts", units=units, expires_at=text)
        told(world, f"o{place}", events.Opening(lots=(lot,)), at)
        last = (expires_at is None, expires_at or 0) if order == "fefo" else ()
        ranked.append(((*last, at, place), place + 1, units))
    total, units = sum(units for units, _days, _at in given_lots), asked + 1
    step = Step("b", START, events.PayUnits(units=units))
    done = world.take("m", step, step)
    check(world)
    if units > total:
        assert "b" not in world.shelf("m").burns
        return
    expected, needed = [], units
    for _key, number, left in sorted(ranked):
        if needed:
            expected.append((number, min(left, needed)))
            needed -= min(left, needed)
    assert world.shelf("m").burns["b"].alloc == expected
    assert isinstance(done, dict) and done["discount_minor"] == units


ONLY_PAY: dict[str, Any] = {
    "metrics": None,
    "earn": None,
    "tiers": None,
    "multipliers": None,
    "referral": None,
    "challenges": None,
    "instants": None,
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}],
}
