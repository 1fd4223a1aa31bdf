"""Answers that took long are kept for a little while; what is answered at once is always fresh."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

LONG_SECONDS = 1.0  # what takes longer is kept
FACTOR = 20  # for so many times as long as it took
KEPT_MAX = 200


class Keeper:
    """One process's answers, by what was asked."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()

    def find(self, asked: tuple[Any, ...], *, now: float) -> Any | None:
        """Return the answer that is still kept, None without one. `now`: steady seconds."""
        until, answer = self._kept.get(asked, (0.0, None))
        return answer if now < until else None

    def keep(self, asked: tuple[Any, ...], answer: Any, *, began: float, now: float) -> None:
        """Keep an answer that took long, in steady seconds."""
        took = now - began
        if took < LONG_SECONDS:
            return
        self._kept[asked] = (now + FACTOR * took, answer)
        self._kept.move_to_end(asked)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
