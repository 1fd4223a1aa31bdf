"""Writes down by day what a process has counted of its programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial

from app.errors import AppError
from app.http.ports import Ports
from app.loyalty import calendar
from app.outbox import count_queries
from app.programs import service
from app.programs.ending import zone_of
from app.storage.database import Transaction


async def write_down(ports: Ports) -> int:
    """Add what was counted to the days' sums, a unit of work a program; return how many programs.

    What the database does not take is kept for the next time.
    """
    counted: defaultdict[int, Counter[tuple[int, int, str]]] = defaultdict(Counter)
    for key, value in ports.tally.take().items():
        counted[key[0]][key] += value
    written = 0
    for program_id in sorted(counted):
        counts = counted[program_id]
        try:
            await ports.database.write(partial(_add, program_id=program_id, counts=counts))
            written += 1
        except AppError:  # the database is away: it comes back
            ports.tally.put_back(counts)
    return written


def _add(tx: Transaction, *, program_id: int, counts: Counter[tuple[int, int, str]]) -> None:
    program = service.program_by_id(tx, program_id)
    if program is None:
        return
    tz = zone_of(program.document)
    days: Counter[tuple[str, str]] = Counter()
    for (_, at, name), value in counts.items():
        days[calendar.local_date(at, tz).isoformat(), name] += value
    for day, name in sorted(days):
        count_queries.add(tx, program_id, day, name, by=days[day, name])
