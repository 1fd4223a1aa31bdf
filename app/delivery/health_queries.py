"""All SQL of a merchant's health page: what waits, what failed, what went well last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Waiting(msgspec.Struct, frozen=True):
    """How much waits in a queue, and how often the worst of it was tried."""

    count: int
    tries: int


class Feeds(msgspec.Struct, frozen=True):
    """When Apple took a push last, and how many feeds are pushed no more."""

    pushed_at: int | None
    silent: int


class Endpoints(msgspec.Struct, frozen=True):
    """How many webhooks fail, and how many were switched off for it."""

    failing: int
    disabled: int


def waiting(tx: Transaction, merchant_id: int, channel: str) -> Waiting:
    """Count a merchant's cards that a channel must still be told. # across: a figure"""
    found = tx.one(
        Waiting,
        "SELECT COUNT(*), COALESCE(MAX(attempts), 0) FROM outbox WHERE channel = ?"
        " AND priority IN (0, 1, 2, 3) AND merchant_id = ? AND wanted > done",
        *(channel, merchant_id),
    )
    assert found is not None
    return found


def feeds_behind(tx: Transaction, merchant_id: int) -> Waiting:
    """Count the feeds of phones with a merchant's passes still to be pushed. # across: a figure"""
    found = tx.one(
        Waiting,
        "SELECT COUNT(*), COALESCE(MAX(f.attempts), 0) FROM device_feed f"
        " WHERE f.feed > f.pushed AND f.parked IS NULL AND EXISTS (SELECT 1 FROM device_pass p"
        " JOIN card c ON c.card_id = p.card_id JOIN program g ON g.program_id = c.program_id"
        " WHERE p.device_id = f.device_id AND p.pass_type = f.pass_type AND g.merchant_id = ?)",
        merchant_id,
    )
    assert found is not None
    return found


def feeds(tx: Transaction, merchant_id: int) -> Feeds:
    """Read how the pushes to phones with a merchant's passes went. # across: a figure

    A pass type may be several merchants': nobody counts the phones of another.
    """
    found = tx.one(
        Feeds,
        "SELECT MAX(pushed_at), COALESCE(SUM(CASE WHEN parked IS NULL THEN 0 ELSE 1 END), 0)"
        " FROM (SELECT DISTINCT f.device_id, f.pass_type, f.pushed_at, f.parked FROM program g"
        " JOIN card c ON c.program_id = g.program_id"
        " JOIN registration r ON r.card_id = c.card_id"
        " JOIN device_pass p ON p.device_id = r.device_id AND p.serial = r.serial"
        " JOIN device_feed f ON f.device_id = p.device_id AND f.pass_type = p.pass_type"
        " WHERE g.merchant_id = ?) AS own",
        merchant_id,
    )
    assert found is not None
    return found


def told_at(tx: Transaction, issuer_id: int, suffixes: Sequence[str]) -> int | None:
    """Find when Google last took an object of some classes. # across: a figure"""
    marks = ",".join("?" * len(suffixes))
    sql = "SELECT MAX(told_at) FROM google_object WHERE issuer_id = ? AND class_suffix IN ("
    found = tx.value(sql + marks + ")", issuer_id, *suffixes)
    return found if isinstance(found, int) else None


def refused(tx: Transaction, issuer_id: int, suffixes: Sequence[str]) -> int:
    """Count the objects of some classes that Google does not take. # across: a figure"""
    marks = ",".join("?" * len(suffixes))
    sql = (
        "SELECT COUNT(*) FROM google_object WHERE issuer_id = ? AND refused IS NOT NULL"
        " AND class_suffix IN ("
    )
    found = tx.value(sql + marks + ")", issuer_id, *suffixes)
    return found if isinstance(found, int) else 0


def pushes(tx: Transaction, merchant_id: int, since: str) -> dict[str, int]:
    """Sum the pushes of a merchant's programs from a day on. # across: a figure"""
    return dict(
        tx.all(
            lambda name, value: (str(name), int(value)),
            "SELECT d.name, SUM(d.value) FROM program g JOIN figure_day d"
            " ON d.program_id = g.program_id AND d.day >= ? WHERE g.merchant_id = ?"
            " AND d.name IN ('pushes_delivered', 'pushes_failed') GROUP BY d.name",
            *(since, merchant_id),
        )
    )


def deliveries_pending(tx: Transaction, merchant_id: int) -> int:
    """Count what a merchant's webhooks are still to be told. # across: a figure"""
    found = tx.value(
        "SELECT COUNT(*) FROM webhook_delivery WHERE merchant_id = ? AND status = 'pending'",
        merchant_id,
    )
    return found if isinstance(found, int) else 0


def endpoints(tx: Transaction, merchant_id: int) -> Endpoints:
    """Count a merchant's webhooks that fail, or were switched off because they did."""
    found = tx.one(
        Endpoints,
        "SELECT COALESCE(SUM(CASE WHEN failing_since IS NOT NULL AND disabled_at IS NULL"
        " THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN disabled_at IS NOT NULL"
        " THEN 1 ELSE 0 END), 0) FROM webhook WHERE merchant_id = ? AND deleted_at IS NULL",
        merchant_id,
    )
    assert found is not None
    return found
