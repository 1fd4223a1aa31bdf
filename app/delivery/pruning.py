"""Deletes what is kept for a while only, some rows at a time, so that nobody waits for it."""

from __future__ import annotations

from app.apple import queries as apple_queries
from app.cards import sharing as cards
from app.checkout import till_controller
from app.clock import DAY, HOUR
from app.delivery import webhook_pruning
from app.google import queries as google_queries
from app.http import queries as http_queries
from app.http.idempotency import KEPT_FOR
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.users import service as users

ROWS_AT_ONCE = 500
LOG_KEPT = 30 * DAY
EVENTS_KEPT = 30 * DAY
EXPIRED_KEPT = HOUR  # who types a code too late is told so, not that it is wrong


async def prune(ports: Ports) -> int:
    """Delete a bounded share of what is too old; return how many rows went."""
    now, limit = ports.clock.wall(), ROWS_AT_ONCE
    write = ports.database.write
    gone = await write(lambda tx: http_queries.prune_answers(tx, now - KEPT_FOR, limit=limit))
    gone += await write(lambda tx: apple_queries.prune_log(tx, now - LOG_KEPT, limit=limit))
    gone += await write(lambda tx: cards.prune(tx, now=now - EXPIRED_KEPT, limit=limit))
    gone += await till_controller.prune(ports, limit=limit)
    gone += await write(lambda tx: users.prune(tx, now=now - EXPIRED_KEPT, limit=limit))
    nonces = await ports.database.read_point(lambda tx: google_queries.old_nonces(tx, now, limit))
    await write(lambda tx: google_queries.delete_nonces(tx, nonces))
    # Found in a reading thread, because no index of events by age is kept for this alone.
    old = await ports.database.read(
        lambda tx: outbox_queries.old_events(tx, now - EVENTS_KEPT, limit)
    )
    await write(lambda tx: outbox_queries.delete_events(tx, old))
    gone += await webhook_pruning.prune(ports, before=now - EVENTS_KEPT, limit=limit)
    # A callback that has expired is refused for that; its nonce need not be remembered longer.
    heard = await ports.database.read(lambda tx: google_queries.old_nonces(tx, now, limit))
    await write(lambda tx: google_queries.delete_nonces(tx, heard))
    return gone + len(old) + len(nonces) + len(heard)
