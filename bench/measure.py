"""Measures alternatives interleaved in one run: ratios hold where absolute figures do not.

Import this first in a bench. A script's own folder heads Python's search path, where
`bench/passes.py` would stand before the package `passes`: the project's folder takes its place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

ROUNDS = 3
_HERE = Path(__file__).parent
_CELL = 14
_NAME = 46

if sys.path[0] == str(_HERE):
    sys.path[0] = str(_HERE.parent)


def cpu_seconds(fn: Callable[[], object], n: int) -> float:
    """Return the CPU seconds of one call, all threads of this process, over n calls."""
    begun = process_time()
    for _ in range(n):
        fn()
    return (process_time() - begun) / n


def wall_seconds(fn: Callable[[], object], n: int) -> float:
    """Return the seconds of one call by the clock on the wall, over n calls."""
    begun = perf_counter()
    for _ in range(n):
        fn()
    return (perf_counter() - begun) / n


def interleave(rounds: int = ROUNDS, **fns: Callable[[], float]) -> dict[str, float]:
    """Run every measurement once a round, in turn; return each one's median by name."""
    found: dict[str, list[float]] = {name: [] for name in fns}
    for _ in range(rounds):
        for name, fn in fns.items():
            found[name].append(fn())
    return {name: median(figures) for name, figures in found.items()}


def ratios(
    one: Callable[[], float], other: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Return the medians of both and of one ÷ other, each ratio taken within its round."""
    pairs = [(one(), other()) for _ in range(rounds)]
    quotients = [first / second for first, second in pairs]
    return median(first for first, _ in pairs), median(last for _, last in pairs), median(quotients)


def percentile(figures: list[float], percent: float) -> float:
    """Return the figure that this share of all does not exceed; 0 of none."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def row(name: str, *cells: object) -> None:
    """Print a line of a table: numbers with the digits that mean something, texts as they are."""
    print(name.ljust(_NAME), *(_written(cell).rjust(_CELL) for cell in cells), flush=True)


def verdict(figure: float, *, bar: float, goal: float, is_low_good: bool = True) -> str:
    """Say in a word whether a figure reaches the bar of the issue, or the goal beyond it."""
    sign = 1 if is_low_good else -1
    if sign * figure <= sign * goal:
        return "goal"
    return "bar" if sign * figure <= sign * bar else "MISSED"


def _written(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 1_000 else f"{cell:.3g}"
