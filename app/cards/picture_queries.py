"""All SQL of pictures of cards: each holder's own front, back and icon."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"card_picture": "DELETE FROM card_picture WHERE user_id = ?"}
EXPORT = {
    "pictures": "SELECT c.public_id AS card_id, p.side, p.png FROM card_picture p"
    " JOIN card c ON c.card_id = p.card_id WHERE p.user_id = ? ORDER BY p.card_id, p.side",
}


class PictureRow(msgspec.Struct, frozen=True):
    """A picture as it is kept, a PNG of ours."""

    card_id: int
    side: str
    png: bytes


def picture(tx: Transaction, user_id: int, card_id: int, side: str) -> bytes | None:
    """Read one picture."""
    found = tx.value(
        "SELECT png FROM card_picture WHERE user_id = ? AND card_id = ? AND side = ?",
        *(user_id, card_id, side),
    )
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def pictures_of(tx: Transaction, user_id: int) -> list[PictureRow]:
    """Read all pictures of a user."""
    return tx.all(
        PictureRow,
        "SELECT card_id, side, png FROM card_picture WHERE user_id = ? ORDER BY card_id, side",
        user_id,
    )


def bytes_beside(tx: Transaction, user_id: int, card_id: int, side: str) -> int:
    """Sum up how big a user's pictures are, without the one that is about to be replaced."""
    found = tx.value(
        "SELECT coalesce(sum(length(png)), 0) FROM card_picture"
        " WHERE user_id = ? AND NOT (card_id = ? AND side = ?)",
        *(user_id, card_id, side),
    )
    assert found is not None
    return int(found)


def put(tx: Transaction, user_id: int, picture: PictureRow) -> None:
    """Keep a picture in the place of the last one."""
    tx.run(
        "INSERT INTO card_picture (user_id, card_id, side, png) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, card_id, side) DO UPDATE SET png = excluded.png",
        *(user_id, picture.card_id, picture.side, picture.png),
    )


def delete(tx: Transaction, user_id: int, card_id: int, side: str) -> int:
    """Delete one picture; return how many there were."""
    return tx.run(
        "DELETE FROM card_picture WHERE user_id = ? AND card_id = ? AND side = ?",
        *(user_id, card_id, side),
    )


def delete_of_card(tx: Transaction, user_id: int, card_id: int) -> None:
    """Delete all that a user has of a card."""
    tx.run("DELETE FROM card_picture WHERE user_id = ? AND card_id = ?", user_id, card_id)


def copy(tx: Transaction, card_id: int, *, from_user: int, to_user: int) -> None:
    """Give another user the pictures; what he has himself stays."""
    tx.run(
        "INSERT INTO card_picture (user_id, card_id, side, png)"
        " SELECT CAST(? AS BIGINT), card_id, side, png FROM card_picture"
        " WHERE user_id = ? AND card_id = ? ON CONFLICT (user_id, card_id, side) DO NOTHING",
        *(to_user, from_user, card_id),
    )
