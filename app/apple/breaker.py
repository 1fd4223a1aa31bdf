"""When to connect again, and when not to try at all for a while."""

from __future__ import annotations

from collections.abc import Callable

from app.apple.push import PushAnswer
from app.clock import Clock

FAILURES_MAX = 3  # attempts in a row that came to nothing; then it opens
BACKOFF_SECONDS = 1
BACKOFF_SECONDS_MAX = 60


class Breaker:
    """Open: every push is answered at once, nothing is sent. The first push after that tries."""

    def __init__(self, clock: Clock, chance: Callable[[], float]) -> None:
        """Take a clock and what draws from 0 to 1."""
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._next_at = 0.0  # monotonic seconds: no connection before
        self._open_until = 0.0
        self._says = PushAnswer(0)

    def answer(self) -> PushAnswer | None:
        """Return what pushes hear while it is open; None when they may go."""
        return self._says if self._clock.monotonic() < self._open_until else None

    def wait_seconds(self) -> float:
        """Return how long to wait before the next connection."""
        return max(0.0, self._next_at - self._clock.monotonic())

    def succeeded(self) -> None:
        """Note that the other side works."""
        self._failures = 0

    def failed(self, reason: str) -> None:
        """Note a connection that came to nothing."""
        self._failures += 1
        delay = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS << min(self._failures - 1, 16))
        self._next_at = self._clock.monotonic() + delay * (1 + self._chance()) / 2
        if self._failures >= FAILURES_MAX:
            self._open_until, self._says = self._next_at, PushAnswer(0, reason)

    def open(self, answer: PushAnswer, *, seconds: float = BACKOFF_SECONDS_MAX) -> None:
        """Open at once: trying again soon would only be refused again, or make it worse."""
        self._open_until = self._next_at = self._clock.monotonic() + seconds
        self._says = answer
