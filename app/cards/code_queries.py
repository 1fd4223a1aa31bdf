"""All SQL of codes that count once: secrets of rotating codes, used steps, one-time codes."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "card_secret": "DELETE FROM card_secret WHERE card_id = ?",
    "used_step": "DELETE FROM used_step WHERE card_id = ?",
    "one_time_code": "DELETE FROM one_time_code WHERE card_id = ?",
}
KEPT = {"card_by_one_time_code": "hashes of random codes, gone a day later"}
_OWNED = (
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
)
EXPORT = {  # when codes were used and where; the codes themselves are kept as hashes
    "codes_used": "SELECT c.public_id AS card_id, s.used_at, s.location_id"
    + _OWNED
    + " JOIN used_step s ON s.card_id = h.card_id WHERE h.user_id = ?"
    " ORDER BY h.card_id, s.used_at",
    "one_time_codes": "SELECT c.public_id AS card_id, n.created_at, n.expires_at, n.used_at,"
    " n.location_id" + _OWNED + " JOIN one_time_code n ON n.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.card_id, n.created_at",
}


class Use(msgspec.Struct, frozen=True):
    """Who used a code up, where and when; `ticket_key`: for which late ticket."""

    used_by: str
    location_id: str | None
    ticket_key: bytes | None
    used_at: int


class OneTimeRow(msgspec.Struct, frozen=True):
    """A one-time code and what became of it."""

    code_hash: bytes
    created_at: int
    expires_at: int
    used_by: str | None
    location_id: str | None
    ticket_key: bytes | None
    used_at: int | None


def sealed_secret(tx: Transaction, card_id: int) -> bytes | None:
    """Read the sealed secret of a card's rotating code."""
    found = tx.value("SELECT secret_sealed FROM card_secret WHERE card_id = ?", card_id)
    return found if isinstance(found, bytes) else None


def insert_secret(tx: Transaction, card_id: int, sealed: bytes, now: int) -> None:
    """Give a card a secret; one that is there stays."""
    tx.run(
        "INSERT INTO card_secret (card_id, secret_sealed, created_at) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id) DO NOTHING",
        *(card_id, sealed, now),
    )


def renew_secret(tx: Transaction, card_id: int, sealed: bytes, now: int) -> None:
    """Give a card another secret; one that has none goes on without."""
    tx.run(
        "UPDATE card_secret SET secret_sealed = ?, created_at = ? WHERE card_id = ?",
        *(sealed, now, card_id),
    )


def used_step(tx: Transaction, card_id: int, step: int) -> Use | None:
    """Say what used a step up."""
    return tx.one(
        Use,
        "SELECT used_by, location_id, ticket_key, used_at FROM used_step"
        " WHERE card_id = ? AND step = ?",
        *(card_id, step),
    )


def put_used_step(tx: Transaction, card_id: int, step: int, use: Use) -> None:
    """Note what uses a step up."""
    tx.run(
        "INSERT INTO used_step (card_id, step, used_by, location_id, ticket_key, used_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, step) DO UPDATE SET ticket_key = excluded.ticket_key",
        *(card_id, step, *msgspec.structs.astuple(use)),
    )


def prune_steps(tx: Transaction, card_id: int, before: int) -> None:
    """Forget steps that no ticket can name any more."""
    tx.run("DELETE FROM used_step WHERE card_id = ? AND step < ?", card_id, before)


def card_by_one_time_code(tx: Transaction, code_hash: bytes) -> int | None:
    """Find the card of a one-time code."""
    found = tx.value("SELECT card_id FROM card_by_one_time_code WHERE code_hash = ?", code_hash)
    return found if isinstance(found, int) else None


def one_time_code(tx: Transaction, card_id: int, code_hash: bytes) -> OneTimeRow | None:
    """Read a one-time code of a card."""
    return tx.one(
        OneTimeRow,
        "SELECT code_hash, created_at, expires_at, used_by, location_id, ticket_key, used_at"
        " FROM one_time_code WHERE card_id = ? AND code_hash = ?",
        *(card_id, code_hash),
    )


def insert_one_time_code(
    tx: Transaction, card_id: int, code_hash: bytes, *, expires_at: int, now: int
) -> None:
    """Make a one-time code and its look-up."""
    tx.run(
        "INSERT INTO one_time_code (card_id, code_hash, created_at, expires_at)"
        " VALUES (?, ?, ?, ?)",
        *(card_id, code_hash, now, expires_at),
    )
    tx.run(
        "INSERT INTO card_by_one_time_code (code_hash, card_id) VALUES (?, ?)",
        *(code_hash, card_id),
    )


def end_one_time_codes(tx: Transaction, card_id: int, now: int) -> None:
    """End the codes of a card that are in force."""
    tx.run(
        "UPDATE one_time_code SET expires_at = ? WHERE card_id = ? AND expires_at > ?"
        " AND used_at IS NULL",
        *(now, card_id, now),
    )


def use_one_time_code(tx: Transaction, card_id: int, code_hash: bytes, use: Use) -> None:
    """Note what uses a one-time code up."""
    tx.run(
        "UPDATE one_time_code SET used_by = ?, location_id = ?, ticket_key = ?, used_at = ?"
        " WHERE card_id = ? AND code_hash = ?",
        *(*msgspec.structs.astuple(use), card_id, code_hash),
    )


def old_one_time_codes(tx: Transaction, card_id: int, before: int) -> list[bytes]:
    """List the codes of a card that ended before a moment."""
    return tx.all(
        bytes, "SELECT code_hash FROM one_time_code WHERE card_id = ? AND expires_at < ?",
        *(card_id, before),
    )  # fmt: skip


def delete_one_time_code(tx: Transaction, card_id: int, code_hash: bytes) -> None:
    """Forget a code and its look-up."""
    tx.run("DELETE FROM one_time_code WHERE card_id = ? AND code_hash = ?", card_id, code_hash)
    tx.run("DELETE FROM card_by_one_time_code WHERE code_hash = ?", code_hash)
