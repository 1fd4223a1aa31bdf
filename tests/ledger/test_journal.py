"""What the journal keeps of a step is the step, whatever it is, but for what is personal."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.ledger.journal import (
    NO_CLAIMS,
    merged,
    read_body,
    read_results,
    write_body,
    write_results,
)
from app.loyalty.events import (
    Adjust,
    AnyEvent,
    Attributes,
    Capture,
    Claims,
    Enrol,
    Give,
    Interaction,
    NewLine,
    Opening,
    OpeningLot,
    Purchase,
    Refund,
    Step,
    Tender,
)

WORDS = some.sampled_from(["A", "shop", "é", '"\\', "store", "FR"])
LINES = some.builds(
    NewLine,
    unit_minor=some.integers(0, 2**53 - 1),
    qty=some.integers(1, 3),
    sku=some.none() | WORDS,
    tags=some.lists(WORDS, max_size=2).map(tuple),
)
TICKETS = some.builds(
    Purchase,
    amount_minor=some.none() | some.integers(0, 2**53 - 1),
    lines=some.none() | some.lists(LINES, max_size=3).map(tuple),
    channel=some.sampled_from(["store", "web"]),
    country=some.sampled_from(["FR", "LU"]),
    tenders=some.lists(some.builds(Tender, type=WORDS, minor=some.integers(0, 9)), max_size=2).map(
        tuple
    ),
)
OTHERS: list[AnyEvent] = [
    Refund(of="t", lines=((0, 1),)),
    Interaction(event="review", values={"stars": 5}),
    Capture(of="h", units=3),
    Enrol(referred_by="7"),
    Opening(lots=(OpeningLot(unit="pts", units=5, expires_at="2027-01-01T00:00:00Z"),)),
    Give(grant={"type": "units", "unit": "pts", "points": 5}, source="r", kind="referral"),
]


@given(events=some.lists(TICKETS | some.sampled_from(OTHERS), max_size=3), shop=some.none() | WORDS)
def test_steps_are_read_as_they_were_written(events: list[AnyEvent], shop: str | None) -> None:
    steps = tuple(Step(f"é{number}", -5, event, shop) for number, event in enumerate(events))
    for claims in (NO_CLAIMS, Claims(instant="2026-01-01T00:00:00Z")):
        if not steps and claims != NO_CLAIMS:
            continue
        read = read_body(write_body(3, steps, claims))
        assert (read.version, read.steps, read.claims) == (3, steps, claims)


def test_a_ticket_takes_few_bytes() -> None:
    lines = (NewLine(unit_minor=2995), NewLine(unit_minor=450, qty=2))
    text = write_body(1, (Step("T1", 1790000000000000, Purchase(lines=lines), "shop"),), NO_CLAIMS)
    assert text == '[1,[["T1",1790000000000000,"shop",[[[2995],[450,2]]]]]]'


@pytest.mark.parametrize(
    "event",
    [
        Adjust(unit="pts", units=5, reason="for Ana"),
        Enrol(referred_by="7", attrs=Attributes(birthday="05-31")),
    ],
)
def test_what_is_personal_is_left_out(event: AnyEvent) -> None:
    text = write_body(1, (Step("x", 1, event),), NO_CLAIMS)
    assert "Ana" not in text and "05-31" not in text
    kept = msgspec.to_builtins(read_body(text).steps[0].event)
    told = msgspec.to_builtins(event)
    assert {key for key in told if told[key] != kept.get(key)} <= {"reason", "attrs"}


@pytest.mark.parametrize(
    "results",
    [
        {"earned": 5, "earned_units": {"pts": 5, "stars": 0}, "enrolled": True},
        {"earned": 0, "enrolled": False},
        {"reversed": 3, "reversed_units": {"pts": 3}},
        {"discount_minor": 5, "alloc": [["t1", 5]], "settlement": {"a>b": 5}},
        {"won": None},
        {},
    ],
)
def test_results_are_read_as_they_were_written(results: dict[str, object]) -> None:
    read = read_results(write_results(3, 4, (results, {})))
    assert (read.first, read.last, read.steps) == (3, 4, [results, {}])


def test_discounts_of_several_steps_add_up() -> None:
    steps = [{"discount_minor": 5, "alloc": [["a", 1]]}, {"discount_minor": 7, "alloc": [["b", 2]]}]
    assert merged(steps) == {"discount_minor": 12, "alloc": [["a", 1], ["b", 2]]}
