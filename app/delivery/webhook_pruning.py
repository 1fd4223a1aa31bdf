"""Deletes webhook deliveries, their bodies and tries after 30 days, and endpoints long deleted."""

from __future__ import annotations

from app.delivery import webhook_queries as queries
from app.http.ports import Ports
from app.partners import webhook_queries
from app.storage.database import Transaction


async def prune(ports: Ports, *, before: int, limit: int) -> int:
    """Delete a bounded share of what was made before a moment; return how many deliveries."""
    # Found in a reading thread, because no index by age alone is kept for this.
    rows = await ports.database.read(lambda tx: queries.old(tx, before, limit))
    ended = await ports.database.read(lambda tx: webhook_queries.deleted_before(tx, before, limit))

    def work(tx: Transaction) -> None:
        queries.delete_attempts(tx, rows)
        queries.delete_deliveries(tx, rows)
        queries.delete_bodies(tx, rows)
        queries.delete_public(tx, rows)
        for merchant_id, webhook_id in ended:
            webhook_queries.purge(tx, merchant_id, webhook_id)

    if rows or ended:
        await ports.database.write(work)
    return len(rows)
