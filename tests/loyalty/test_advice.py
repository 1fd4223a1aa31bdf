"""Warnings about programs that can be published, and what their units cost."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from app.loyalty.advice import WARNINGS_MAX, warnings
from app.loyalty.owing import best_worth, cost_micro, liability_minor
from tests.loyalty.programs import FULL, GIVEN, read

_EARN = {"type": "per_amount", "id": "e", "unit": "pts", "step_minor": 100, "points": 1}
_ITEMS = {"type": "per_item", "id": "i", "unit": "pts"}


def told(*earn: dict[str, Any], **changes: Any) -> list[str]:
    return warnings(read(FULL | {"earn": list(earn)} | changes))


def only(*merchants: str) -> dict[str, Any]:
    return {"when": [{"type": "merchant_in", "any": list(merchants)}]}


@pytest.mark.parametrize(
    "name", ["sephora", "walgreens-like", "coalition-cashback", "kalido", "mult"]
)
def test_the_worked_programs_surprise_nobody(name: str) -> None:
    assert warnings(read(GIVEN[name])) == []


def test_rules_that_count_the_same_article_are_told() -> None:
    (text,) = told(_EARN, _EARN | {"id": "f", "points": 2})
    assert text == (
        "earn[0] (e) and earn[1] (f) can count the same article for pts: what they give is added up"
    )


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ({}, {"unit": "rank"}, False),
        (only("a"), only("b"), False),
        (only("a", "b"), only("b"), True),
        ({}, only("b"), True),
        (
            {"when": [{"type": "local_time", "days": [1]}]},
            {"when": [{"type": "local_time", "days": [2, 3]}]},
            False,
        ),
        (
            {"when": [{"type": "local_time", "end": "12:00"}]},
            {"when": [{"type": "local_time", "start": "12:00"}]},
            False,
        ),
        (
            {"when": [{"type": "local_time", "end": "12:01"}]},
            {"when": [{"type": "local_time", "start": "12:00"}]},
            True,
        ),
        (
            {
                "when": [
                    {
                        "type": "date_range",
                        "start": "2026-01-01T00:00:00Z",
                        "end": "2026-02-01T00:00:00Z",
                    }
                ]
            },
            {
                "when": [
                    {
                        "type": "date_range",
                        "start": "2026-02-01T00:00:00Z",
                        "end": "2026-03-01T00:00:00Z",
                    }
                ]
            },
            False,
        ),
        (
            {"when": [{"type": "min_amount", "minor": 100}]},
            {"when": [{"type": "not", "of": {"type": "min_amount", "minor": 100}}]},
            False,
        ),
        (
            {"when": [{"type": "tier_at_least", "tier": "b"}]},
            {"when": [{"type": "not", "of": {"type": "tier_at_least", "tier": "b"}}]},
            False,
        ),
        (
            {"when": [{"type": "tier_at_least", "tier": "b"}]},
            {"when": [{"type": "not", "of": {"type": "tier_at_least", "tier": "c"}}]},
            True,
        ),
        (
            {"when": [{"type": "any", "of": [*only("a")["when"], *only("b")["when"]]}]},
            only("c"),
            False,
        ),
        (
            {"when": [{"type": "sku_in", "any": ["A"]}]},
            {"when": [{"type": "sku_in", "any": ["B"]}]},
            False,
        ),
        (
            {"when": [{"type": "tag_any", "any": ["A"]}]},
            {"when": [{"type": "tag_any", "any": ["B"]}]},
            True,
        ),
        ({"exclude_tags": ["A"]}, {"when": [{"type": "tag_any", "any": ["A"]}]}, False),
    ],
)
def test_rules_overlap_only_when_they_can_hold_together(
    one: dict[str, Any], other: dict[str, Any], overlap: bool
) -> None:
    found = told(_EARN | one, _EARN | {"id": "f"} | other)
    assert any("same article" in text for text in found) == overlap


def test_articles_counted_one_by_one_overlap_only_with_what_lets_them_in() -> None:
    assert len(told(_EARN, _ITEMS | {"table": {"tag:rx": 5}})) == 1
    assert told(_EARN | {"exclude_tags": ["rx"]}, _ITEMS | {"table": {"tag:rx": 5}}) == []
    assert told(_ITEMS | {"table": {"A": 1}}, _ITEMS | {"id": "j", "table": {"B": 1}}) == []
    assert len(told(_ITEMS | {"table": {"A": 1}}, _ITEMS | {"id": "j", "table": {"A": 1}})) == 1


def test_rules_that_contradict_themselves_are_told() -> None:
    (text,) = told(_EARN | {"when": [*only("a")["when"], *only("b")["when"]]})
    assert "earn[0] (e) never counts" in text
    (text,) = told(_EARN, multipliers=[{"id": "m", "unit": "pts", "num": 2, "den": 2}])
    assert "multipliers[0] (m) raises nothing" in text
    (text,) = told(_EARN, enrol_when=[{"type": "country_in", "any": []}])
    assert "nobody is enrolled" in text


def test_giving_back_everything_is_told() -> None:
    assert told(_EARN | {"points": 99}) == []
    (text,) = told(_EARN | {"points": 100})
    assert "gives back all that is spent" in text
    (text,) = told({"type": "percent", "id": "p", "unit": "pts", "bps": 10_000})
    assert "gives back all that is spent" in text


def test_units_that_never_expire_and_can_be_burned_are_told() -> None:
    (text,) = told(_EARN, units=[{"id": "pts"}, {"id": "rank"}])
    assert text.startswith("units[0] (pts) never expire")


def test_a_tier_that_asks_for_a_ticket_and_a_stranger_in_a_coalition_are_told() -> None:
    enter = {"type": "all", "of": [{"type": "min_amount", "minor": 5}]}
    (text,) = told(_EARN, tiers={"ladder": [{"id": "a"}, {"id": "b", "enter": enter}]})
    assert "tiers.ladder[1].enter asks for a ticket" in text
    (text,) = told(_EARN | only("x"), coalition={"partners": [{"merchant": "y"}]})
    assert "names x" in text


def test_warnings_have_an_end() -> None:
    assert len(told(*(_EARN | {"id": f"e{n}"} for n in range(100)))) == WARNINGS_MAX


def test_a_unit_costs_what_is_stated_else_the_best_it_can_buy() -> None:
    assert cost_micro(read(GIVEN["mexx-connect"]), "pts") == 10_000
    assert best_worth(read(GIVEN["walgreens-like"]), "pts") == Fraction(5000, 40_000)
    assert cost_micro(read(GIVEN["walgreens-like"]), "pts") == 1_250
    assert cost_micro(read(GIVEN["points24"]), "pts") == 1_000_000
    assert cost_micro(read(GIVEN["qualifio"]), "pts") == 0
    assert cost_micro(read(GIVEN["coffee-stamps"]), "stamp") == 0
    assert cost_micro(read(GIVEN["kalido"]), "nothing") == 0


def test_liability_is_rounded_up_and_counts_no_debt() -> None:
    program = read(GIVEN["walgreens-like"])
    assert liability_minor(program, {"pts": 8}) == 1
    assert liability_minor(program, {"pts": 9}) == 2
    assert liability_minor(program, {"pts": -9}) == 0
    assert liability_minor(program, {}) == 0
