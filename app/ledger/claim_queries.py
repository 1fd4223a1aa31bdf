"""SQL of what a program's cards share: a reward's stock and winning instants, claimed by event."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "stock": "counts of a program",
    "stock_claim": "hashes of event ids and an id of ours",
    "instant_claim": "hashes of event ids and an id of ours",
}


class OpenClaim(msgspec.Struct, frozen=True):
    """A claim that nobody confirmed yet. `kind`: stock or instant; `of`: its rule or campaign."""

    kind: str
    program_id: int
    of: str
    event_key: bytes


def lock_stock(tx: Transaction, program_id: int, rule: str) -> int:
    """Lock a reward's stock and return how many were claimed."""
    tx.run(
        "INSERT INTO stock (program_id, rule, taken) VALUES (?, ?, 0)"
        " ON CONFLICT (program_id, rule) DO NOTHING",
        *(program_id, rule),
    )
    sql = "SELECT taken FROM stock WHERE program_id = ? AND rule = ?"
    found = tx.value(sql + tx.for_update, program_id, rule)
    assert isinstance(found, int)
    return found


def set_stock(tx: Transaction, program_id: int, rule: str, taken: int) -> None:
    """Write how many of a reward were claimed."""
    tx.run("UPDATE stock SET taken = ? WHERE program_id = ? AND rule = ?", taken, program_id, rule)


def has_stock_claim(tx: Transaction, program_id: int, rule: str, event_key: bytes) -> bool:
    """Say whether an event has claimed one."""
    return (
        tx.value(
            "SELECT card_id FROM stock_claim WHERE program_id = ? AND rule = ? AND event_key = ?",
            *(program_id, rule, event_key),
        )
        is not None
    )


def insert_stock_claim(
    tx: Transaction,
    program_id: int,
    rule: str,
    event_key: bytes,
    *,
    card_id: int,
    now: int,
    deadline: int,
) -> None:
    """Claim one for an event."""
    tx.run(
        "INSERT INTO stock_claim (program_id, rule, event_key, card_id, claimed_at, deadline)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *(program_id, rule, event_key, card_id, now, deadline),
    )


def confirm_stock(tx: Transaction, program_id: int, rule: str, event_key: bytes) -> None:
    """Keep a claim for good: its event was posted."""
    tx.run(
        "UPDATE stock_claim SET deadline = NULL"
        " WHERE program_id = ? AND rule = ? AND event_key = ?",
        *(program_id, rule, event_key),
    )


def drop_stock(tx: Transaction, program_id: int, rule: str, event_key: bytes) -> bool:
    """Give an unconfirmed claim back; False where there is none."""
    return (
        tx.run(
            "DELETE FROM stock_claim WHERE program_id = ? AND rule = ? AND event_key = ?"
            " AND deadline IS NOT NULL",
            *(program_id, rule, event_key),
        )
        == 1
    )


def hold(tx: Transaction, claimed: OpenClaim) -> bool:
    """Lock a claim until the unit of work ends; False when it was given back.

    Whoever gives it back locks it too and looks for the event after that, so one of both waits.
    """
    if claimed.kind == "stock":
        sql = "SELECT card_id FROM stock_claim WHERE program_id = ? AND rule = ? AND event_key = ?"
    else:
        sql = (
            "SELECT card_id FROM instant_claim"
            " WHERE program_id = ? AND campaign = ? AND event_key = ?"
        )
    key = (claimed.program_id, claimed.of, claimed.event_key)
    return tx.value(sql + tx.for_update, *key) is not None


def instants_taken(tx: Transaction, program_id: int, campaign: str) -> dict[str, bytes]:
    """Return which instants of a campaign were claimed, each by which event."""
    return dict(
        tx.all(
            lambda instant, event_key: (str(instant), bytes(event_key)),
            "SELECT instant, event_key FROM instant_claim WHERE program_id = ? AND campaign = ?",
            *(program_id, campaign),
        )
    )


def take_instant(
    tx: Transaction,
    program_id: int,
    campaign: str,
    instant: str,
    *,
    event_key: bytes,
    card_id: int,
    now: int,
    deadline: int,
) -> bool:
    """Claim an instant for an event; False when another has it."""
    return (
        tx.run(
            "INSERT INTO instant_claim (program_id, campaign, instant, event_key, card_id,"
            " claimed_at, deadline) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (program_id, campaign, instant) DO NOTHING",
            *(program_id, campaign, instant, event_key, card_id, now, deadline),
        )
        == 1
    )


def confirm_instant(tx: Transaction, program_id: int, campaign: str, event_key: bytes) -> None:
    """Keep a claimed instant for good: its play was posted."""
    tx.run(
        "UPDATE instant_claim SET deadline = NULL"
        " WHERE program_id = ? AND campaign = ? AND event_key = ?",
        *(program_id, campaign, event_key),
    )


def drop_instant(tx: Transaction, program_id: int, campaign: str, event_key: bytes) -> None:
    """Give an unconfirmed instant back."""
    tx.run(
        "DELETE FROM instant_claim WHERE program_id = ? AND campaign = ? AND event_key = ?"
        " AND deadline IS NOT NULL",
        *(program_id, campaign, event_key),
    )


def lapsed(tx: Transaction, now: int, limit: int) -> list[OpenClaim]:
    """List claims that nobody resolved in time. # across: what the sweeper resolves"""
    return tx.all(
        OpenClaim,
        "SELECT 'stock', program_id, rule, event_key FROM stock_claim WHERE deadline <= ?"
        " UNION ALL SELECT 'instant', program_id, campaign, event_key FROM instant_claim"
        " WHERE deadline <= ? LIMIT ?",
        *(now, now, limit),
    )
