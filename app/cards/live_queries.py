"""All SQL of following cards: one look at everything that a user's wallet shows."""

from __future__ import annotations

import hashlib

import msgspec

from app.storage.database import Transaction


class Seen(msgspec.Struct, frozen=True):
    """A card as it was at one look: its change count, and what stands for the holder's own side."""

    public_id: bytes
    revision: int
    own: bytes


def look(tx: Transaction, user_id: int) -> dict[int, Seen]:
    """See all cards that a user holds now, by our number."""
    return dict(
        tx.all(
            _seen,
            "SELECT h.card_id, c.public_id, r.revision, o.access, h.position, h.label, h.color,"
            " h.note, h.group_names, h.is_favorite, h.is_archived,"
            " (SELECT COUNT(*) FROM holder x WHERE x.card_id = h.card_id) FROM holding h"
            " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id"
            " JOIN card c ON c.card_id = h.card_id"
            " JOIN card_revision r ON r.card_id = h.card_id"
            " WHERE h.user_id = ? AND c.voided_at IS NULL",
            user_id,
        )
    )


def state(cards: dict[int, Seen]) -> str:
    """Name what a look found: the same on every machine while nothing changes."""
    seen = sorted((card, each.revision, each.own) for card, each in cards.items())
    return _digest(repr(seen)).hex()


def _seen(card_id: int, public_id: bytes, revision: int, *own: object) -> tuple[int, Seen]:
    return card_id, Seen(bytes(public_id), revision, _digest(repr(own)))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
