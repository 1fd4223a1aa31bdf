"""The pure functions of the specification, on its own vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty import figures

_GIVEN = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text())
_COMPUTED = [
    vector for rule in _GIVEN["rules"] for vector in rule["vectors"] if "compute" in vector
]


@pytest.mark.parametrize("vector", _COMPUTED, ids=lambda vector: vector["id"])
def test_every_given_computation_comes_out(vector: dict[str, Any]) -> None:
    assert getattr(figures, vector["compute"])(**vector["args"]) == vector["expect"]


def test_a_rate_rounds_half_up_and_is_none_without_anybody() -> None:
    assert figures.retention_rate(1, 800) == "0.13"
    assert figures.retention_rate(1, 3) == "33.33"
    assert figures.retention_rate(5, 5) == "100.00"
    assert figures.retention_rate(0, 0) is None


def test_a_target_is_exact_and_has_no_trailing_zeros() -> None:
    assert figures.frequency_target("0", 10) == "0"
    assert figures.frequency_target("0.00", 10) == "0"
    assert figures.frequency_target("2.5", 7) == "2.675"
    assert figures.frequency_target("100", 0) == "100"
    assert figures.frequency_target("1e3", 10) == "1100"


@pytest.mark.parametrize("text", ["three", "", "NaN", "Infinity"])
def test_a_target_of_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        figures.frequency_target(text, 10)


def test_a_promotion_exactly_as_old_as_the_window_has_left() -> None:
    days = ["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z", "2026-01-03T10:00:00Z"]
    pushes = [{"at": at, "kind": "promo"} for at in [*days, "2026-01-08T10:00:00Z"]]
    assert figures.push_cap(3, 7, pushes) == [True, True, True, True]


def test_a_promotion_that_was_held_back_does_not_count() -> None:
    hours = [f"2026-01-01T{hour:02d}:00:00Z" for hour in range(6)]
    pushes = [{"at": at, "kind": "promo"} for at in [*hours, "2026-01-02T01:30:00Z"]]
    assert figures.push_cap(2, 1, pushes) == [True, True, False, False, False, False, True]


@given(st.lists(st.tuples(st.integers(0, 20 * 24), st.sampled_from(["promo", "balance", "tier"]))))
def test_no_window_ever_holds_more_promotions_than_the_cap(steps: list[tuple[int, str]]) -> None:
    pushes, hour = [], 0
    for wait, kind in steps:
        hour += wait % 30
        pushes.append(
            {"at": f"2026-01-{1 + hour // 24 % 28:02d}T{hour % 24:02d}:00:00Z", "kind": kind}
        )
    pushes.sort(key=lambda push: push["at"])
    passes = figures.push_cap(3, 7, pushes)
    sent = [
        int(push["at"][8:10]) * 24 + int(push["at"][11:13])
        for push, passed in zip(pushes, passes, strict=True)
        if passed and push["kind"] == "promo"
    ]
    assert all(sum(at - 7 * 24 < each <= at for each in sent) <= 3 for at in sent)
    assert all(
        passed for push, passed in zip(pushes, passes, strict=True) if push["kind"] != "promo"
    )
