"""All SQL of passkeys: a user's public keys, and the challenges that may be answered."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "passkey": "DELETE FROM passkey WHERE user_id = ?",
    "passkey_by_credential": "DELETE FROM passkey_by_credential WHERE credential_hash = ?",
}
KEPT = {"passkey_challenge": "a question good for five minutes, pruned within the hours after"}
EXPORT = {
    "passkeys": "SELECT public_id AS passkey_id, name, created_at, last_used_at FROM passkey"
    " WHERE user_id = ? ORDER BY passkey_id",
}


class PasskeyRow(msgspec.Struct, frozen=True):
    """A credential of a user; `sign_count`: how often its authenticator says it signed, or 0."""

    user_id: int
    passkey_id: int
    public_id: bytes
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: int
    last_used_at: int | None


class ChallengeRow(msgspec.Struct, frozen=True):
    """A challenge of ours; `user_id` None: to sign in, else to add a passkey to that user."""

    user_id: int | None
    expires_at: int


_PASSKEY = (
    "SELECT user_id, passkey_id, public_id, credential_id, public_key, sign_count, name,"
    " created_at, last_used_at FROM passkey "
)


def passkeys_of(tx: Transaction, user_id: int, *, after: int, limit: int) -> list[PasskeyRow]:
    """List a user's passkeys, oldest first."""
    return tx.all(
        PasskeyRow,
        _PASSKEY + "WHERE user_id = ? AND passkey_id > ? ORDER BY passkey_id LIMIT ?",
        *(user_id, after, limit),
    )


def by_public(tx: Transaction, user_id: int, public_id: bytes) -> PasskeyRow | None:
    """Find one of a user's own passkeys."""
    sql = _PASSKEY + "WHERE user_id = ? AND public_id = ?"
    return tx.one(PasskeyRow, sql, user_id, public_id)


def by_credential(tx: Transaction, credential_hash: bytes) -> PasskeyRow | None:
    """Find whose a credential is, by the hash of its id."""
    return tx.one(
        PasskeyRow,
        "SELECT p.user_id, p.passkey_id, p.public_id, p.credential_id, p.public_key,"
        " p.sign_count, p.name, p.created_at, p.last_used_at FROM passkey_by_credential c"
        " JOIN passkey p ON p.user_id = c.user_id AND p.passkey_id = c.passkey_id"
        " WHERE c.credential_hash = ?",
        credential_hash,
    )


def lock_passkey(tx: Transaction, user_id: int, passkey_id: int) -> PasskeyRow | None:
    """Find a passkey and hold its row: of two sign-ins at once the counts are compared in turn."""
    sql = _PASSKEY + "WHERE user_id = ? AND passkey_id = ?" + tx.for_update
    return tx.one(PasskeyRow, sql, user_id, passkey_id)


def take_credential(tx: Transaction, credential_hash: bytes, user_id: int, passkey_id: int) -> bool:
    """Give a credential to a user; False when somebody has it."""
    return (
        tx.run(
            "INSERT INTO passkey_by_credential (credential_hash, user_id, passkey_id)"
            " VALUES (?, ?, ?) ON CONFLICT (credential_hash) DO NOTHING",
            *(credential_hash, user_id, passkey_id),
        )
        == 1
    )


def insert_passkey(tx: Transaction, row: PasskeyRow) -> None:
    """Write a new passkey; its look-up was taken before."""
    tx.run(
        "INSERT INTO passkey (user_id, passkey_id, public_id, credential_id, public_key,"
        " sign_count, name, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )


def note_use(tx: Transaction, user_id: int, passkey_id: int, *, sign_count: int, now: int) -> None:
    """Note that a passkey signed in."""
    tx.run(
        "UPDATE passkey SET sign_count = ?, last_used_at = ? WHERE user_id = ? AND passkey_id = ?",
        *(sign_count, now, user_id, passkey_id),
    )


def rename(tx: Transaction, user_id: int, passkey_id: int, name: str) -> None:
    """Write what its user calls a passkey."""
    sql = "UPDATE passkey SET name = ? WHERE user_id = ? AND passkey_id = ?"
    tx.run(sql, name, user_id, passkey_id)


def delete_passkey(tx: Transaction, row: PasskeyRow, credential_hash: bytes) -> None:
    """Remove a passkey: it signs nobody in any more."""
    tx.run("DELETE FROM passkey_by_credential WHERE credential_hash = ?", credential_hash)
    sql = "DELETE FROM passkey WHERE user_id = ? AND passkey_id = ?"
    tx.run(sql, row.user_id, row.passkey_id)


def insert_challenge(
    tx: Transaction, challenge_hash: bytes, user_id: int | None, *, expires_at: int
) -> None:
    """Keep a challenge until it is answered."""
    tx.run(
        "INSERT INTO passkey_challenge (challenge_hash, user_id, expires_at) VALUES (?, ?, ?)",
        *(challenge_hash, user_id, expires_at),
    )


def take_challenge(tx: Transaction, challenge_hash: bytes) -> ChallengeRow | None:
    """Use a challenge up; None when it was used, or is none of ours."""
    return tx.one(
        ChallengeRow,
        "DELETE FROM passkey_challenge WHERE challenge_hash = ? RETURNING user_id, expires_at",
        challenge_hash,
    )


def prune_challenges(tx: Transaction, before: int, *, limit: int) -> int:
    """Delete some of the challenges that expired before a moment. # batch"""
    return tx.run(
        "DELETE FROM passkey_challenge WHERE challenge_hash IN (SELECT challenge_hash"
        " FROM passkey_challenge WHERE expires_at < ? LIMIT ?)",
        *(before, limit),
    )
