"""SQL of webhook deliveries: what each endpoint is to be told of a card's events, and each try."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "webhook_body": "DELETE FROM webhook_body WHERE card_id = ?",  # the card as it stood
    "webhook_attempt": "DELETE FROM webhook_attempt WHERE card_id = ?",  # what receivers answered
    "webhook_delivery": "DELETE FROM webhook_delivery WHERE card_id = ?",
    "webhook_lane": "DELETE FROM webhook_lane WHERE card_id = ?",
    "webhook_delivery_by_public": "DELETE FROM webhook_delivery_by_public WHERE public_id = ?",
}
KEPT: dict[str, str] = {}
EXPORT: dict[str, str] = {}  # bodies repeat what the card and its events say


class DeliveryRow(msgspec.Struct, frozen=True):
    """An event for one endpoint. `tries`: since it was made or replayed; `attempts`: in all."""

    card_id: int
    webhook_id: int
    sequence: int
    public_id: bytes
    merchant_id: int
    event_id: bytes
    type: str
    status: str
    tries: int
    attempts: int
    next_at: int | None
    created_at: int

    @property
    def key(self) -> tuple[int, int, int]:
        """Return where it stands."""
        return self.card_id, self.webhook_id, self.sequence


class AttemptRow(msgspec.Struct, frozen=True):
    """One try: what the receiver answered, or why it did not."""

    number: int
    at: int
    status_code: int | None
    error: str | None
    milliseconds: int
    answer: str | None


_SELECT = (
    "SELECT card_id, webhook_id, sequence, public_id, merchant_id, event_id, type, status, tries,"
    " attempts, next_at, created_at FROM webhook_delivery"
)
_OLDER = " AND (created_at, card_id, webhook_id, sequence) < (?, ?, ?, ?)"
_NEWEST = " ORDER BY created_at DESC, card_id DESC, webhook_id DESC, sequence DESC LIMIT ?"


def of_merchant(
    tx: Transaction, merchant_id: int, webhook_id: int, *, before: tuple[int, ...], limit: int
) -> list[DeliveryRow]:
    """List a merchant's deliveries, the newest first; webhook 0: of all its endpoints.

    # across: what a merchant's list shows
    """
    sql = _SELECT + " WHERE merchant_id = ? AND (? = 0 OR webhook_id = ?)" + _OLDER + _NEWEST
    return tx.all(DeliveryRow, sql, merchant_id, webhook_id, webhook_id, *before, limit)


def with_status(
    tx: Transaction,
    merchant_id: int,
    webhook_id: int,
    status: str,
    *,
    before: tuple[int, ...],
    limit: int,
) -> list[DeliveryRow]:
    """List those of one status. # across: what a merchant's list shows"""
    sql = _SELECT + " WHERE merchant_id = ? AND status = ? AND (? = 0 OR webhook_id = ?)"
    return tx.all(
        DeliveryRow,
        sql + _OLDER + _NEWEST,
        merchant_id,
        status,
        webhook_id,
        webhook_id,
        *before,
        limit,
    )


def of_card(
    tx: Transaction,
    card_id: int,
    *,
    merchant_id: int,
    webhook_id: int,
    status: str,
    before: tuple[int, ...],
    limit: int,
) -> list[DeliveryRow]:
    """List one card's deliveries, the newest first; webhook 0, status '': of all."""
    sql = (
        _SELECT + " WHERE card_id = ? AND merchant_id = ? AND (? = 0 OR webhook_id = ?)"
        " AND (? = '' OR status = ?)"
    )
    return tx.all(
        DeliveryRow,
        sql + _OLDER + _NEWEST,
        card_id,
        merchant_id,
        webhook_id,
        webhook_id,
        status,
        status,
        *before,
        limit,
    )


def place_of(tx: Transaction, public_id: bytes) -> tuple[int, int, int] | None:
    """Find (card, webhook, sequence) of a delivery, or of an event (webhook 0), by its id."""
    return tx.one(
        lambda card_id, webhook_id, sequence: (int(card_id), int(webhook_id), int(sequence)),
        "SELECT card_id, webhook_id, sequence FROM webhook_delivery_by_public WHERE public_id = ?",
        public_id,
    )


def by_key(tx: Transaction, card_id: int, webhook_id: int, sequence: int) -> DeliveryRow | None:
    """Read a delivery."""
    sql = _SELECT + " WHERE card_id = ? AND webhook_id = ? AND sequence = ?"
    return tx.one(DeliveryRow, sql, card_id, webhook_id, sequence)


def of_event(tx: Transaction, card_id: int, sequence: int) -> list[DeliveryRow]:
    """List the deliveries of one event, an endpoint each."""
    sql = _SELECT + " WHERE card_id = ? AND sequence = ? ORDER BY webhook_id"
    return tx.all(DeliveryRow, sql, card_id, sequence)


def attempts_of(tx: Transaction, card_id: int, webhook_id: int, sequence: int) -> list[AttemptRow]:
    """List the tries of a delivery, the oldest first."""
    return tx.all(
        AttemptRow,
        "SELECT number, at, status_code, error, milliseconds, answer FROM webhook_attempt"
        " WHERE card_id = ? AND webhook_id = ? AND sequence = ? ORDER BY number",
        *(card_id, webhook_id, sequence),
    )


def body(tx: Transaction, card_id: int, sequence: int) -> str | None:
    """Read what is sent of an event."""
    sql = "SELECT body FROM webhook_body WHERE card_id = ? AND sequence = ?"
    found = tx.value(sql, card_id, sequence)
    return found if isinstance(found, str) else None


def lock_card(tx: Transaction, card_id: int) -> int | None:
    """Hold the card's event count for this unit of work; how many it has had, None: no card."""
    sql = "SELECT events FROM card_revision WHERE card_id = ?"
    found = tx.value(sql + tx.for_update, card_id)
    return found if isinstance(found, int) else None


def begin_again(tx: Transaction, card_id: int, webhook_id: int, sequence: int, *, now: int) -> None:
    """Have a delivery tried from the beginning, with all its tries."""
    tx.run(
        "UPDATE webhook_delivery SET status = 'pending', tries = 0, next_at = ?"
        " WHERE card_id = ? AND webhook_id = ? AND sequence = ?",
        *(now, card_id, webhook_id, sequence),
    )


def open_lane(
    tx: Transaction, card_id: int, webhook_id: int, merchant_id: int, *, next_at: int
) -> None:
    """Begin a queue of a card for an endpoint; one that stands keeps when it is tried next."""
    tx.run(
        "INSERT INTO webhook_lane (card_id, webhook_id, merchant_id, next_at, claimed_until)"
        " VALUES (?, ?, ?, ?, 0) ON CONFLICT (card_id, webhook_id) DO NOTHING",
        *(card_id, webhook_id, merchant_id, next_at),
    )


def hurry_lane(tx: Transaction, card_id: int, webhook_id: int, *, now: int) -> None:
    """Have the first of a queue tried now."""
    tx.run(
        "UPDATE webhook_lane SET next_at = ? WHERE card_id = ? AND webhook_id = ?",
        *(now, card_id, webhook_id),
    )


def ids_of_card(tx: Transaction, card_id: int) -> list[bytes]:
    """List what a card's deliveries and their events are called outside."""
    return tx.all(
        bytes,
        "SELECT public_id FROM webhook_delivery WHERE card_id = ?"
        " UNION SELECT event_id FROM webhook_delivery WHERE card_id = ?",
        *(card_id, card_id),
    )


def count_with(tx: Transaction, merchant_id: int, status: str) -> int:
    """Count a merchant's deliveries of a status. # across: a figure"""
    sql = "SELECT COUNT(*) FROM webhook_delivery WHERE merchant_id = ? AND status = ?"
    found = tx.value(sql, merchant_id, status)
    return found if isinstance(found, int) else 0
