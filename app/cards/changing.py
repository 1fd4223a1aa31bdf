"""What a holder may change: his own side of a card, and a number-only card itself."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from app.cards import holding_queries, queries
from app.cards.holding_queries import HeldCard, HoldingRow
from app.cards.numbers import Rule, judge
from app.cards.queries import CardRow
from app.cards.registering import OWNER
from app.cards.schemas import CardChange
from app.errors import MissingScope, NotFound, invalid
from app.http.fields import moment
from app.outbox import service as outbox
from app.storage.database import Transaction

_CARD_FIELDS = ("shop_name", "number", "barcode_value", "barcode_format")
_OWN_CARD_FIELDS = (*_CARD_FIELDS, "own_balance", "valid_from", "expires_at")


def judge_change(held: HeldCard, change: CardChange) -> CardRow | None:
    """Return the card as changed, None when only the holder's own side changes.

    Raises: InvalidInput naming a field that this card does not let change, MissingScope for who
    was only shared it, InvalidBarcode, PaymentCard.
    """
    card = held.state.card
    named = [name for name in _OWN_CARD_FIELDS if getattr(change, name) is not UNSET]
    if not named:
        return None
    if held.holding.access != OWNER:
        raise MissingScope("only the owner of a card may change this", scope=OWNER)
    if card.program_id is not None:
        raise invalid(named[0], "only the owner of a number-only card may change this")
    code = _code(card, change)
    own = change.own_balance
    if own is UNSET:
        value, currency = card.own_value, card.own_currency
    else:
        value, currency = (own.value, own.currency) if own else (None, None)
    changed = msgspec.structs.replace(
        card,
        shop_name=card.shop_name if change.shop_name is UNSET else change.shop_name.strip(),
        own_value=value,
        own_currency=currency,
        valid_from=_moment("valid_from", change.valid_from, card.valid_from),
        expires_at=_moment("expires_at", change.expires_at, card.expires_at),
        **code,
    )
    if not changed.shop_name:
        raise invalid("shop_name", "a name is expected")
    return changed


def shows_color(card: CardRow, change: CardChange) -> bool:
    """Say whether the holder's colour is that of the pass: on number-only cards it is."""
    return card.program_id is None and change.color is not UNSET


def change_holding(
    tx: Transaction, user_id: int, card_id: int, change: CardChange, *, now: int
) -> None:
    """Write the holder's own side; the user's family only. Raises NotFound."""
    access = queries.access_of(tx, card_id, user_id)
    if access is None:
        raise NotFound
    row = holding_queries.holding(tx, user_id, card_id)
    if row is None:  # a crash lay between the card and its holding
        position = holding_queries.place(tx, user_id).next_position
        row = HoldingRow(access, position)
        holding_queries.insert(tx, user_id, card_id, row, now=now)
    changes = {
        name: getattr(change, name)
        for name in ("label", "color", "note", "is_favorite", "is_archived", "position")
        if getattr(change, name) is not UNSET
    }
    if change.groups is not UNSET:
        changes["group_names"] = msgspec.json.encode(change.groups).decode()
    holding_queries.update(tx, user_id, card_id, msgspec.structs.replace(row, **changes))


def change_card(
    tx: Transaction, user_id: int, change: CardRow | None, *, card_id: int, now: int
) -> None:
    """Write the card where it changes, and tell its phones; the card's family only.

    Without a change of the card its passes still have a new colour. Raises NotFound.
    """
    standing = queries.lock_card(tx, card_id)
    if standing is None or standing.voided_at is not None:
        raise NotFound
    if queries.access_of(tx, card_id, user_id) is None:
        raise NotFound
    if change is not None:
        queries.update_own_card(tx, change)
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)


def _code(card: CardRow, change: CardChange) -> dict[str, str]:
    if all(getattr(change, name) is UNSET for name in _CARD_FIELDS[1:]):
        return {}
    number = card.number if change.number is UNSET else change.number
    if change.barcode_value is not UNSET:
        value = change.barcode_value
    else:  # a value that was the number goes on being it
        value = None if card.barcode_value == card.number else card.barcode_value
    if change.barcode_format is not UNSET:
        barcode_format = change.barcode_format
    else:
        barcode_format = card.barcode_format
    code = judge(number, value=value, barcode_format=barcode_format, rule=Rule())
    return msgspec.structs.asdict(code)


def _moment(path: str, given: str | msgspec.UnsetType | None, standing: int | None) -> int | None:
    if given is UNSET:
        return standing
    return moment(path, given) if isinstance(given, str) else None
