"""All SQL of iPhones: who registered which pass, each device's feed, what devices log."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "registration": "DELETE FROM registration WHERE card_id = ?",
    "device": "UPDATE device SET push_token = NULL WHERE device_id = ?",
    "device_feed": "DELETE FROM device_feed WHERE device_id = ?",
    "device_pass": "DELETE FROM device_pass WHERE device_id = ?",
    "device_by_library": "DELETE FROM device_by_library WHERE library_hash = ?",
    "apple_log": "DELETE FROM apple_log WHERE at = ? AND log_id = ?",
    "pass_link": "DELETE FROM pass_link WHERE card_id = ?",
}
KEPT: dict[str, str] = {}
_REGISTERED = (
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN pass p ON p.card_id = h.card_id AND p.user_id = h.user_id"
    " JOIN registration r ON r.card_id = p.card_id AND r.serial = p.serial"
)
EXPORT = {  # iPhones that hold a user's passes, when they asked, and what they logged
    "iphones": "SELECT c.public_id AS card_id, r.registered_at, f.pushed_at, f.listed_at, q.told_at"
    + _REGISTERED
    + " JOIN device d ON d.device_id = r.device_id"
    " JOIN device_pass q ON q.device_id = d.device_id AND q.serial = p.serial"
    " JOIN device_feed f ON f.device_id = d.device_id AND f.pass_type = q.pass_type"
    " WHERE h.user_id = ? ORDER BY r.registered_at",
    "iphone_logs": "SELECT l.at, l.line FROM holding h"
    " JOIN pass p ON p.card_id = h.card_id AND p.user_id = h.user_id"
    " JOIN apple_log l ON l.serial = p.serial WHERE h.user_id = ? ORDER BY l.at",
    "links_opened": "SELECT c.public_id AS card_id, k.first_at FROM holding h"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
    " JOIN card c ON c.card_id = h.card_id JOIN pass_link k ON k.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY k.first_at",
}


class DeviceRow(msgspec.Struct, frozen=True):
    """An iPhone."""

    device_id: int
    push_token: str | None


class Feed(msgspec.Struct, frozen=True):
    """A device's feed of one pass type: the number last drawn, and the one last pushed."""

    feed: int
    pushed: int


class LinkUse(msgspec.Struct, frozen=True):
    """Who opened a link first, and when."""

    client_hash: bytes
    first_at: int


class Story(msgspec.Struct, frozen=True):
    """What is known of a pass on one device."""

    device_id: int
    told: int
    told_at: int | None
    told_revision: int
    pushed: int
    pushed_at: int | None
    listed: int
    listed_at: int | None
    parked: str | None


def device_id(tx: Transaction, library_hash: bytes) -> int | None:
    """Find a device by its library id's hash."""
    found = tx.value("SELECT device_id FROM device_by_library WHERE library_hash = ?", library_hash)
    return found if isinstance(found, int) else None


def take_library(tx: Transaction, library_hash: bytes, device_id: int) -> None:
    """Give a library id to a device, unless one has it."""
    tx.run(
        "INSERT INTO device_by_library (library_hash, device_id) VALUES (?, ?)"
        " ON CONFLICT (library_hash) DO NOTHING",
        *(library_hash, device_id),
    )


def put_device(
    tx: Transaction, device_id: int, library_hash: bytes, push_token: str, *, now: int
) -> None:
    """Keep the push token a device brought, now of all its passes."""
    tx.run(
        "INSERT INTO device (device_id, library_hash, push_token, token_at, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (device_id) DO UPDATE SET"
        " push_token = excluded.push_token, token_at = excluded.token_at",
        *(device_id, library_hash, push_token, now, now),
    )


def lock_device(tx: Transaction, device_id: int) -> DeviceRow | None:
    """Find a device and hold its row for this unit of work."""
    sql = "SELECT device_id, push_token FROM device WHERE device_id = ?"
    return tx.one(DeviceRow, sql + tx.for_update, device_id)


def open_feed(tx: Transaction, device_id: int, pass_type: str) -> None:
    """Begin a device's feed of a pass type; a new push token ends what held it up."""
    tx.run(
        "INSERT INTO device_feed (device_id, pass_type, feed, pushed, listed, attempts, next_at,"
        " claimed_until) VALUES (?, ?, 0, 0, 0, 0, 0, 0)"
        " ON CONFLICT (device_id, pass_type) DO UPDATE SET parked = NULL, attempts = 0,"
        " next_at = 0",
        *(device_id, pass_type),
    )


def draw_number(tx: Transaction, device_id: int, pass_type: str) -> int:
    """Draw the feed's next number for what the phone itself just did: it needs no push."""
    found = tx.value(
        "UPDATE device_feed SET pushed = CASE WHEN pushed = feed THEN feed + 1 ELSE pushed END,"
        " feed = feed + 1 WHERE device_id = ? AND pass_type = ? RETURNING feed",
        *(device_id, pass_type),
    )
    assert isinstance(found, int), "a feed is opened before it is drawn from"
    return found


def holds(tx: Transaction, device_id: int, pass_type: str, serial: bytes) -> bool:
    """Say whether the device holds the pass."""
    sql = "SELECT 1 FROM device_pass WHERE device_id = ? AND pass_type = ? AND serial = ?"
    return tx.value(sql, device_id, pass_type, serial) is not None


def insert_device_pass(
    tx: Transaction, device_id: int, pass_type: str, serial: bytes, *, card_id: int, told: int
) -> None:
    """Let a device hold a pass."""
    tx.run(
        "INSERT INTO device_pass (device_id, pass_type, serial, card_id, told, told_revision)"
        " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (device_id, pass_type, serial) DO NOTHING",
        *(device_id, pass_type, serial, card_id, told),
    )


def delete_device_pass(tx: Transaction, device_id: int, pass_type: str, serial: bytes) -> int:
    """Take a pass from a device."""
    sql = "DELETE FROM device_pass WHERE device_id = ? AND pass_type = ? AND serial = ?"
    return tx.run(sql, device_id, pass_type, serial)


def feed(tx: Transaction, device_id: int, pass_type: str) -> Feed | None:
    """Read a device's feed."""
    sql = "SELECT feed, pushed FROM device_feed WHERE device_id = ? AND pass_type = ?"
    return tx.one(Feed, sql, device_id, pass_type)


def told_since(tx: Transaction, device_id: int, pass_type: str, tag: int) -> list[bytes]:
    """List the serials of a device's passes that were told after a tag."""
    sql = (
        "SELECT serial FROM device_pass WHERE device_id = ? AND pass_type = ? AND told > ?"
        " ORDER BY told, serial"
    )
    return tx.all(bytes, sql, device_id, pass_type, tag)


def note_listed(tx: Transaction, device_id: int, pass_type: str, listed: int, *, now: int) -> None:
    """Note up to which number a device has asked."""
    tx.run(
        "UPDATE device_feed SET listed = ?, listed_at = ? WHERE device_id = ? AND pass_type = ?",
        *(listed, now, device_id, pass_type),
    )


def insert_registration(
    tx: Transaction, card_id: int, serial: bytes, device_id: int, *, now: int
) -> bool:
    """Register a pass for a device; False when it was."""
    return (
        tx.run(
            "INSERT INTO registration (card_id, serial, device_id, registered_at)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (card_id, serial, device_id) DO NOTHING",
            *(card_id, serial, device_id, now),
        )
        == 1
    )


def delete_registration(tx: Transaction, card_id: int, serial: bytes, device_id: int) -> bool:
    """End a registration; False when there was none."""
    sql = "DELETE FROM registration WHERE card_id = ? AND serial = ? AND device_id = ?"
    return tx.run(sql, card_id, serial, device_id) == 1


def drop_oldest(tx: Transaction, card_id: int, serial: bytes, kept: int) -> int:
    """Drop a pass's oldest registrations beyond a count; return how many."""
    return tx.run(
        "DELETE FROM registration WHERE card_id = ? AND serial = ? AND device_id IN ("
        "SELECT device_id FROM registration WHERE card_id = ? AND serial = ?"
        " ORDER BY registered_at DESC, device_id DESC LIMIT 1000000 OFFSET ?)",
        *(card_id, serial, card_id, serial, kept),
    )


def insert_log(
    tx: Transaction,
    at: int,
    log_id: int,
    line: str,
    *,
    library_hash: bytes | None,
    serial: bytes | None,
) -> None:
    """Keep a line that a device logged."""
    tx.run(
        "INSERT INTO apple_log (at, log_id, library_hash, serial, line) VALUES (?, ?, ?, ?, ?)",
        *(at, log_id, library_hash, serial, line),
    )


def prune_log(tx: Transaction, before: int, *, limit: int) -> int:
    """Delete some of the lines older than 30 days. # batch"""
    return tx.run(
        "DELETE FROM apple_log WHERE (at, log_id) IN (SELECT at, log_id FROM apple_log"
        " WHERE at < ? LIMIT ?)",
        *(before, limit),
    )


def link_use(tx: Transaction, card_id: int, nonce: bytes) -> LinkUse | None:
    """Find who opened a link first."""
    sql = "SELECT client_hash, first_at FROM pass_link WHERE card_id = ? AND nonce = ?"
    return tx.one(LinkUse, sql, card_id, nonce)


def insert_link_use(
    tx: Transaction, card_id: int, nonce: bytes, client_hash: bytes, *, now: int, expires_at: int
) -> None:
    """Note who opened a link first; a twin's note stays."""
    tx.run(
        "INSERT INTO pass_link (card_id, nonce, client_hash, first_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (card_id, nonce) DO NOTHING",
        *(card_id, nonce, client_hash, now, expires_at),
    )


def prune_links(tx: Transaction, card_id: int, now: int) -> None:
    """Forget a card's links that have expired."""
    tx.run("DELETE FROM pass_link WHERE card_id = ? AND expires_at < ?", card_id, now)


def stories(tx: Transaction, card_id: int, serial: bytes) -> list[Story]:
    """Tell, of each device that holds a pass, what was told, pushed and listed. # across"""
    sql = (
        "SELECT p.device_id, p.told, p.told_at, p.told_revision, f.pushed, f.pushed_at, f.listed,"
        " f.listed_at, f.parked FROM registration r JOIN device_pass p ON p.device_id ="
        " r.device_id AND p.serial = r.serial JOIN device_feed f ON f.device_id = p.device_id"
        " AND f.pass_type = p.pass_type WHERE r.card_id = ? AND r.serial = ? ORDER BY p.device_id"
    )
    return tx.all(Story, sql, card_id, serial)


def logged(tx: Transaction, serial: bytes, limit: int) -> list[str]:
    """List what devices logged of a pass, newest first. # across: for the operator"""
    sql = "SELECT line FROM apple_log WHERE serial = ? ORDER BY at DESC LIMIT ?"
    return tx.all(str, sql, serial, limit)
