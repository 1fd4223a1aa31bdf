"""Counts kept in memory until they are written down together: no write for each view of a page."""

from __future__ import annotations

from collections import Counter

from app.clock import MINUTE

# Zones differ from UTC by whole quarters of an hour, so a quarter lies within one local day.
QUARTER = 15 * MINUTE

LANDING_VIEWS, PUSHES_DELIVERED, PUSHES_FAILED = (
    "landing_views",
    "pushes_delivered",
    "pushes_failed",
)
Key = tuple[int, int, str]  # program, quarter of an hour, what is counted


class Tally:
    """What one process has counted since it was written down last; a crash loses seconds of it."""

    def __init__(self) -> None:
        self._counts: Counter[Key] = Counter()

    def add(self, program_id: int, name: str, *, now: int, by: int = 1) -> None:
        """Count something of a program."""
        self._counts[program_id, now // QUARTER * QUARTER, name] += by

    def take(self) -> Counter[Key]:
        """Hand over everything counted, and begin anew."""
        taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Counter[Key]) -> None:
        """Keep what could not be written, for another time."""
        self._counts.update(counts)
