"""Programs whose last day is over: their passes are sent to expire, by a campaign."""

from __future__ import annotations

from functools import partial

from app.http.ports import Ports
from app.programs import ending


async def close_due(ports: Ports) -> int:
    """Close each program that is due, once; return how many."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: ending.due(tx, now))
    closed = 0
    for program_id in due:
        campaign_id = ports.ids.next(now)
        closed += await ports.database.write(
            partial(ending.close, program_id=program_id, campaign_id=campaign_id, now=now)
        )
    return closed
