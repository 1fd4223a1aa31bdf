"""All SQL of merchants: who they are, their keys and their staff."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"staff": "DELETE FROM staff WHERE merchant_id = ? AND user_id = ?"}
KEPT = {
    "merchant": "a business, not a person",
    "merchant_key": "a merchant's key: its name, hash and addresses of machines",
    "key_by_token": "hashes of merchants' keys",
    "merchant_by_public": "ids of merchants",
    "merchant_by_slug": "names of merchants",
}
EXPORT = {  # where a user works
    "staff": "SELECT m.name AS merchant, s.role, s.added_at FROM workplace w"
    " JOIN staff s ON s.merchant_id = w.merchant_id AND s.user_id = w.user_id"
    " JOIN merchant m ON m.merchant_id = w.merchant_id WHERE w.user_id = ?",
}


class KeyRow(msgspec.Struct, frozen=True):
    """A merchant's key; scopes and ips are parted by spaces."""

    merchant_id: int
    key_id: int
    public_id: bytes
    name: str
    scopes: str
    ips: str | None
    prefix: str
    token_hash: bytes
    previous_hash: bytes | None
    previous_until: int | None
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


class MerchantRow(msgspec.Struct, frozen=True):
    """A merchant."""

    merchant_id: int
    public_id: bytes
    slug: str
    name: str
    created_at: int


class StaffRow(msgspec.Struct, frozen=True):
    """A user who works for a merchant."""

    merchant_id: int
    user_id: int
    role: str
    added_at: int


_KEY = (
    "SELECT merchant_id, key_id, public_id, name, scopes, ips, prefix, token_hash, previous_hash,"
    " previous_until, created_at, last_used_at, revoked_at FROM merchant_key "
)


def insert_merchant(tx: Transaction, row: MerchantRow) -> None:
    """Write a merchant and its look-up; its slug was taken before."""
    tx.run(
        "INSERT INTO merchant (merchant_id, public_id, slug, name, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (merchant_id) DO NOTHING",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO merchant_by_public (public_id, merchant_id) VALUES (?, ?)"
        " ON CONFLICT (public_id) DO NOTHING",
        *(row.public_id, row.merchant_id),
    )


def take_merchant_slug(tx: Transaction, slug: str, merchant_id: int) -> bool:
    """Give a slug to a merchant; False when another has it."""
    return (
        tx.run(
            "INSERT INTO merchant_by_slug (slug, merchant_id) VALUES (?, ?)"
            " ON CONFLICT (slug) DO NOTHING",
            *(slug, merchant_id),
        )
        == 1
    )


def merchant_id_by_slug(tx: Transaction, slug: str) -> int | None:
    """Find a merchant by its slug."""
    found = tx.value("SELECT merchant_id FROM merchant_by_slug WHERE slug = ?", slug)
    return found if isinstance(found, int) else None


def merchant_id_by_public(tx: Transaction, public_id: bytes) -> int | None:
    """Find a merchant by its public id."""
    found = tx.value("SELECT merchant_id FROM merchant_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None


def merchant(tx: Transaction, merchant_id: int) -> MerchantRow | None:
    """Find a merchant."""
    return tx.one(
        MerchantRow,
        "SELECT merchant_id, public_id, slug, name, created_at FROM merchant WHERE merchant_id = ?",
        merchant_id,
    )


def lock_merchant(tx: Transaction, merchant_id: int) -> MerchantRow | None:
    """Find a merchant and hold its row for this unit of work."""
    return tx.one(
        MerchantRow,
        "SELECT merchant_id, public_id, slug, name, created_at FROM merchant"  # noqa: S608
        " WHERE merchant_id = ?" + tx.for_update,
        merchant_id,
    )


def insert_key(tx: Transaction, row: KeyRow) -> None:
    """Write a key and its look-up."""
    tx.run(
        "INSERT INTO merchant_key (merchant_id, key_id, public_id, name, scopes, ips, prefix,"
        " token_hash, previous_hash, previous_until, created_at, last_used_at, revoked_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    point_to_key(tx, row.token_hash, row.merchant_id, row.key_id)


def point_to_key(tx: Transaction, token_hash: bytes, merchant_id: int, key_id: int) -> None:
    """Let a token's hash find a key."""
    tx.run(
        "INSERT INTO key_by_token (token_hash, merchant_id, key_id) VALUES (?, ?, ?)",
        *(token_hash, merchant_id, key_id),
    )


def forget_token(tx: Transaction, token_hash: bytes) -> None:
    """Let a token's hash find nothing."""
    tx.run("DELETE FROM key_by_token WHERE token_hash = ?", token_hash)


def key_by_token(tx: Transaction, token_hash: bytes) -> KeyRow | None:
    """Find a key by the hash of its token, the former one too."""
    sql = (
        _KEY  # noqa: S608
        + "WHERE (merchant_id, key_id) IN (SELECT merchant_id, key_id FROM key_by_token"
        " WHERE token_hash = ?)"
    )
    return tx.one(KeyRow, sql, token_hash)


def keys_of(tx: Transaction, merchant_id: int) -> list[KeyRow]:
    """List a merchant's keys that were not revoked."""
    sql = _KEY + "WHERE merchant_id = ? AND revoked_at IS NULL ORDER BY key_id"
    return tx.all(KeyRow, sql, merchant_id)


def update_key(tx: Transaction, row: KeyRow) -> None:
    """Write what a roll or a revocation changed."""
    tx.run(
        "UPDATE merchant_key SET prefix = ?, token_hash = ?, previous_hash = ?,"
        " previous_until = ?, revoked_at = ? WHERE merchant_id = ? AND key_id = ?",
        *(row.prefix, row.token_hash, row.previous_hash, row.previous_until, row.revoked_at),
        *(row.merchant_id, row.key_id),
    )


def note_key_use(tx: Transaction, merchant_id: int, key_id: int, now: int) -> None:
    """Note when a key was used."""
    tx.run(
        "UPDATE merchant_key SET last_used_at = ? WHERE merchant_id = ? AND key_id = ?",
        *(now, merchant_id, key_id),
    )


def insert_staff(tx: Transaction, row: StaffRow) -> None:
    """Let a user work for a merchant."""
    tx.run(
        "INSERT INTO staff (merchant_id, user_id, role, added_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (merchant_id, user_id) DO UPDATE SET role = excluded.role",
        *msgspec.structs.astuple(row),
    )


def staff_at(tx: Transaction, merchant_id: int, user_id: int) -> StaffRow | None:
    """Find a user's role at a merchant."""
    sql = (
        "SELECT merchant_id, user_id, role, added_at FROM staff"
        " WHERE merchant_id = ? AND user_id = ?"
    )
    return tx.one(StaffRow, sql, merchant_id, user_id)


def staff_of(tx: Transaction, merchant_id: int, after: int, limit: int) -> list[StaffRow]:
    """List who works for a merchant, in order of id."""
    sql = (
        "SELECT merchant_id, user_id, role, added_at FROM staff"
        " WHERE merchant_id = ? AND user_id > ? ORDER BY user_id LIMIT ?"
    )
    return tx.all(StaffRow, sql, merchant_id, after, limit)


def delete_staff(tx: Transaction, merchant_id: int, user_id: int) -> None:
    """Let a user work for a merchant no more."""
    tx.run("DELETE FROM staff WHERE merchant_id = ? AND user_id = ?", merchant_id, user_id)
