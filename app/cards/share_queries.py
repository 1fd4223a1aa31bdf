"""All SQL of sharing: invitations to a card, and who holds it beside its owner."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "share": "DELETE FROM share WHERE card_id = ? AND (made_by = ? OR used_by = ?)",
    "share_by_token": "DELETE FROM share_by_token WHERE token_hash = ?",
}
EXPORT = {  # of the cards that a user holds
    "shares": "SELECT c.public_id AS card_id, s.public_id AS share_id, s.access, s.created_at,"
    " s.expires_at, s.used_at FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN share s ON s.card_id = h.card_id AND (s.made_by = h.user_id OR s.used_by = h.user_id)"
    " WHERE h.user_id = ? ORDER BY s.card_id, s.share_id",
}

_SELECT = (
    "SELECT card_id, share_id, public_id, token_hash, access, made_by, created_at, expires_at,"
    " used_by, used_at FROM share "
)


class ShareRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation; of its token only the hash is kept."""

    card_id: int
    share_id: int
    public_id: bytes
    token_hash: bytes
    access: str
    made_by: int
    created_at: int
    expires_at: int
    used_by: int | None = None
    used_at: int | None = None


class HolderRow(msgspec.Struct, frozen=True):
    """Who holds a card, as what and since when."""

    user_id: int
    public_id: bytes
    display_name: str | None
    access: str
    since: int


def _row(*columns: object) -> ShareRow:
    return ShareRow(**dict(zip(ShareRow.__struct_fields__, columns, strict=True)))  # type: ignore[arg-type]


def card_id_by_token(tx: Transaction, token_hash: bytes) -> int | None:
    """Find the card of an invitation, open or not."""
    found = tx.value("SELECT card_id FROM share_by_token WHERE token_hash = ?", token_hash)
    return found if isinstance(found, int) else None


def by_token(tx: Transaction, card_id: int, token_hash: bytes) -> ShareRow | None:
    """Read an invitation by its token's hash."""
    return tx.one(_row, _SELECT + "WHERE card_id = ? AND token_hash = ?", card_id, token_hash)


def by_public(tx: Transaction, card_id: int, public_id: bytes) -> ShareRow | None:
    """Read an invitation of a card by its public id."""
    return tx.one(_row, _SELECT + "WHERE card_id = ? AND public_id = ?", card_id, public_id)


def of_card(tx: Transaction, card_id: int) -> list[ShareRow]:
    """List all invitations of a card, used and expired ones too."""
    return tx.all(_row, _SELECT + "WHERE card_id = ? ORDER BY share_id", card_id)


def open_shares(
    tx: Transaction, card_id: int, *, after: int, limit: int, now: int
) -> list[ShareRow]:
    """List the invitations of a card that may be accepted, oldest first."""
    return tx.all(
        _row,
        _SELECT + "WHERE card_id = ? AND share_id > ? AND used_by IS NULL AND expires_at > ?"
        " ORDER BY share_id LIMIT ?",
        *(card_id, after, now, limit),
    )


def insert(tx: Transaction, row: ShareRow) -> None:
    """Keep an invitation and the look-up of its token."""
    tx.run(
        "INSERT INTO share (card_id, share_id, public_id, token_hash, access, made_by,"
        " created_at, expires_at, used_by, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO share_by_token (token_hash, card_id, share_id) VALUES (?, ?, ?)",
        *(row.token_hash, row.card_id, row.share_id),
    )


def use(tx: Transaction, row: ShareRow, user_id: int, now: int) -> None:
    """Note who accepted an invitation."""
    tx.run(
        "UPDATE share SET used_by = ?, used_at = ? WHERE card_id = ? AND share_id = ?",
        *(user_id, now, row.card_id, row.share_id),
    )


def hand_over(tx: Transaction, card_id: int, *, from_user: int, to_user: int) -> None:
    """Let invitations that one user made or accepted be another's."""
    tx.run(
        "UPDATE share SET made_by = CASE WHEN made_by = ? THEN ? ELSE made_by END,"
        " used_by = CASE WHEN used_by = ? THEN ? ELSE used_by END WHERE card_id = ?",
        *(from_user, to_user, from_user, to_user, card_id),
    )


def delete(tx: Transaction, row: ShareRow) -> None:
    """Forget an invitation: its token finds nothing any more."""
    tx.run("DELETE FROM share_by_token WHERE token_hash = ?", row.token_hash)
    tx.run("DELETE FROM share WHERE card_id = ? AND share_id = ?", row.card_id, row.share_id)


def expired(tx: Transaction, before: int, limit: int) -> list[ShareRow]:
    """List some of the invitations that expired before a moment. # across: what is pruned"""
    return tx.all(_row, _SELECT + "WHERE expires_at < ? LIMIT ?", before, limit)


def holders(tx: Transaction, card_id: int) -> list[HolderRow]:
    """List who holds a card: its owner first, then the others as they came."""
    return tx.all(
        HolderRow,
        "SELECT h.user_id, u.public_id, u.display_name, h.access, h.since FROM holder h"
        " JOIN users u ON u.user_id = h.user_id WHERE h.card_id = ?"
        " ORDER BY CASE WHEN h.access = 'owner' THEN 0 ELSE 1 END, h.since, h.user_id",
        card_id,
    )


def count_invited(tx: Transaction, card_id: int) -> int:
    """Count who holds a card beside its owner."""
    found = tx.value("SELECT COUNT(*) FROM holder WHERE card_id = ? AND access <> 'owner'", card_id)
    return found if isinstance(found, int) else 0


def set_access(tx: Transaction, card_id: int, user_id: int, access: str) -> None:
    """Let a holder hold a card as something else."""
    tx.run(
        "UPDATE holder SET access = ? WHERE card_id = ? AND user_id = ?",
        *(access, card_id, user_id),
    )
