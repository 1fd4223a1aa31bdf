"""The bucket's arithmetic: never more than 20 calls in a second, halved, recovered, honoured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.clock import DAY, HOUR, MINUTE, SECOND
from app.google.pace import (
    INTERVAL,
    INTERVAL_MAX,
    LATE_MAX,
    RECOVERY,
    RETRY_AFTER_MAX,
    Pace,
    slower,
    take,
)

NOW = 1_790_000_000 * SECOND
AHEAD = 3 * SECOND // 10


def most_in_a_second(moments: list[int]) -> int:
    """Count the calls of the fullest second, both of its ends counted."""
    moments = sorted(moments)
    return max(
        (sum(first <= at <= first + SECOND for at in moments) for first in moments), default=0
    )


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "refused"]),
        st.integers(0, 200_000),  # how long after the step before
        st.integers(0, LATE_MAX),  # how late the call goes out
    ),
    max_size=150,
)


@given(_STEPS, st.integers(0, SECOND))
def test_no_second_holds_more_than_20_calls_whoever_asks_when(
    steps: list[tuple[str, int, int]], ahead: int
) -> None:
    pace, now, calls = Pace(), NOW, []
    for what, later, late in steps:
        now += later
        if what == "refused":
            pace = slower(pace, now=now, sent_at=now - 50_000)
            continue
        pace, slot = take(pace, now=now, ahead=ahead)
        if slot is not None:
            assert now <= slot <= now + ahead
            calls.append(slot + late)
    assert most_in_a_second(calls) <= 20


def test_a_backlog_is_worked_off_at_19_a_second() -> None:
    pace, slots = Pace(), []
    while True:
        pace, slot = take(pace, now=NOW, ahead=10 * SECOND)
        if slot is None:
            break
        slots.append(slot)
    assert 192 <= len(slots) <= 194
    assert most_in_a_second(slots) == 20


def test_a_slot_too_far_ahead_is_not_reserved() -> None:
    pace = Pace(next_at=NOW + AHEAD + 1)
    assert take(pace, now=NOW, ahead=AHEAD) == (pace, None)
    assert take(pace, now=NOW + 1, ahead=AHEAD)[1] == NOW + AHEAD + 1


def test_a_refusal_halves_down_to_one_a_second() -> None:
    pace, now, seen = Pace(), NOW, []
    for _ in range(7):
        pace = slower(pace, now=now, sent_at=now - 10)
        seen.append(pace.interval)
        now += SECOND
    assert seen == [2 * INTERVAL, 4 * INTERVAL, 8 * INTERVAL, 16 * INTERVAL] + [INTERVAL_MAX] * 3


def test_refusals_of_one_burst_count_once() -> None:
    pace = Pace()
    for n in range(20):  # all sent before the first answer came
        pace = slower(pace, now=NOW + n * 10_000, sent_at=NOW - 100_000 + n)
    assert pace.interval == 2 * INTERVAL
    assert slower(pace, now=NOW + SECOND, sent_at=NOW + 200_000).interval == 4 * INTERVAL


def test_one_call_a_second_is_given_back_every_30_seconds() -> None:
    pace = Pace(interval=INTERVAL_MAX, changed_at=NOW)
    rates = []
    for n in range(21):
        found, _ = take(pace, now=NOW + n * RECOVERY, ahead=AHEAD)
        rates.append(SECOND / found.interval)
    assert [round(rate, 1) for rate in rates[:19]] == [float(n + 1) for n in range(19)]
    assert rates[19] == rates[20] == SECOND / INTERVAL
    step_by_step = pace
    for n in range(1, 12):
        step_by_step, _ = take(step_by_step, now=NOW + n * RECOVERY - 1, ahead=AHEAD)
        step_by_step, _ = take(step_by_step, now=NOW + n * RECOVERY + 1, ahead=AHEAD)
    assert abs(SECOND / step_by_step.interval - 12) < 0.01


def test_retry_after_is_honoured_up_to_ten_minutes() -> None:
    pace = slower(Pace(), now=NOW, sent_at=NOW - 1, retry_after=7 * SECOND)
    assert pace.next_at == NOW + 7 * SECOND
    for n in range(3):  # a second answer of the burst with another figure
        pace = slower(pace, now=NOW + n, sent_at=NOW - 1, retry_after=20 * SECOND)
    assert (pace.next_at, pace.interval) == (NOW + 20 * SECOND + 2, 2 * INTERVAL)
    assert slower(Pace(), now=NOW, sent_at=NOW - 1, retry_after=HOUR).next_at == (
        NOW + RETRY_AFTER_MAX
    )
    assert slower(Pace(), now=NOW, sent_at=NOW - 1, retry_after=-5).next_at == NOW + 2 * INTERVAL


def test_a_clock_set_back_stops_nobody_for_long() -> None:
    pace = slower(Pace(), now=NOW, sent_at=NOW - 1)
    for jump in (HOUR, DAY):
        found, slot = take(pace, now=NOW - jump, ahead=AHEAD)
        assert slot is not None
        assert slot <= NOW - jump + pace.interval
        assert found.changed_at == NOW - jump
    found, slot = take(pace, now=NOW - MINUTE, ahead=AHEAD)
    assert slot is None  # as after a Retry-After: it may be one
