"""A card's past by the rules there were, and by others."""

from __future__ import annotations

from typing import Any

from app.loyalty.calendar import parse_instant
from app.loyalty.events import AnyEvent, Convert, Interaction, PayUnits, Purchase, Refund, Step
from app.loyalty.program import Program
from app.loyalty.rules import Rules, Version
from app.loyalty.simulation import Comparison, Happened, Past, compare
from tests.loyalty.programs import FULL, read

OPENED = parse_instant("2026-01-01T10:00:00Z")
NOW = parse_instant("2026-06-01T10:00:00Z")
DAY = 86_400_000_000


def rules(**changes: Any) -> Program:
    return read(FULL | changes)


def earning(points: int) -> Program:
    rule = {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100}
    return rules(earn=[rule | {"points": points}])


def past(*events: tuple[int, AnyEvent]) -> Past:
    """Say what happened on which day after the opening."""
    return Past(
        opened_at=OPENED,
        happened=[
            Happened(OPENED + day * DAY, 1, (Step(f"e{n}", OPENED + day * DAY, event),))
            for n, (day, event) in enumerate(events)
        ],
    )


def tried(story: Past, program: Program, *, since: int = OPENED) -> Comparison:
    known = Rules((Version(1, OPENED, earning(1)),))
    return compare(story, known, program, since=since, now=NOW)


def bought(minor: int) -> Purchase:
    return Purchase(amount_minor=minor)


def test_the_same_rules_change_nothing() -> None:
    found = tried(past((1, bought(1000)), (2, PayUnits(units=4))), earning(1))
    assert found.before == found.after
    assert (found.change, found.before.owed_minor, found.before.units) == (0, 6, 6)


def test_who_earns_more_gains_and_who_earns_less_loses() -> None:
    found = tried(past((1, bought(1000))), earning(2))
    assert (found.change, found.before.owed_minor, found.after.owed_minor) == (1, 10, 20)
    found = tried(past((1, bought(1000))), rules(earn=[]))
    assert (found.change, found.after.units) == (-1, 0)


def test_only_what_came_since_is_done_by_the_other_rules() -> None:
    story = past((1, bought(1000)), (20, bought(1000)))
    found = tried(story, earning(3), since=OPENED + 10 * DAY)
    assert found.after.units == 10 + 30


def test_lots_that_would_have_expired_are_a_loss() -> None:
    units = [{"id": "pts", "expiry": {"after": "P1M"}}, {"id": "rank", "kind": "status"}]
    assert tried(past((1, bought(1000))), rules(units=units)).change == -1


def test_what_the_other_rules_refuse_is_left_out() -> None:
    story = past((1, bought(1000)), (2, PayUnits(units=10)), (3, Refund(of="e0", amount_minor=500)))
    found = tried(story, rules(burn=[]))
    assert found.before.units == 0
    assert found.after.units == 5
    assert tried(story, rules(earn=[])).after.units == 0


def test_vouchers_that_can_still_be_used_are_owed() -> None:
    convert = {"type": "convert", "id": "c", "unit": "pts", "voucher": "five", "minor_per_unit": 7}
    story = past((1, bought(1000)), (2, Convert()))
    known = Rules((Version(1, OPENED, rules(burn=[convert])),))
    found = compare(
        story, known, rules(burn=[convert | {"minor_per_unit": 8}]), since=OPENED, now=NOW
    )
    assert (found.before.owed_minor, found.after.owed_minor, found.change) == (70, 80, 1)
    vouchers = [{"id": "five", "kind": "amount", "valid": "P1M"}]
    dying = rules(burn=[convert], vouchers=vouchers)
    assert compare(story, known, dying, since=OPENED, now=NOW).after.owed_minor == 0


def test_a_tier_counts_where_units_are_equal() -> None:
    story = past((1, bought(300)))
    ladder = [
        {"id": "a"},
        {"id": "b", "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 100}},
        {"id": "c", "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 300}},
    ]
    found = tried(story, rules(tiers={"ladder": ladder}))
    assert (found.before.tier, found.after.tier, found.change) == (1, 2, 1)


def test_events_and_ranks_are_replayed_but_a_rank_is_not_owed() -> None:
    event = {"type": "per_event", "id": "r", "unit": "rank", "event": "review", "points": 5}
    story = past((1, Interaction(event="review")))
    found = tried(story, rules(earn=[event]))
    assert (found.before.units, found.after.units, found.change) == (0, 0, 0)
