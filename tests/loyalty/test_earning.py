"""What a ticket and an event earn, at every boundary, and the facts that explain it."""

from __future__ import annotations

from typing import Any

import pytest

from app.loyalty import events
from app.loyalty.calendar import DAY, MINUTE, parse_instant
from app.loyalty.earning import Earned
from app.loyalty.events import NewLine, Purchase, Tender
from tests.loyalty.small import START, buy, card, do, last, small

BASE = {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 2}
SHARE = {"type": "percent", "id": "share", "unit": "pts", "bps": 500}
CUPS = {"type": "per_item", "id": "cups", "unit": "pts", "table": {"a": 5, "tag:cup": 3}}
REVIEW = {"type": "per_event", "id": "review", "unit": "pts", "event": "review", "points": 7}
FACTS = {"rule": "base", "kind": "per_amount", "step": 100, "points": 2, "rounding": "floor"}


def ticket(earn: list[dict[str, Any]], event: Purchase, **changes: Any) -> tuple[int, Any]:
    """Return what one ticket earns, and why."""
    world = small(earn=earn, **changes)
    earned = do(world, "t", event)["earned"]
    return earned, last(world) if earned else None


@pytest.mark.parametrize(
    ("minor", "rounding", "units"),
    [
        *((99, "floor", 0), (100, "floor", 2), (199, "floor", 2), (200, "floor", 4)),
        *((1, "ceil", 2), (100, "ceil", 2), (101, "ceil", 4)),
        *((149, "half_up", 2), (150, "half_up", 4), (250, "half_up", 6)),
        *((150, "half_even", 4), (250, "half_even", 4), (251, "half_even", 6)),
    ],
)
def test_whole_steps_come_first_then_points(minor: int, rounding: str, units: int) -> None:
    earned, why = ticket([BASE | {"rounding": rounding}], Purchase(amount_minor=minor))
    assert earned == units
    if units:
        facts = FACTS | {"base": minor, "rounding": rounding, "units": units}
        assert why == {"parts": [facts]}


LINES = (NewLine(150, qty=3), NewLine(90, qty=2, tags=("gift",)))


@pytest.mark.parametrize(
    ("changes", "units", "facts"),
    [
        ({}, 12, {"base": 630}),
        ({"exclude_tags": ["gift"]}, 8, {"base": 450}),
        ({"scope": "line"}, 10, {"base": 630, "scope": "line"}),
        ({"scope": "line", "exclude_tags": ["gift"]}, 8, {"base": 450, "scope": "line"}),
        ({"scope": "each"}, 6, {"base": 630, "scope": "each"}),
        ({"scope": "each", "step_minor": 90}, 10, {"base": 630, "scope": "each", "step": 90}),
        ({"scope": "each", "step_minor": 90, "exclude_tags": ["gift"]}, 6, {"scope": "each", "step": 90, "base": 450}),
    ],
)  # fmt: skip
def test_a_ticket_its_lines_or_each_article_earn(
    changes: dict[str, Any], units: int, facts: dict[str, Any]
) -> None:
    earned, why = ticket([BASE | changes], Purchase(lines=LINES))
    assert (earned, why) == (units, {"parts": [FACTS | facts | {"units": units}]})


def test_the_rest_of_a_step_is_carried_to_the_next_ticket() -> None:
    world = small(earn=[BASE | {"remainder": "carry"}])
    earned = [buy(world, f"t{place}", minor)["earned"] for place, minor in enumerate((150, 49, 1))]
    assert earned == [2, 0, 2]
    assert last(world)["parts"] == [FACTS | {"base": 1, "carried": 199, "units": 2}]
    assert do(world, "r", events.Refund(of="t2", amount_minor=1))["reversed"] == 2


@pytest.mark.parametrize(
    ("minor", "changes", "units", "facts"),
    [
        (2_019, {}, 100, {}),
        (2_020, {}, 101, {}),
        (2_001, {"rounding": "ceil"}, 101, {}),
        (2_010, {"rounding": "half_even"}, 100, {}),
        (2_010, {"rounding": "half_up"}, 101, {}),
        (2_020, {"cap": 101}, 101, {}),
        (2_040, {"cap": 101}, 101, {"cap": 101}),
    ],
)
def test_a_share_is_rounded_then_capped(
    minor: int, changes: dict[str, Any], units: int, facts: dict[str, Any]
) -> None:
    earned, why = ticket([SHARE | changes], Purchase(amount_minor=minor))
    every = {"rule": "share", "kind": "percent", "base": minor, "bps": 500, "units": units}
    every["rounding"] = changes.get("rounding", "floor")
    assert (earned, why) == (units, {"parts": [every | facts]})


def test_what_was_paid_with_units_earns_nothing_and_a_base_is_never_below_zero() -> None:
    rule = BASE | {"exclude_tenders": ["points", "gift"]}
    paid = (Tender("points", 200), Tender("card", 700), Tender("gift", 100))
    world = small(earn=[rule])
    assert do(world, "t", Purchase(amount_minor=1_000, tenders=paid))["earned"] == 14
    over = (Tender("points", 900),)
    assert do(world, "u", Purchase(amount_minor=500, tenders=over))["earned"] == 0
    nothing = Purchase(amount_minor=0)
    assert do(small(earn=[rule | {"rounding": "ceil"}]), "t", nothing)["earned"] == 0


@pytest.mark.parametrize(
    ("line", "units"),
    [
        (NewLine(100, sku="a"), 5),
        (NewLine(100, sku="a", tags=("cup",)), 5),
        (NewLine(100, sku="b", tags=("cup",)), 3),
        (NewLine(100, sku="cup"), 0),
        (NewLine(100, tags=("a",)), 0),
        (NewLine(100), 0),
        (NewLine(100, qty=4, tags=("x", "cup", "y")), 12),
    ],
)
def test_an_article_earns_the_best_of_its_sku_and_tags(line: NewLine, units: int) -> None:
    earned, why = ticket([CUPS], Purchase(lines=(line,)))
    assert earned == units
    assert not units or why == {"parts": [{"rule": "cups", "kind": "per_item", "units": units}]}


def test_a_line_filter_lets_its_own_lines_into_one_rule_alone() -> None:
    rules = [
        BASE | {"when": [{"type": "tag_any", "any": ["gift"]}]},
        BASE | {"id": "other", "when": [{"type": "sku_in", "any": ["z"]}]},
        SHARE,
    ]
    earned, why = ticket(rules, Purchase(lines=LINES))
    assert [part["units"] for part in why["parts"]] == [2, 0, 31]
    assert earned == 33


def test_only_rules_that_gave_something_name_an_entry() -> None:
    world = small(earn=[BASE, CUPS, SHARE])
    do(world, "t", Purchase(amount_minor=1_000))
    assert card(world).entries[-1].rule == "base+share"
    assert Earned(0, [{"rule": "one", "units": 0}]).rule == "one"
    assert Earned(2, [{"rule": "one", "units": 1}] * 2).rule == "one"


def times(name: str, num: int, den: int = 1, group: str = "campaign") -> dict[str, Any]:
    return {"id": name, "unit": "pts", "num": num, "den": den, "group": group}


@pytest.mark.parametrize(
    ("multipliers", "units", "applied"),
    [
        ([times("a", 3, 2, "x"), times("b", 2, 1, "y")], 99, [["a", 3, 2], ["b", 2, 1]]),
        ([times("a", 3, 2), times("b", 2)], 66, [["b", 2, 1]]),
        ([times("a", 2), times("b", 3, 2)], 66, [["a", 2, 1]]),
        ([times("a", 3, 2), times("b", 6, 4)], 49, [["a", 3, 2]]),
        ([times("a", 5, 3), times("b", 7, 4)], 57, [["b", 7, 4]]),
        ([times("a", 1, 2)], 33, None),
        ([times("a", 1), times("b", 3, 2, "y")], 49, [["b", 3, 2]]),
        ([times("a", 101, 100), times("b", 102, 100, "y")], 33, [["a", 101, 100], ["b", 102, 100]]),
        ([times("a", 5) | {"when": [{"type": "channel_in", "any": ["web"]}]}, times("b", 2)], 66, [["b", 2, 1]]),
    ],
)  # fmt: skip
def test_the_greatest_of_a_group_counts_groups_multiply_and_one_floor_ends_it(
    multipliers: list[dict[str, Any]], units: int, applied: Any
) -> None:
    earned, why = ticket(
        [BASE | {"points": 1}], Purchase(amount_minor=3_300), multipliers=multipliers
    )
    facts = {"parts": [FACTS | {"points": 1, "base": 3_300, "units": 33}]}
    if applied is not None:
        facts["multipliers"] = applied
    assert (earned, why) == (units, facts)


def test_a_multiplier_touches_its_own_unit_alone() -> None:
    other = times("first", 9) | {"unit": "rank"}
    units = [{"id": "pts"}, {"id": "rank"}]
    world = small(units=units, multipliers=[other, times("a", 2)])
    assert buy(world, "t", 500)["earned_units"] == {"pts": 10}


def review(world: Any, key: str, at: int | None = None, **fields: Any) -> Any:
    """Write a review; return what it earned."""
    return do(world, key, events.Interaction(event="review", **fields), at)


def test_an_event_earns_its_points_and_says_why() -> None:
    world = small(earn=[BASE, REVIEW | {"event": "other"}, REVIEW | {"id": "second"}])
    assert review(world, "e") == {"earned": 7, "earned_units": {"pts": 7}}
    facts = {"rule": "second", "kind": "per_event", "event": "review", "points": 7, "times": 1}
    assert last(world) == {"parts": [facts | {"units": 7}]}
    assert [lot.source for lot in card(world).lots.values()] == ["second"]


@pytest.mark.parametrize(
    ("values", "units"), [({}, 0), ({"stars": 3}, 21), ({"stars": -1}, 0), ({"stars": 0}, 0), ({"x": 2}, 0)]
)  # fmt: skip
def test_an_event_may_earn_by_its_value(values: dict[str, int], units: int) -> None:
    world = small(earn=[REVIEW | {"per_value": "stars"}])
    done = review(world, "e", values=values)
    assert done == {"earned": units, "earned_units": {"pts": units} if units else {}}
    assert not units or last(world)["parts"][0]["times"] == values["stars"]


def test_a_condition_may_refuse_an_events_points() -> None:
    closed = {"type": "date_range", "start": "2026-02-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}
    world = small(earn=[REVIEW | {"when": [closed]}, REVIEW | {"id": "second", "points": 1}])
    assert review(world, "e")["earned"] == 1
    assert review(world, "f", parse_instant("2026-02-01T00:00:00Z"))["earned"] == 8


def test_an_events_condition_may_ask_for_a_metric_of_the_card() -> None:
    spent = {"type": "metric", "metric": "net", "op": "ge", "value": 100}
    world = small(
        earn=[BASE, REVIEW | {"when": [spent]}], metrics=[{"id": "net", "agg": "net_amount"}]
    )
    assert review(world, "e")["earned"] == 0
    buy(world, "t", 100)
    assert review(world, "f")["earned"] == 7


NEW_YEAR = parse_instant("2025-12-31T23:00:00Z")  # in Paris
LIMITS = {
    "day": (parse_instant("2026-01-04T23:00:00Z"), parse_instant("2026-01-05T23:00:00Z")),
    "month": (NEW_YEAR, parse_instant("2026-01-31T23:00:00Z")),
    "year": (NEW_YEAR, parse_instant("2026-12-31T23:00:00Z")),
}


@pytest.mark.parametrize("per", LIMITS)
def test_a_limit_counts_by_the_local_day_month_or_year_of_the_event(per: str) -> None:
    begin, end = LIMITS[per]
    world = small(earn=[REVIEW | {"limit": {"times": 2, "per": per}}])
    moments = (begin, end - MINUTE, START, begin - MINUTE, end)
    assert [review(world, f"e{at}", at)["earned"] for at in moments] == [7, 7, 0, 7, 7]
    assert sum(lot.amount for lot in card(world).lots.values()) == 28


def test_a_limit_of_an_object_is_its_own_and_events_without_one_share_theirs() -> None:
    world = small(earn=[REVIEW | {"limit": {"times": 1, "per": "object"}}])
    named = [review(world, f"e{each}{n}", object=each)["earned"] for n in (0, 1) for each in "ab"]
    assert named == [7, 7, 0, 0]
    assert [review(world, f"n{n}")["earned"] for n in (0, 1)] == [7, 0]
    keys = {"limit:review:object:a", "limit:review:object:b", "limit:review:object:"}
    assert {key for key in card(world).tallies if key.startswith("limit")} == keys


def test_a_limit_of_a_lifetime_is_never_over_and_each_rule_counts_its_own() -> None:
    limited = REVIEW | {"limit": {"times": 2}}
    world = small(earn=[limited, REVIEW | {"id": "free", "points": 1}])
    earned = [
        review(world, f"e{n}", START + n * 400 * DAY, object=str(n))["earned"] for n in range(4)
    ]
    assert earned == [8, 8, 1, 1]
    assert card(world).tallies["limit:review:lifetime:"] == 2


def test_days_months_and_years_are_written_whole_in_what_is_counted() -> None:
    rules = [REVIEW | {"id": per, "limit": {"times": 2, "per": per}} for per in LIMITS]
    world = small(earn=rules)
    review(world, "e")
    assert {key for key in card(world).tallies if key.startswith("limit")} == {
        *("limit:day:day:2026-01-05", "limit:month:month:2026-01", "limit:year:year:2026")
    }


def test_an_event_beyond_its_limit_is_taken_and_earns_nothing() -> None:
    from app.loyalty import earning
    from app.loyalty.conditions import Context

    world = small(earn=[REVIEW | {"limit": {"times": 1}}])
    review(world, "e")
    book = world.book("m")
    context = Context(at=START, tier=0, program=book.program)
    [(_rule, earned)] = earning.interaction(book, events.Interaction(event="review"), context)
    facts = {"rule": "review", "kind": "per_event", "event": "review", "points": 7, "times": 1}
    assert (earned.units, earned.parts) == (0, [facts | {"limit": 1, "units": 0}])
