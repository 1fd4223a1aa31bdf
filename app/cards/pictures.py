"""What a holder sees of his card: its front, its back, an icon. His own, also of a shared card."""

from __future__ import annotations

from typing import Literal

from app.cards import picture_queries, queries
from app.cards.picture_queries import PictureRow
from app.errors import Conflict, NotFound
from app.http.ports import Ports
from app.storage.database import Transaction
from app.users import queries as users

Side = Literal["front", "back", "icon"]
# Of a user. With base64 around them, an export of them all can be imported again (20 MiB).
BYTES_MAX = 14 * 1024 * 1024


async def reencoded(ports: Ports, side: Side, data: bytes) -> bytes:
    """Make a plain PNG of ours of what was sent. Raises TooBig, InvalidPicture."""
    return await (ports.pictures.icon(data) if side == "icon" else ports.pictures.photo(data))


def keep(tx: Transaction, user_id: int, picture: PictureRow) -> None:
    """Keep a re-encoded picture in the place of the last one; the user's family only.

    Raises: NotFound when he does not hold the card, Conflict when his pictures take too much.
    """
    users.lock_user(tx, user_id)
    if queries.access_of(tx, picture.card_id, user_id) is None:
        raise NotFound
    others = picture_queries.bytes_beside(tx, user_id, picture.card_id, picture.side)
    if others + len(picture.png) > BYTES_MAX:
        raise Conflict(f"the pictures of a wallet take at most {BYTES_MAX:,} bytes")
    picture_queries.put(tx, user_id, picture)


def drop(tx: Transaction, user_id: int, card_id: int, side: Side) -> None:
    """Delete a picture; the user's family only. Raises NotFound when there is none."""
    users.lock_user(tx, user_id)
    if not picture_queries.delete(tx, user_id, card_id, side):
        raise NotFound
