"""All SQL of what is counted by day: views of a join page, what pushes came to."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"figure_day": "sums by day, of nobody in particular"}


class DayCount(msgspec.Struct, frozen=True):
    """A sum of one day (YYYY-MM-DD in the program's zone)."""

    day: str
    name: str
    value: int


def add(tx: Transaction, program_id: int, day: str, name: str, *, by: int) -> None:
    """Add to a day's sum."""
    tx.run(
        "INSERT INTO figure_day (program_id, day, name, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (program_id, day, name) DO UPDATE SET value = figure_day.value + ?",
        *(program_id, day, name, by, by),
    )


def between(tx: Transaction, program_id: int, first: str, last: str) -> list[DayCount]:
    """List a program's sums from one day to another, both included."""
    return tx.all(
        DayCount,
        "SELECT day, name, value FROM figure_day WHERE program_id = ? AND day >= ? AND day <= ?"
        " ORDER BY day, name",
        *(program_id, first, last),
    )
