"""Metrics that are kept agree, at every moment, with metrics counted afresh."""

from __future__ import annotations

from typing import Any

from app.loyalty import metrics, vectors
from app.loyalty.replay import World, world_of
from tests.loyalty.programs import VECTORS


def program(**window: str) -> Any:
    document = VECTORS["programs"]["plain"]
    metric = {"id": "e", "agg": "earned", "unit": "pts", "window": window}
    return vectors.read_program(document, {"metrics": [metric]})


def value(world: World) -> int:
    """Return the kept value, after comparing it with a fresh count."""
    book = world.book("m")
    metric = book.program.metrics[0]
    kept = metrics.current(book, metric).value
    book.account.metrics.clear()
    assert kept == metrics.current(book, metric).value
    return kept


def do(world: World, at: str, *, received_at: str, of: str | None = None) -> None:
    raw = {"do": "purchase", "id": at + received_at, "at": at, "amount_minor": 10_000}
    if of is not None:
        raw = {"do": "refund", "id": "r" + at, "at": at, "of": of, "amount_minor": 10_000}
    vectors.run_step(world, {**raw, "received_at": received_at})


def test_a_ticket_that_comes_after_its_window_is_never_taken_off_again() -> None:
    world = world_of(program(rolling="P2M"))
    do(world, "2026-06-30T00:00:00Z", received_at="2026-06-30T00:00:00Z")
    assert value(world) == 100
    do(world, "2026-06-07T00:00:00Z", received_at="2026-08-16T00:00:00Z")
    assert value(world) == 100
    vectors.run_step(world, {"do": "read", "at": "2026-09-02T00:00:00Z"})
    assert value(world) == 0


def test_a_ticket_ahead_of_its_time_counts_when_its_time_has_come() -> None:
    world = world_of(program(rolling="P1M"))
    do(world, "2026-01-05T00:00:00Z", received_at="2026-01-01T00:00:00Z")
    assert value(world) == 0
    do(world, "2026-01-02T00:00:00Z", received_at="2026-01-02T00:00:00Z")
    assert value(world) == 100
    vectors.run_step(world, {"do": "read", "at": "2026-01-05T00:00:00Z"})
    assert value(world) == 200
    vectors.run_step(world, {"do": "read", "at": "2026-02-02T00:00:00Z"})
    assert value(world) == 100
    vectors.run_step(world, {"do": "read", "at": "2026-02-05T00:00:00Z"})
    assert value(world) == 0


def test_windows_that_end_on_the_last_of_february_leave_in_the_order_of_their_ends() -> None:
    world = world_of(program(rolling="P1M"))
    # 28 January 23:00 leaves after 31 January 10:00: both end on 28 February.
    do(world, "2026-01-28T22:00:00Z", received_at="2026-01-28T22:00:00Z")
    do(world, "2026-01-31T09:00:00Z", received_at="2026-01-31T09:00:00Z")
    vectors.run_step(world, {"do": "read", "at": "2026-02-28T08:59:59Z"})
    assert value(world) == 200
    vectors.run_step(world, {"do": "read", "at": "2026-02-28T09:00:00Z"})
    assert value(world) == 100
    vectors.run_step(world, {"do": "read", "at": "2026-02-28T22:00:00Z"})
    assert value(world) == 0


def test_a_calendar_month_begins_at_local_midnight() -> None:
    world = world_of(program(calendar="month"))
    do(world, "2026-01-31T22:59:59Z", received_at="2026-01-31T22:59:59Z")
    assert value(world) == 100
    vectors.run_step(world, {"do": "read", "at": "2026-01-31T23:00:00Z"})
    assert value(world) == 0


def test_a_refund_of_a_ticket_that_has_left_changes_nothing() -> None:
    world = world_of(program(rolling="P1M"))
    do(world, "2026-01-01T00:00:00Z", received_at="2026-01-01T00:00:00Z")
    do(world, "2026-03-01T00:00:00Z", received_at="2026-03-01T00:00:00Z")
    of = "2026-01-01T00:00:00Z" * 2
    do(world, "2026-03-02T00:00:00Z", received_at="2026-03-02T00:00:00Z", of=of)
    assert value(world) == 100
