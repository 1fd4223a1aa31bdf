"""All SQL of changing an address and of accounts that become one."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "email_change": "DELETE FROM email_change WHERE user_id = ?",
    "user_merge": "DELETE FROM user_merge WHERE user_id = ?",
}
KEPT: dict[str, str] = {}


class ChangeRow(msgspec.Struct, frozen=True):
    """The address a user wants, and the code that went there, of which a keyed hash is kept."""

    email: str
    code_hash: bytes
    expires_at: int
    tries: int


class MergeRow(msgspec.Struct, frozen=True):
    """An account that goes into another: whose, from whom, and the address that comes with it."""

    user_id: int
    from_user: int
    email: str


def put_change(tx: Transaction, user_id: int, row: ChangeRow) -> None:
    """Keep what address a user wants; the code before is void."""
    tx.run(
        "INSERT INTO email_change (user_id, email, code_hash, expires_at, tries)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET email = excluded.email,"
        " code_hash = excluded.code_hash, expires_at = excluded.expires_at,"
        " tries = excluded.tries",
        *(user_id, *msgspec.structs.astuple(row)),
    )


def change_of(tx: Transaction, user_id: int) -> ChangeRow | None:
    """Find what address a user wants."""
    sql = "SELECT email, code_hash, expires_at, tries FROM email_change WHERE user_id = ?"
    return tx.one(ChangeRow, sql, user_id)


def count_try(tx: Transaction, user_id: int) -> None:
    """Count a wrong try."""
    tx.run("UPDATE email_change SET tries = tries + 1 WHERE user_id = ?", user_id)


def delete_change(tx: Transaction, user_id: int) -> None:
    """Forget what address a user wanted."""
    tx.run("DELETE FROM email_change WHERE user_id = ?", user_id)


def prune_changes(tx: Transaction, before: int, *, limit: int) -> int:
    """Delete some of the wishes whose code expired before a moment. # batch"""
    return tx.run(
        "DELETE FROM email_change WHERE user_id IN (SELECT user_id FROM email_change"
        " WHERE expires_at < ? LIMIT ?)",
        *(before, limit),
    )


def release_email(tx: Transaction, email: str, user_id: int) -> None:
    """Free an address of a user for anybody."""
    tx.run("DELETE FROM user_by_email WHERE email = ? AND user_id = ?", email, user_id)


def hand_email(tx: Transaction, email: str, *, from_user: int, to_user: int) -> None:
    """Give an address of one user to another; at no moment it is nobody's."""
    tx.run(
        "UPDATE user_by_email SET user_id = ? WHERE email = ? AND user_id = ?",
        *(to_user, email, from_user),
    )


def clear_person(tx: Transaction, user_id: int) -> None:
    """Leave of a user nothing but his number: his account went into another."""
    tx.run("UPDATE users SET email = NULL, display_name = NULL WHERE user_id = ?", user_id)


def insert_merge(tx: Transaction, row: MergeRow, *, now: int) -> None:
    """Note that an account goes into a user's; what follows may be repeated until it is done."""
    tx.run(
        "INSERT INTO user_merge (user_id, from_user, email, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, from_user) DO NOTHING",
        *(row.user_id, row.from_user, row.email, now),
    )


def merges_of(tx: Transaction, user_id: int) -> list[MergeRow]:
    """List the accounts that go into a user's and have not arrived whole."""
    return tx.all(
        MergeRow,
        "SELECT user_id, from_user, email FROM user_merge WHERE user_id = ?"
        " ORDER BY created_at, from_user",
        user_id,
    )


def delete_merge(tx: Transaction, user_id: int, from_user: int) -> bool:
    """Note that an account has arrived whole; False when that was noted before."""
    sql = "DELETE FROM user_merge WHERE user_id = ? AND from_user = ?"
    return tx.run(sql, user_id, from_user) == 1


def delete_workplace(tx: Transaction, user_id: int, merchant_id: int) -> None:
    """Note that a user works for a merchant no more."""
    tx.run("DELETE FROM workplace WHERE user_id = ? AND merchant_id = ?", user_id, merchant_id)
