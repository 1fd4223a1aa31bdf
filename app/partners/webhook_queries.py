"""SQL of a merchant's webhook endpoints: where its systems are told, and how that goes."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "webhook": "addresses of merchants' systems, never a user's",
    "webhook_by_public": "a random id and ids of ours",
}


class WebhookRow(msgspec.Struct, frozen=True):
    """An endpoint. `types` None: all, else a JSON list; a `*_sealed` opens with our secrets.

    `failing_since`, `failures`: since the last success; `slow_until`: it asked for rest.
    """

    merchant_id: int
    webhook_id: int
    public_id: bytes
    url: str
    types: str | None
    description: str | None
    is_listener: int
    secret_sealed: bytes
    previous_sealed: bytes | None
    previous_until: int | None
    created_at: int
    disabled_at: int | None
    disabled_reason: str | None
    failing_since: int | None
    failures: int
    warned_at: int | None
    slow_until: int
    slow_steps: int


_SELECT = (
    "SELECT merchant_id, webhook_id, public_id, url, types, description, is_listener,"
    " secret_sealed, previous_sealed, previous_until, created_at, disabled_at, disabled_reason,"
    " failing_since, failures, warned_at, slow_until, slow_steps FROM webhook"
)


def lock_merchant(tx: Transaction, merchant_id: int) -> None:
    """Hold the merchant's row for this unit of work."""
    sql = "SELECT merchant_id FROM merchant WHERE merchant_id = ?"
    tx.value(sql + tx.for_update, merchant_id)


def insert(tx: Transaction, row: WebhookRow) -> None:
    """Write a new endpoint."""
    tx.run(
        "INSERT INTO webhook (merchant_id, webhook_id, public_id, url, types, description,"
        " is_listener, secret_sealed, previous_sealed, previous_until, created_at, disabled_at,"
        " disabled_reason, failing_since, failures, warned_at, slow_until, slow_steps)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )


def insert_public(tx: Transaction, row: WebhookRow) -> None:
    """Point an endpoint's public id at it."""
    tx.run(
        "INSERT INTO webhook_by_public (public_id, merchant_id, webhook_id) VALUES (?, ?, ?)",
        *(row.public_id, row.merchant_id, row.webhook_id),
    )


def delete_public(tx: Transaction, public_id: bytes) -> None:
    """Forget what an endpoint was called outside."""
    tx.run("DELETE FROM webhook_by_public WHERE public_id = ?", public_id)


def id_by_public(tx: Transaction, public_id: bytes, merchant_id: int) -> int | None:
    """Find a merchant's endpoint by its public id."""
    sql = "SELECT webhook_id FROM webhook_by_public WHERE public_id = ? AND merchant_id = ?"
    found = tx.value(sql, public_id, merchant_id)
    return found if isinstance(found, int) else None


def by_id(tx: Transaction, merchant_id: int, webhook_id: int) -> WebhookRow | None:
    """Read an endpoint that was not deleted."""
    sql = _SELECT + " WHERE merchant_id = ? AND webhook_id = ? AND deleted_at IS NULL"
    return tx.one(WebhookRow, sql, merchant_id, webhook_id)


def lock(tx: Transaction, merchant_id: int, webhook_id: int) -> WebhookRow | None:
    """Read an endpoint that was not deleted, and hold its row for this unit of work."""
    sql = _SELECT + " WHERE merchant_id = ? AND webhook_id = ? AND deleted_at IS NULL"
    return tx.one(WebhookRow, sql + tx.for_update, merchant_id, webhook_id)


def of_merchant(tx: Transaction, merchant_id: int, after: int, limit: int) -> list[WebhookRow]:
    """List a merchant's endpoints after an id, the oldest first."""
    sql = _SELECT + " WHERE merchant_id = ? AND webhook_id > ? AND deleted_at IS NULL"
    return tx.all(WebhookRow, sql + " ORDER BY webhook_id LIMIT ?", merchant_id, after, limit)


def count(tx: Transaction, merchant_id: int) -> int:
    """Count a merchant's endpoints."""
    sql = "SELECT COUNT(*) FROM webhook WHERE merchant_id = ? AND deleted_at IS NULL"
    found = tx.value(sql, merchant_id)
    return found if isinstance(found, int) else 0


def listener(tx: Transaction, merchant_id: int) -> WebhookRow | None:
    """Find the endpoint of `portecarte listen`."""
    sql = _SELECT + " WHERE merchant_id = ? AND is_listener = 1 AND deleted_at IS NULL LIMIT 1"
    return tx.one(WebhookRow, sql, merchant_id)


def update(tx: Transaction, row: WebhookRow) -> None:
    """Write all that may change of an endpoint, under its lock."""
    tx.run(
        "UPDATE webhook SET url = ?, types = ?, description = ?, secret_sealed = ?,"
        " previous_sealed = ?, previous_until = ?, disabled_at = ?, disabled_reason = ?,"
        " failing_since = ?, failures = ?, warned_at = ?, slow_until = ?, slow_steps = ?"
        " WHERE merchant_id = ? AND webhook_id = ?",
        *(row.url, row.types, row.description, row.secret_sealed),
        *(row.previous_sealed, row.previous_until, row.disabled_at, row.disabled_reason),
        *(row.failing_since, row.failures, row.warned_at, row.slow_until, row.slow_steps),
        *(row.merchant_id, row.webhook_id),
    )


def delete(tx: Transaction, merchant_id: int, webhook_id: int, *, now: int) -> None:
    """End an endpoint: its address and secrets go at once, its row when its deliveries do."""
    tx.run(
        "UPDATE webhook SET deleted_at = ?, url = '', secret_sealed = ?, previous_sealed = NULL"
        " WHERE merchant_id = ? AND webhook_id = ?",
        *(now, b"", merchant_id, webhook_id),
    )


def names_of(tx: Transaction, merchant_id: int) -> dict[int, bytes]:
    """Read the public ids of a merchant's endpoints, deleted ones too."""
    return dict(
        tx.all(
            lambda webhook_id, public_id: (int(webhook_id), bytes(public_id)),
            "SELECT webhook_id, public_id FROM webhook WHERE merchant_id = ?",
            merchant_id,
        )
    )


def deleted_before(tx: Transaction, before: int, limit: int) -> list[tuple[int, int]]:
    """List endpoints that were deleted before a moment. # across: what is pruned"""
    return tx.all(
        lambda merchant_id, webhook_id: (int(merchant_id), int(webhook_id)),
        "SELECT merchant_id, webhook_id FROM webhook WHERE deleted_at < ? LIMIT ?",
        *(before, limit),
    )


def purge(tx: Transaction, merchant_id: int, webhook_id: int) -> None:
    """Take a deleted endpoint's row away."""
    tx.run("DELETE FROM webhook WHERE merchant_id = ? AND webhook_id = ?", merchant_id, webhook_id)


def first_merchant(tx: Transaction) -> int | None:
    """Find who was here first, for commands that name no merchant. # across: an operator's word"""
    found = tx.value(
        "SELECT merchant_id FROM merchant WHERE merchant_id > 0 ORDER BY merchant_id LIMIT 1"
    )
    return found if isinstance(found, int) else None


def newest_card(tx: Transaction, merchant_id: int) -> int | None:
    """Find a merchant's newest card that stands. # across: an operator's word"""
    found = tx.value(
        "SELECT c.card_id FROM card c JOIN program p ON p.program_id = c.program_id"
        " WHERE p.merchant_id = ? AND c.voided_at IS NULL ORDER BY c.card_id DESC LIMIT 1",
        merchant_id,
    )
    return found if isinstance(found, int) else None
