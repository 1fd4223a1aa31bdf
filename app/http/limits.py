"""Rate limits in memory: how often a key (an address, a user, a merchant's key) may do a thing."""

from __future__ import annotations

from collections import OrderedDict, deque

from app.clock import HOUR, SECOND
from app.errors import TooManyRequests

KEYS_MAX = 50_000  # about 20 MB when all are busy; the one longest unseen makes room
HITS_MAX = 10_000  # no limit of ours is higher
EVERYBODY = ""  # the key of a ceiling for all callers together


class Limiter:
    """A moving window per (name, key); exact, and moved by the clock that the caller hands in.

    Each process counts for itself: several on PostgreSQL allow that many times as much.
    """

    def __init__(self) -> None:
        self._hits: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def check(
        self, name: str, key: str, *, per_hour: int, now: int, window: int = HOUR, hit: bool = True
    ) -> None:
        """Count one more, or refuse. `per_hour` is the limit per `window` (microseconds).

        With `hit=False` nothing is counted: the caller counts failures only, by `count`.
        Raises: TooManyRequests with the seconds until there is room again.
        """
        hits = self._recent(name, key, since=now - window)
        if len(hits) >= per_hour:
            raise _refusal(per_hour, hits[-per_hour] + window - now)
        if hit:
            hits.append(now)

    def count(self, name: str, key: str, *, now: int, window: int = HOUR) -> None:
        """Count one without refusing."""
        self._recent(name, key, since=now - window).append(now)

    def _recent(self, name: str, key: str, *, since: int) -> deque[int]:
        hits = self._hits.setdefault((name, key), deque(maxlen=HITS_MAX))
        self._hits.move_to_end((name, key))
        while hits and hits[0] <= since:
            hits.popleft()
        if len(self._hits) > KEYS_MAX:
            self._hits.popitem(last=False)
        return hits


def _refusal(limit: int, left: int) -> TooManyRequests:
    seconds = max(1, -(-left // SECOND))  # rounded up: asked again then, it is allowed
    refusal = TooManyRequests(seconds)
    refusal.headers |= {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(seconds),
    }
    return refusal
