"""What others may ask of cards; each story stands in a file of its own."""

from __future__ import annotations

from app.cards import holding_queries, queries
from app.cards.claiming import claim, find_claim, join
from app.cards.holding_queries import HeldCard
from app.cards.leaving import move_cards
from app.cards.making import Drawn, NumberOnly, draw_ids, make_number_only
from app.cards.queries import CardRow
from app.cards.registering import OWNER, hold, place_of, register
from app.errors import MissingScope, NotFound
from app.http.callers import Caller, ClaimCaller, UserCaller
from app.ids import parse_public_id
from app.storage.database import Transaction

__all__ = [
    "NumberOnly",
    "add_number_only",
    "card_id_of",
    "card_of_user",
    "cards_of_user",
    "claim",
    "draw_ids",
    "find_claim",
    "hold",
    "join",
    "move_cards",
    "place_of",
    "register",
    "seen_card",
]

MAY_SPEND = {"owner", "full"}  # who has read access sees the card and shows its code


def card_of_user(tx: Transaction, user_id: int, card_public: bytes) -> CardRow:
    """Return a card that the user holds. Raises NotFound for any other."""
    return held_by(tx, user_id, card_public).state.card


def held_by(tx: Transaction, user_id: int, card_public: bytes) -> HeldCard:
    """Return a card with the user's own side of it. Raises NotFound when he does not hold it."""
    card_id = queries.card_id_by_public(tx, card_public)
    held = None if card_id is None else holding_queries.held_card(tx, user_id, card_id)
    if held is None:
        raise NotFound
    return held


def fully_held(tx: Transaction, user_id: int, card_public: bytes) -> HeldCard:
    """Return a card whose units, vouchers and codes a user may use.

    Raises: NotFound; MissingScope for who may only see it (specs: api.md §4, shares).
    """
    held = held_by(tx, user_id, card_public)
    if held.holding.access not in MAY_SPEND:
        raise MissingScope("who may only see a card spends nothing of it", scope="full")
    return held


def card_of_claim(tx: Transaction, card_id: int, card_public: bytes) -> CardRow:
    """Return the card of a claim token, when a path names it. Raises NotFound for any other."""
    state = queries.card_state(tx, card_id)
    if state is None or state.card.public_id != card_public or state.card.voided_at is not None:
        raise NotFound
    return state.card


def seen_card(tx: Transaction, caller: Caller | None, text: str) -> CardRow:
    """Return the card that a path names by `card_…`, if the caller may see it. Raises NotFound."""
    raw = parse_public_id("card", text)
    if raw is None:
        raise NotFound
    if isinstance(caller, UserCaller):
        return card_of_user(tx, caller.user_id, raw)
    assert isinstance(caller, ClaimCaller)
    return card_of_claim(tx, caller.card_id, raw)


def card_id_of(tx: Transaction, card_public: bytes) -> int:
    """Return the internal id of a card. Raises NotFound."""
    card_id = queries.card_id_by_public(tx, card_public)
    if card_id is None:
        raise NotFound
    return card_id


def cards_of_user(
    tx: Transaction, user_id: int, *, after: tuple[int, int] = (-1, -1), limit: int = 5_000
) -> list[HeldCard]:
    """List a user's cards in his order, after a (position, card id)."""
    return holding_queries.held_cards(tx, user_id, after, limit)


def add_number_only(
    tx: Transaction, user_id: int, wanted: NumberOnly, *, drawn: Drawn, now: int
) -> CardRow:
    """Make a number-only card of a user; `hold` in the next unit of work finishes it."""
    card = make_number_only(tx, wanted, drawn=drawn, now=now)
    queries.insert_holder(tx, card.card_id, user_id, access=OWNER, now=now)
    return card
