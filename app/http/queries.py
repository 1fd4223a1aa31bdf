"""All SQL of the http room: the kept answers of requests that may be repeated."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

KEPT: dict[str, str] = {}
ERASE = {
    "idempotency": "DELETE FROM idempotency WHERE scope = ?",  # a user's scope, bodies and all
}


class KeptAnswer(msgspec.Struct, frozen=True):
    """The first answer of a request, sealed."""

    request_hash: bytes
    status: int
    answer_sealed: bytes


def kept_answer(tx: Transaction, scope: bytes, key_hash: bytes) -> KeptAnswer | None:
    """Find what the key was answered first."""
    return tx.one(
        KeptAnswer,
        "SELECT request_hash, status, answer_sealed FROM idempotency"
        " WHERE scope = ? AND key_hash = ?",
        scope,
        key_hash,
    )


def keep_answer(
    tx: Transaction, scope: bytes, key_hash: bytes, answer: KeptAnswer, *, now: int
) -> bool:
    """Keep an answer; False when a twin kept one meanwhile."""
    changed = tx.run(
        "INSERT INTO idempotency (scope, key_hash, request_hash, status, answer_sealed,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (scope, key_hash) DO NOTHING",
        scope,
        key_hash,
        answer.request_hash,
        answer.status,
        answer.answer_sealed,
        now,
    )
    return changed == 1


def prune_answers(tx: Transaction, before: int, *, limit: int) -> int:
    """Delete some of the answers kept longer than 30 days. # batch"""
    return tx.run(
        "DELETE FROM idempotency WHERE (scope, key_hash) IN (SELECT scope, key_hash"
        " FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)",
        before,
        limit,
    )
