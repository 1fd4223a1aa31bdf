"""All SQL of the pace at which service accounts are used, and of issuers that must wait."""

from __future__ import annotations

from app.google.pace import Pace
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"google_pace": "how fast a service account may be used"}


def lock_pace(tx: Transaction, account: str) -> Pace | None:
    """Read the bucket of a service account and hold its row for this unit of work."""
    sql = "SELECT next_at, interval_us, changed_at FROM google_pace WHERE account = ?"
    return tx.one(_pace, sql + tx.for_update, account)


def insert_pace(tx: Transaction, account: str, pace: Pace) -> None:
    """Begin a bucket; an existing one stays as it is."""
    tx.run(
        "INSERT INTO google_pace (account, next_at, interval_us, changed_at, stopped)"
        " VALUES (?, ?, ?, ?, NULL) ON CONFLICT (account) DO NOTHING",
        *(account, pace.next_at, pace.interval, pace.changed_at),
    )


def set_pace(tx: Transaction, account: str, pace: Pace) -> None:
    """Note when the next call may go."""
    tx.run(
        "UPDATE google_pace SET next_at = ?, interval_us = ?, changed_at = ? WHERE account = ?",
        *(pace.next_at, pace.interval, pace.changed_at, account),
    )


def stopped(tx: Transaction, account: str) -> str | None:
    """Say why nothing may be sent, None while it may."""
    found = tx.value("SELECT stopped FROM google_pace WHERE account = ?", account)
    return found if isinstance(found, str) else None


def set_stopped(tx: Transaction, account: str, sentence: str | None, now: int) -> None:
    """Stop, or go on (None)."""
    tx.run(
        "INSERT INTO google_pace (account, next_at, interval_us, changed_at, stopped)"
        " VALUES (?, 0, 0, ?, ?) ON CONFLICT (account) DO UPDATE SET stopped = excluded.stopped",
        *(account, now, sentence),
    )


def _pace(next_at: int, interval: int, changed_at: int) -> Pace:
    return Pace(next_at=next_at, interval=interval, changed_at=changed_at)
