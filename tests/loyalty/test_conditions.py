"""Each condition of a rule at its boundary (specs/loyalty.md §4)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.loyalty import events
from app.loyalty.calendar import parse_instant
from app.loyalty.conditions import Context, all_hold, holds, matching_lines
from app.loyalty.model import Line
from app.loyalty.when import Condition
from tests.loyalty.small import START, buy, do, program, small

LADDER = {
    "ladder": [
        {"id": "base"},
        {"id": "mid", "enter": {"type": "metric", "metric": "net", "op": "ge", "value": 9_000}},
        {"id": "top", "enter": {"type": "metric", "metric": "net", "op": "ge", "value": 10_000}},
    ]
}
METRICS = [{"id": "net", "agg": "net_amount"}]


def says(condition: dict[str, Any], birthday: str | None = None, **context: Any) -> bool:
    """Say whether a condition holds, asked of a card that has spent 50.00 and is enrolled."""
    world = small(metrics=METRICS, tiers=LADDER)
    do(world, "e", events.Enrol(attrs=events.Attributes(birthday=birthday)))
    buy(world, "t", 5_000)
    rules = program(metrics=METRICS, tiers=LADDER)
    known = {"at": START, "tier": 0, "program": rules} | context
    return holds(world.book("m"), msgspec.convert(condition, Condition), Context(**known))


@pytest.mark.parametrize(
    ("kind", "field", "given"),
    [
        ("merchant_in", "merchant", "a"),
        ("channel_in", "channel", "a"),
        ("country_in", "country", "a"),
    ],
)
def test_a_tickets_value_is_one_of_those_listed(kind: str, field: str, given: str) -> None:
    assert says({"type": kind, "any": ["b", "a"]}, **{field: given})
    assert not says({"type": kind, "any": ["b"]}, **{field: given})
    assert not says({"type": kind, "any": ["b"]})


def test_no_merchant_the_store_and_france_are_meant_where_a_ticket_says_nothing() -> None:
    assert says({"type": "channel_in", "any": ["store"]})
    assert says({"type": "country_in", "any": ["FR"]})
    assert not says({"type": "merchant_in", "any": ["", "None"]})


def test_one_part_paid_with_a_listed_tender_is_enough_to_refuse() -> None:
    rule = {"type": "tender_none", "any": ["points", "gift"]}
    assert says(rule)
    assert says(rule, tenders=frozenset({"card", "cash"}))
    assert not says(rule, tenders=frozenset({"card", "gift"}))


@pytest.mark.parametrize(("minor", "held"), [(99, False), (100, True), (101, True)])
def test_a_minimum_amount_is_inclusive(minor: int, held: bool) -> None:
    assert says({"type": "min_amount", "minor": 100}, minor=minor) is held


@pytest.mark.parametrize(("place", "held"), [(0, False), (1, True), (2, True)])
def test_a_tier_is_reached_from_its_own_place_on(place: int, held: bool) -> None:
    assert says({"type": "tier_at_least", "tier": "mid"}, tier=place) is held


@pytest.mark.parametrize(
    ("op", "held"),
    [("gt", "001"), ("ge", "011"), ("lt", "100"), ("le", "110")],
)
def test_metrics_compare_strictly_or_not(op: str, held: str) -> None:
    """The card's net is 5000: asked against 5001, 5000 and 4999."""
    asked = [
        {"type": "metric", "metric": "net", "op": op, "value": v} for v in (5_001, 5_000, 4_999)
    ]
    assert "".join(str(int(says(each))) for each in asked) == held


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-01-06T06:59:59Z", False),
        ("2026-01-06T07:00:00Z", True),
        ("2026-01-06T09:29:59Z", True),
        ("2026-01-06T09:30:00Z", False),
        ("2026-01-07T07:00:00Z", False),
        ("2026-07-07T05:59:59Z", False),
        ("2026-07-07T06:00:00Z", True),
    ],
)
def test_a_local_time_is_true_at_its_start_and_false_at_its_end(at: str, held: bool) -> None:
    """Tuesdays from 8:00 to 10:30 in Paris, in winter and in summer."""
    rule = {"type": "local_time", "days": [2], "start": "08:00", "end": "10:30"}
    assert says(rule, at=parse_instant(at)) is held


@pytest.mark.parametrize("day", range(5, 12))
def test_no_days_are_all_days(day: int) -> None:
    at = parse_instant(f"2026-01-{day:02}T10:00:00Z")
    assert says({"type": "local_time"}, at=at)
    assert says({"type": "local_time", "days": [day - 4]}, at=at)
    assert not says({"type": "local_time", "days": [(day - 4) % 7 + 1]}, at=at)


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-01-31T23:59:59Z", False),
        ("2026-02-01T00:00:00Z", True),
        ("2026-02-28T23:59:59Z", True),
        ("2026-03-01T00:00:00Z", False),
    ],
)
def test_a_range_of_dates_is_half_open_in_utc_as_it_is_written(at: str, held: bool) -> None:
    rule = {"type": "date_range", "start": "2026-02-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"}
    assert says(rule, at=parse_instant(at)) is held


@pytest.mark.parametrize(
    ("birthday", "at", "held"),
    [
        ("03-10", "2026-03-06T22:59:59Z", False),
        ("03-10", "2026-03-06T23:00:00Z", True),
        ("03-10", "2026-03-12T22:59:59Z", True),
        ("03-10", "2026-03-12T23:00:00Z", False),
        ("01-01", "2026-12-29T12:00:00Z", True),
        ("12-31", "2026-01-02T12:00:00Z", True),
        ("12-31", "2026-01-03T12:00:00Z", False),
        ("02-29", "2026-02-25T12:00:00Z", True),
        ("02-29", "2026-02-24T12:00:00Z", False),
        ("02-29", "2026-03-02T12:00:00Z", True),
        ("02-29", "2026-03-03T12:00:00Z", False),
        ("02-29", "2028-02-26T12:00:00Z", True),
        ("02-29", "2028-02-25T12:00:00Z", False),
        ("02-29", "2028-03-02T12:00:00Z", True),
        (None, "2026-03-10T12:00:00Z", False),
    ],
)
def test_a_birthday_is_near_by_local_days_across_the_year(
    birthday: str | None, at: str, held: bool
) -> None:
    rule = {"type": "birthday_within", "days_before": 3, "days_after": 2}
    assert says(rule, birthday, at=parse_instant(at)) is held


def test_seniority_counts_from_enrolment_and_a_card_that_was_never_enrolled_has_none() -> None:
    rule = {"type": "tenure_at_least", "period": "P1M"}
    due = parse_instant("2026-02-05T10:00:00Z")
    assert [says(rule, at=at) for at in (due - 1, due)] == [False, True]
    world = small()
    condition = msgspec.convert(rule, Condition)
    context = Context(at=due * 2, tier=0, program=program())
    assert not holds(world.book("m"), condition, context)


YES, NO = {"type": "min_amount", "minor": 1}, {"type": "min_amount", "minor": 9}


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ({"type": "all", "of": [YES, YES]}, True),
        ({"type": "all", "of": [YES, NO]}, False),
        ({"type": "all", "of": []}, True),
        ({"type": "any", "of": [NO, YES]}, True),
        ({"type": "any", "of": [NO, NO]}, False),
        ({"type": "any", "of": []}, False),
        ({"type": "not", "of": YES}, False),
        ({"type": "not", "of": {"type": "all", "of": [YES, NO]}}, True),
    ],
)
def test_conditions_combine(condition: dict[str, Any], held: bool) -> None:
    assert says(condition, minor=5) is held


def test_line_filters_choose_lines_and_refuse_nothing() -> None:
    lines = [Line(1, 1, "a", ("x",)), Line(2, 1, "b", ("x", "y")), Line(3, 1, None, ())]
    sku: Any = {"type": "sku_in", "any": ["a", "b"]}
    tag: Any = {"type": "tag_any", "any": ["y", "z"]}
    chosen = {
        (): [1, 2, 3],
        ("sku",): [1, 2],
        ("tag",): [2],
        ("sku", "tag"): [2],
        ("other", "tag"): [2],
        ("all",): [2],
    }
    known = {"sku": sku, "tag": tag, "other": YES, "all": {"type": "all", "of": [sku, tag]}}
    for names, expected in chosen.items():
        conditions = [msgspec.convert(known[name], Condition) for name in names]
        assert [line.unit_minor for line in matching_lines(conditions, lines)] == expected
        book = small().book("m")
        context = Context(at=START, tier=0, program=program(), minor=1)
        assert all_hold(book, conditions, context)
