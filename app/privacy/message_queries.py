"""SQL of erasures under way: who was erased, and the messages that are still to be obeyed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "erased_user": "random ids of who is gone, so that a restored backup erases them again",
    "erasure": "ids of ours: what still has to forget somebody",
}


class Message(msgspec.Struct, frozen=True):
    """What something must do to forget a user: its kind, and which card, device …"""

    user_id: int
    kind: str
    target_id: int


def note_user(tx: Transaction, user_id: int, public_id: bytes, now: int) -> None:
    """Note that a user is erased; a second time changes nothing."""
    tx.run(
        "INSERT INTO erased_user (user_id, public_id, erased_at) VALUES (?, ?, ?)"
        " ON CONFLICT (user_id) DO NOTHING",
        *(user_id, public_id, now),
    )


def lock_erased(tx: Transaction, user_id: int) -> bytes | None:
    """Find an erased user's public id and hold his row; None: he was not erased."""
    sql = "SELECT public_id FROM erased_user WHERE user_id = ?"
    found = tx.value(sql + tx.for_update, user_id)
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def put_messages(
    tx: Transaction, user_id: int, kind: str, target_ids: Iterable[int], *, due_at: int
) -> None:
    """Leave messages; one that is there already keeps its moment."""
    tx.run_many(
        "INSERT INTO erasure (user_id, kind, target_id, due_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, kind, target_id) DO NOTHING",
        [(user_id, kind, target_id, due_at) for target_id in target_ids],
    )


def put_off(tx: Transaction, message: Message, due_at: int) -> None:
    """Look at a message again later."""
    tx.run(
        "UPDATE erasure SET due_at = ? WHERE user_id = ? AND kind = ? AND target_id = ?",
        *(due_at, message.user_id, message.kind, message.target_id),
    )


def drop(tx: Transaction, messages: Iterable[Message]) -> None:
    """Forget messages that were obeyed."""
    tx.run_many(
        "DELETE FROM erasure WHERE user_id = ? AND kind = ? AND target_id = ?",
        [(each.user_id, each.kind, each.target_id) for each in messages],
    )


def messages_of(
    tx: Transaction, user_id: int, kind: str, *, after: int, limit: int
) -> list[Message]:
    """List an erased user's messages of a kind, after a target."""
    return tx.all(
        Message,
        "SELECT user_id, kind, target_id FROM erasure WHERE user_id = ? AND kind = ?"
        " AND target_id > ? ORDER BY target_id LIMIT ?",
        *(user_id, kind, after, limit),
    )


def due(tx: Transaction, now: int, limit: int) -> list[Message]:
    """List messages to look at. # across: what the sweeper takes"""
    return tx.all(
        Message,
        "SELECT user_id, kind, target_id FROM erasure WHERE due_at <= ? ORDER BY due_at LIMIT ?",
        *(now, limit),
    )


def users_left(tx: Transaction) -> list[int]:
    """List the erased users of whom something still knows. # across: after a restore"""
    sql = "SELECT DISTINCT user_id FROM erasure WHERE kind NOT IN ('library', 'remains', 'user')"
    return tx.all(int, sql)


def restored_user(tx: Transaction, public_id: bytes) -> int | None:
    """Find the user who came back with a backup, by his public id."""
    found = tx.value("SELECT user_id FROM user_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None
