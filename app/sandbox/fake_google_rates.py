"""Google's limits as the fake keeps them: calls in any second, pushes of a pass in 24 hours."""

from __future__ import annotations

from collections import defaultdict, deque

from app.clock import DAY, SECOND, Clock

CALLS_PER_SECOND = 20
PUSHES_PER_DAY = 3  # of field updates; and apart as many of messages


class Rates:
    """Counts the calls of each account within a second that slides."""

    def __init__(self, clock: Clock, limit: int = CALLS_PER_SECOND) -> None:
        self._clock = clock
        self.limit = limit
        self.busiest_second = 0  # the most calls of an account in any second, refused ones too
        self._admitted: defaultdict[str, deque[int]] = defaultdict(deque)
        self._tried: defaultdict[str, deque[int]] = defaultdict(deque)

    def admit(self, account: str) -> bool:
        """Count a call and tell whether it is within the limit."""
        now = self._clock.wall()
        tried = _recent(self._tried[account], now)
        tried.append(now)
        self.busiest_second = max(self.busiest_second, len(tried))
        admitted = _recent(self._admitted[account], now)
        if len(admitted) >= self.limit:
            return False
        admitted.append(now)
        return True


class Budgets:
    """Counts what made phones speak: by class or object, and by kind."""

    def __init__(self, clock: Clock, limit: int = PUSHES_PER_DAY) -> None:
        self._clock = clock
        self.limit = limit
        self._spent: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)

    def spend(self, resource_id: str, kind: str) -> bool:
        """Spend one push; False when none is left."""
        now = self._clock.wall()
        spent = _recent(self._spent[resource_id, kind], now, DAY)
        if len(spent) >= self.limit:
            return False
        spent.append(now)
        return True


def _recent(times: deque[int], now: int, width: int = SECOND) -> deque[int]:
    """Forget what lies a whole width back."""
    while times and times[0] <= now - width:
        times.popleft()
    return times
