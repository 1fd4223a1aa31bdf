"""Divide integers with a named rounding; there is no float in rules."""

from __future__ import annotations

from typing import Literal

Rounding = Literal["floor", "ceil", "half_up", "half_even"]


def rdiv(n: int, d: int, mode: Rounding = "floor") -> int:
    """Divide by a positive number. `half_up` rounds halves towards plus infinity (§3)."""
    assert d > 0, "every divisor of a program is positive"
    quotient, rest = divmod(n, d)  # towards minus infinity, so the rest is never negative
    if rest == 0 or mode == "floor":
        return quotient
    if mode == "ceil" or 2 * rest > d:
        return quotient + 1
    if 2 * rest < d:
        return quotient
    return quotient + (1 if mode == "half_up" else quotient % 2)
