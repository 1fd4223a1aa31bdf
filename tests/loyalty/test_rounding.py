"""Division with a named rounding."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty.rounding import rdiv


@pytest.mark.parametrize(
    ("n", "d", "expected"),
    [  # floor, ceil, half_up, half_even
        (5, 2, (2, 3, 3, 2)),
        (7, 2, (3, 4, 4, 4)),
        (-5, 2, (-3, -2, -2, -2)),
        (-7, 2, (-4, -3, -3, -4)),
        (4, 2, (2, 2, 2, 2)),
        (0, 7, (0, 0, 0, 0)),
        (1, 3, (0, 1, 0, 0)),
        (2, 3, (0, 1, 1, 1)),
        (999, 1000, (0, 1, 1, 1)),
    ],
)
def test_each_rounding_is_right_at_its_boundary(n: int, d: int, expected: tuple[int, ...]) -> None:
    assert (rdiv(n, d), rdiv(n, d, "ceil"), rdiv(n, d, "half_up"), rdiv(n, d, "half_even")) == (
        expected
    )


@given(st.integers(-(2**60), 2**60), st.integers(1, 2**53))
def test_roundings_are_those_of_exact_fractions(n: int, d: int) -> None:
    exact = Fraction(n, d)
    assert rdiv(n, d) == floor(exact)
    assert rdiv(n, d, "ceil") == ceil(exact)
    assert rdiv(n, d, "half_up") == floor(exact + Fraction(1, 2))
    assert rdiv(n, d, "half_even") == round(exact)
