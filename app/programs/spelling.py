"""Slips of the finger: is what was typed nearly the beginning of a name?"""

from __future__ import annotations

from functools import lru_cache

_FORGIVEN_FROM = 4  # shorter texts are near to everything
_TWO_FORGIVEN_FROM = 7
_KEPT_NAMES = 8_192


def is_near(typed: str, name: str) -> bool:
    """Say whether folded text differs from how a name, or a word of it, begins by a slip or two.

    A slip is a letter more, less, other, or two exchanged.
    """
    if len(typed) < _FORGIVEN_FROM:
        return False
    forgiven = 1 if len(typed) < _TWO_FORGIVEN_FROM else 2
    pairs = _pairs(typed)
    # A slip spoils at most three pairs of letters: most names are ruled out by that alone.
    if len(pairs & _pairs(name)) < len(pairs) - 3 * forgiven or not pairs & _pairs(name):
        return False
    return any(_distance(typed, begin) <= forgiven for begin in _beginnings(name))


def _beginnings(name: str) -> list[str]:
    return [name[at:] for at in range(len(name)) if at == 0 or name[at - 1] == " "]


@lru_cache(_KEPT_NAMES)
def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _distance(typed: str, name: str) -> int:
    """Count the slips from what was typed to the nearest beginning of the name.

    Optimal string alignment; the best of the last row, so that the name may go on.
    """
    name = name[: len(typed) + 2]
    before: list[int] = []
    row = list(range(len(name) + 1))
    for at, letter in enumerate(typed, 1):
        former, row = row, [at]
        for to, other in enumerate(name, 1):
            cost = min(former[to] + 1, row[-1] + 1, former[to - 1] + (letter != other))
            is_exchange = at > 1 and to > 1 and letter == name[to - 2] and typed[at - 2] == other
            row.append(min(cost, before[to - 2] + 1) if is_exchange else cost)
        before = former
    return min(row)
