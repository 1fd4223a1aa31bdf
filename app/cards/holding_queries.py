"""All SQL of holdings: which cards a user has, in his order, with his own fields."""

from __future__ import annotations

import msgspec

from app.cards.queries import ACCOUNT, SELECT_CARD, CardState, state_of
from app.storage.database import Transaction

ERASE = {"holding": "DELETE FROM holding WHERE user_id = ?"}
EXPORT = {
    "cards": "SELECT c.public_id AS card_id, o.access, c.authority, p.public_id AS program_id,"
    " c.shop_name, c.number, c.barcode_value, c.barcode_format, c.own_value, c.own_currency,"
    " c.valid_from, c.expires_at, a.balances, a.tier, a.fields, a.message, a.as_of, h.label,"
    " h.color, h.note, h.group_names, h.is_favorite, h.is_archived, h.position, h.last_used_at,"
    " h.added_at, c.created_at FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id"
    " LEFT JOIN account a ON a.card_id = h.card_id"
    " LEFT JOIN program p ON p.program_id = c.program_id"
    " WHERE h.user_id = ? ORDER BY h.position, h.card_id",
}

_HOLDING = (
    ", o.access, h.position, h.label, h.color, h.note, h.group_names, h.is_favorite,"
    " h.is_archived, h.last_used_at,"
    " (SELECT sum(CASE p.side WHEN 'front' THEN 1 WHEN 'back' THEN 2 ELSE 4 END)"
    " FROM card_picture p WHERE p.user_id = o.user_id AND p.card_id = o.card_id)"
)
_HOLDING_COLUMNS = 9
_SIDES = ((1, "front"), (2, "back"), (4, "icon"))


class HoldingRow(msgspec.Struct, frozen=True):
    """The holder's own side of a card; `group_names` is a JSON list."""

    access: str
    position: int
    label: str | None = None
    color: str | None = None
    note: str | None = None
    group_names: str = "[]"
    is_favorite: int = 0
    is_archived: int = 0
    last_used_at: int | None = None


class HeldCard(msgspec.Struct, frozen=True):
    """A card as its holder sees it; `pictures`: the sides of which he has one."""

    state: CardState
    holding: HoldingRow
    pictures: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """How many cards a user holds and the position after the last."""

    count: int
    next_position: int


def _held(*row: object) -> HeldCard:
    *row, mask = row  # type: ignore[assignment]
    own, state = row[-_HOLDING_COLUMNS:], state_of(*row[:-_HOLDING_COLUMNS])
    if own[1] is None:  # the holder stands, his holding does not yet: a crash lay between
        return HeldCard(state, HoldingRow(str(own[0]), 0))
    sides = int(mask or 0)  # type: ignore[call-overload]
    pictures = tuple(side for bit, side in _SIDES if sides & bit)
    return HeldCard(state, HoldingRow(*own), pictures)  # type: ignore[arg-type]


def held_card(tx: Transaction, user_id: int, card_id: int) -> HeldCard | None:
    """Read a card as that user holds it; None when he does not, or it has ended."""
    return tx.one(
        _held,
        SELECT_CARD + ACCOUNT + _HOLDING + " FROM holder o"
        " JOIN card c ON c.card_id = o.card_id LEFT JOIN account a ON a.card_id = c.card_id"
        " LEFT JOIN holding h ON h.user_id = o.user_id AND h.card_id = o.card_id"
        " WHERE o.card_id = ? AND o.user_id = ? AND c.voided_at IS NULL",
        card_id,
        user_id,
    )


def held_cards(tx: Transaction, user_id: int, after: tuple[int, int], limit: int) -> list[HeldCard]:
    """List a user's cards in his order, after a (position, card id)."""
    return tx.all(
        _held,
        SELECT_CARD + ACCOUNT + _HOLDING + " FROM holding h"
        " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id"
        " JOIN card c ON c.card_id = h.card_id LEFT JOIN account a ON a.card_id = c.card_id"
        " WHERE h.user_id = ? AND (h.position, h.card_id) > (?, ?) AND c.voided_at IS NULL"
        " ORDER BY h.position, h.card_id LIMIT ?",
        *(user_id, *after, limit),
    )


def place(tx: Transaction, user_id: int) -> Place:
    """Say where a user's next card goes."""
    found = tx.one(
        Place,
        "SELECT count(*), coalesce(max(position) + 1, 0) FROM holding WHERE user_id = ?",
        user_id,
    )
    assert found is not None
    return found


def color_of(tx: Transaction, user_id: int, card_id: int) -> str | None:
    """Read the colour that the holder chose."""
    found = tx.value(
        "SELECT color FROM holding WHERE user_id = ? AND card_id = ?", user_id, card_id
    )
    return found if isinstance(found, str) else None


def card_ids(tx: Transaction, user_id: int) -> list[int]:
    """List all cards of a user."""
    return tx.all(
        int, "SELECT card_id FROM holding WHERE user_id = ? ORDER BY position, card_id", user_id
    )


def card_of_program(tx: Transaction, user_id: int, program_id: int, *, but: int) -> int | None:
    """Find a card of that program which the user holds already, other than one."""
    found = tx.value(
        "SELECT h.card_id FROM holding h JOIN card c ON c.card_id = h.card_id"
        " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id"
        " WHERE h.user_id = ? AND c.program_id = ? AND h.card_id <> ? AND c.voided_at IS NULL"
        " AND o.access = 'owner' ORDER BY h.added_at LIMIT 1",
        *(user_id, program_id, but),
    )
    return found if isinstance(found, int) else None


def holding(tx: Transaction, user_id: int, card_id: int) -> HoldingRow | None:
    """Read a user's own side of a card."""
    return tx.one(
        HoldingRow,
        "SELECT access, position, label, color, note, group_names, is_favorite, is_archived,"
        " last_used_at FROM holding WHERE user_id = ? AND card_id = ?",
        *(user_id, card_id),
    )


def insert(tx: Transaction, user_id: int, card_id: int, row: HoldingRow, *, now: int) -> None:
    """Put a card into a user's wallet; one that is there stays as it is."""
    tx.run(
        "INSERT INTO holding (user_id, card_id, access, position, label, color, note,"
        " group_names, is_favorite, is_archived, last_used_at, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, card_id) DO NOTHING",
        *(user_id, card_id, *msgspec.structs.astuple(row), now),
    )


def update(tx: Transaction, user_id: int, card_id: int, row: HoldingRow) -> None:
    """Write the holder's own fields."""
    tx.run(
        "UPDATE holding SET position = ?, label = ?, color = ?, note = ?, group_names = ?,"
        " is_favorite = ?, is_archived = ?, last_used_at = ? WHERE user_id = ? AND card_id = ?",
        *(row.position, row.label, row.color, row.note, row.group_names, row.is_favorite),
        *(row.is_archived, row.last_used_at, user_id, card_id),
    )


def delete(tx: Transaction, user_id: int, card_id: int) -> None:
    """Take a card out of a user's wallet."""
    tx.run("DELETE FROM holding WHERE user_id = ? AND card_id = ?", user_id, card_id)
