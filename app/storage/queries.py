"""SQL of the storage room itself: who was erased, and whether that is still to be applied."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "erased": "random public ids of what is gone, so that a restored backup erases them again",
}
_RESTORED = "restored"  # a row of this kind says that the list was not applied yet


class Erased(msgspec.Struct, frozen=True):
    """A user or card that was erased: kind, its public id's bytes, the moment."""

    kind: str
    public_id: bytes
    at: int


def note_erased(tx: Transaction, gone: Erased) -> None:
    """Remember that something was erased; a second time changes nothing."""
    tx.run(
        "INSERT INTO erased (kind, public_id, at) VALUES (?, ?, ?)"
        " ON CONFLICT (kind, public_id) DO NOTHING",
        gone.kind,
        gone.public_id,
        gone.at,
    )


def all_erased(tx: Transaction) -> list[Erased]:
    """List everything ever erased, oldest first. # across: a restore applies all of it"""
    return tx.all(
        Erased,
        "SELECT kind, public_id, at FROM erased WHERE kind <> ? ORDER BY at, public_id",
        _RESTORED,
    )


def mark_restored(tx: Transaction, now: int) -> None:
    """Note that this database came from a backup: erase again before anybody is served."""
    note_erased(tx, Erased(_RESTORED, b"", now))


def is_erasure_due(tx: Transaction) -> bool:
    """Say whether this database was restored and nobody was erased again yet."""
    return tx.value("SELECT at FROM erased WHERE kind = ?", _RESTORED) is not None


def mark_erasure_done(tx: Transaction) -> None:
    """Note that the list of erased ids was applied to the restored database."""
    tx.run("DELETE FROM erased WHERE kind = ?", _RESTORED)
