"""All SQL of tills: the till, the code that pairs it, the hash of its token."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "till": "a merchant's device: its name, place and hashes",
    "till_by_token": "hashes of tills' tokens",
    "pairing_code": "hashes of codes that pair tills",
}


class TillRow(msgspec.Struct, frozen=True):
    """A till; `token_hash` None until it is paired."""

    merchant_id: int
    till_id: int
    public_id: bytes
    name: str
    location_id: str
    code_hash: bytes
    token_hash: bytes | None
    created_at: int
    paired_at: int | None
    last_used_at: int | None
    revoked_at: int | None


class PairingRow(msgspec.Struct, frozen=True):
    """Which till a code pairs, and until when."""

    code_hash: bytes
    merchant_id: int
    till_id: int
    expires_at: int
    used_at: int | None


_TILL = (
    "SELECT merchant_id, till_id, public_id, name, location_id, code_hash, token_hash, created_at,"
    " paired_at, last_used_at, revoked_at FROM till "
)


def insert_till(tx: Transaction, row: TillRow, expires_at: int) -> None:
    """Write a till and the look-up of its pairing code."""
    tx.run(
        "INSERT INTO till (merchant_id, till_id, public_id, name, location_id, code_hash,"
        " token_hash, created_at, paired_at, last_used_at, revoked_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO pairing_code (code_hash, merchant_id, till_id, expires_at)"
        " VALUES (?, ?, ?, ?)",
        *(row.code_hash, row.merchant_id, row.till_id, expires_at),
    )


def till_by_id(tx: Transaction, merchant_id: int, till_id: int) -> TillRow | None:
    """Find a till of a merchant, a revoked one too."""
    return tx.one(TillRow, _TILL + "WHERE merchant_id = ? AND till_id = ?", merchant_id, till_id)


def till_by_token(tx: Transaction, token_hash: bytes) -> TillRow | None:
    """Find a till by the hash of its token."""
    sql = (
        _TILL  # noqa: S608
        + "WHERE (merchant_id, till_id) IN (SELECT merchant_id, till_id FROM till_by_token"
        " WHERE token_hash = ?)"
    )
    return tx.one(TillRow, sql, token_hash)


def tills_of(tx: Transaction, merchant_id: int, after: int, limit: int) -> list[TillRow]:
    """List a merchant's tills that were not revoked, oldest first."""
    sql = (
        _TILL + "WHERE merchant_id = ? AND till_id > ? AND revoked_at IS NULL"
        " ORDER BY till_id LIMIT ?"
    )
    return tx.all(TillRow, sql, merchant_id, after, limit)


def till_by_public(tx: Transaction, merchant_id: int, public_id: bytes) -> TillRow | None:
    """Find a merchant's till in force by its public id."""
    sql = _TILL + "WHERE merchant_id = ? AND public_id = ? AND revoked_at IS NULL"
    return tx.one(TillRow, sql, merchant_id, public_id)


def tills_count(tx: Transaction, merchant_id: int) -> int:
    """Count a merchant's tills in force."""
    found = tx.value(
        "SELECT COUNT(*) FROM till WHERE merchant_id = ? AND revoked_at IS NULL", merchant_id
    )
    assert isinstance(found, int)
    return found


def pairing(tx: Transaction, code_hash: bytes) -> PairingRow | None:
    """Find what a code pairs, a used one too."""
    return tx.one(
        PairingRow,
        "SELECT code_hash, merchant_id, till_id, expires_at, used_at FROM pairing_code"
        " WHERE code_hash = ?",
        code_hash,
    )


def use_pairing(tx: Transaction, code_hash: bytes, now: int) -> None:
    """Note that a code was used."""
    tx.run("UPDATE pairing_code SET used_at = ? WHERE code_hash = ?", now, code_hash)


def pair(tx: Transaction, row: TillRow, token_hash: bytes, now: int) -> None:
    """Give a till its token."""
    tx.run(
        "UPDATE till SET token_hash = ?, paired_at = ? WHERE merchant_id = ? AND till_id = ?",
        *(token_hash, now, row.merchant_id, row.till_id),
    )
    tx.run(
        "INSERT INTO till_by_token (token_hash, merchant_id, till_id) VALUES (?, ?, ?)",
        *(token_hash, row.merchant_id, row.till_id),
    )


def revoke(tx: Transaction, row: TillRow, now: int) -> None:
    """End a till: its token and its code find nothing from now on."""
    tx.run(
        "UPDATE till SET revoked_at = ? WHERE merchant_id = ? AND till_id = ?",
        *(now, row.merchant_id, row.till_id),
    )
    tx.run("DELETE FROM pairing_code WHERE code_hash = ?", row.code_hash)
    if row.token_hash is not None:
        tx.run("DELETE FROM till_by_token WHERE token_hash = ?", row.token_hash)


def note_use(tx: Transaction, merchant_id: int, till_id: int, now: int) -> None:
    """Note when a till was used."""
    tx.run(
        "UPDATE till SET last_used_at = ? WHERE merchant_id = ? AND till_id = ?",
        *(now, merchant_id, till_id),
    )
