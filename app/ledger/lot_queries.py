"""SQL of lots: in spend order, by time, and those to which time brings something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.loyalty.book import NEVER
from app.loyalty.model import Lot
from app.storage.database import Transaction, Value

ERASE: dict[str, str] = {}
KEPT = {"lot": "figures by an id of ours"}
EXPORT = {  # of one hosted card
    "lots": "SELECT unit, amount, earned_at, CASE WHEN dies_at < 4611686018427387904 THEN dies_at"
    " ELSE NULL END AS expires_at, units_left, spent, expired FROM lot WHERE card_id = ?"
    " ORDER BY number",
}

_AS_EARNED = 0  # an `available_at` that is `earned_at`: of a lot that may be spent nobody asks it
Place = tuple[int, int, int]  # dies_at, earned_at, number
_SELECT = (
    "SELECT number, unit, amount, source, issuer, earned_at, available_at, dies_at, is_available,"
    " units_left, held, spent, expired, reversed, owed, withdrawn FROM lot"
)


def _lot(*row: object) -> Lot:
    lot = Lot(*row)  # type: ignore[arg-type]
    lot.is_available = bool(lot.is_available)
    if lot.available_at == _AS_EARNED:
        lot.available_at = lot.earned_at
    if lot.expires_at == NEVER:
        lot.expires_at = None
    return lot


def lot(tx: Transaction, card_id: int, number: int) -> Lot | None:
    """Read a lot."""
    return tx.one(_lot, _SELECT + " WHERE card_id = ? AND number = ?", card_id, number)


def spendable(tx: Transaction, card_id: int, unit: str, *, after: Place, limit: int) -> list[Lot]:
    """List lots with something left, those first that expire first, after a place."""
    return tx.all(
        _lot,
        _SELECT + " WHERE card_id = ? AND units_left > 0 AND unit = ? AND is_available = 1"
        " AND (dies_at, earned_at, number) > (?, ?, ?)"
        " ORDER BY dies_at, earned_at, number LIMIT ?",
        *(card_id, unit, *after, limit),
    )


def spendable_by_age(
    tx: Transaction, card_id: int, unit: str, *, after: tuple[int, int], limit: int
) -> list[Lot]:
    """List lots with something left, the oldest first, after (earned_at, number)."""
    return tx.all(
        _lot,
        _SELECT + " WHERE card_id = ? AND units_left > 0 AND unit = ? AND is_available = 1"
        " AND (earned_at, number) > (?, ?) ORDER BY earned_at, number LIMIT ?",
        *(card_id, unit, *after, limit),
    )


def maturing(tx: Transaction, card_id: int, until: int) -> list[Lot]:
    """List lots that may be spent from a moment at or before `until` on, and could not yet."""
    return tx.all(
        _lot,
        _SELECT + " WHERE card_id = ? AND is_available = 0 AND available_at <= ?",
        *(card_id, until),
    )


def dying(tx: Transaction, card_id: int, until: int) -> list[Lot]:
    """List lots with something left that expire at or before a moment."""
    return tx.all(
        _lot, _SELECT + " WHERE card_id = ? AND units_left > 0 AND dies_at <= ?", card_id, until
    )


def expiring(
    tx: Transaction, card_id: int, unit: str, *, after: Place, until: int, limit: int
) -> list[Lot]:
    """List lots with something left that expire after a place until a moment, by expiry."""
    return tx.all(
        _lot,
        _SELECT + " WHERE card_id = ? AND units_left > 0 AND unit = ?"
        " AND (dies_at, earned_at, number) > (?, ?, ?) AND dies_at <= ?"
        " ORDER BY dies_at, earned_at, number LIMIT ?",
        *(card_id, unit, *after, until, limit),
    )


def first_maturing(tx: Transaction, card_id: int, after: int) -> int | None:
    """Return the first moment after another at which a lot matures."""
    found = tx.value(
        "SELECT min(available_at) FROM lot WHERE card_id = ? AND is_available = 0"
        " AND available_at > ?",
        *(card_id, after),
    )
    return found if isinstance(found, int) else None


def first_dying(tx: Transaction, card_id: int, after: int) -> int | None:
    """Return the first moment after another at which a lot with something left expires."""
    found = tx.value(
        "SELECT min(dies_at) FROM lot WHERE card_id = ? AND units_left > 0 AND dies_at > ?"
        " AND dies_at < ?",
        *(card_id, after, NEVER),
    )
    return found if isinstance(found, int) else None


def next_death(tx: Transaction, card_id: int, unit: str) -> int | None:
    """Return when the first of a unit's available lots expires."""
    found = tx.value(
        "SELECT dies_at FROM lot WHERE card_id = ? AND units_left > 0 AND unit = ?"
        " AND is_available = 1 AND dies_at < ? ORDER BY dies_at LIMIT 1",
        *(card_id, unit, NEVER),
    )
    return found if isinstance(found, int) else None


def dying_at(tx: Transaction, card_id: int, unit: str, at: int) -> int:
    """Sum what is left of a unit's available lots that expire at a moment."""
    found = tx.value(
        "SELECT coalesce(sum(units_left), 0) FROM lot WHERE card_id = ? AND units_left > 0"
        " AND dies_at = ? AND unit = ? AND is_available = 1",
        *(card_id, at, unit),
    )
    assert isinstance(found, int)
    return found


def maturing_after(tx: Transaction, card_id: int, unit: str, after: int) -> int | None:
    """Return when the first of a unit's pending lots matures, after a moment."""
    found = tx.value(
        "SELECT min(available_at) FROM lot WHERE card_id = ? AND is_available = 0 AND unit = ?"
        " AND units_left > 0 AND available_at > ?",
        *(card_id, unit, after),
    )
    return found if isinstance(found, int) else None


def between(
    tx: Transaction,
    card_id: int,
    unit: str,
    *,
    after: tuple[int, int],
    end: int,
    limit: int,
) -> list[tuple[int, int, int]]:
    """List (number, earned_at, counted) of a unit's lots after a place until a moment, by time."""
    return tx.all(
        lambda number, at, counted: (int(number), int(at), int(counted)),
        "SELECT number, earned_at, amount - reversed FROM lot WHERE card_id = ? AND unit = ?"
        " AND (earned_at, number) > (?, ?) AND earned_at <= ? ORDER BY earned_at, number LIMIT ?",
        *(card_id, unit, *after, end, limit),
    )


def all_of(tx: Transaction, card_id: int) -> list[Lot]:
    """List all lots of a card, in order of their making."""
    return tx.all(_lot, _SELECT + " WHERE card_id = ? ORDER BY number", card_id)


def open_lots(tx: Transaction, card_id: int, limit: int) -> list[Lot]:
    """List lots with something left, those first that expire first."""
    return tx.all(
        _lot,
        _SELECT + " WHERE card_id = ? AND units_left > 0"
        " ORDER BY dies_at, earned_at, number LIMIT ?",
        *(card_id, limit),
    )


def granted_by(tx: Transaction, card_id: int, number: int) -> int | None:
    """Return the number of the transfer that made a lot."""
    found = tx.value("SELECT granted_by FROM lot WHERE card_id = ? AND number = ?", card_id, number)
    return found if isinstance(found, int) else None


def put(tx: Transaction, card_id: int, lots: Iterable[Lot], granted: dict[int, int]) -> None:
    """Write lots as a decision leaves them; `granted`: transfers that made the new ones."""
    rows: list[Sequence[Value]] = []
    for each in lots:
        dies_at = NEVER if each.expires_at is None else each.expires_at
        is_at_once = each.is_available and each.available_at == each.earned_at
        available_at = _AS_EARNED if is_at_once else each.available_at
        rows.append(
            (
                *(card_id, each.number, each.unit, each.amount, each.source, each.issuer),
                *(each.earned_at, available_at, dies_at, int(each.is_available), each.left),
                *(each.held, each.spent, each.expired, each.reversed, each.owed, each.withdrawn),
                granted.get(each.number, 0),
            )
        )
    tx.run_many(
        "INSERT INTO lot (card_id, number, unit, amount, source, issuer, earned_at, available_at,"
        " dies_at, is_available, units_left, held, spent, expired, reversed, owed, withdrawn,"
        " granted_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, number) DO UPDATE SET is_available = excluded.is_available,"
        " units_left = excluded.units_left, held = excluded.held, spent = excluded.spent,"
        " expired = excluded.expired, reversed = excluded.reversed, owed = excluded.owed,"
        " withdrawn = excluded.withdrawn",
        rows,
    )
