"""A card as it leaves in an export: what is stored, what is shown of it, its pictures."""

from __future__ import annotations

import msgspec

from app.cards.holding_queries import HeldCard
from app.cards.schemas import CardOut
from app.imports.found import OwnBalance

SIDES = ("front", "back", "icon")


class LeavingCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card. `balance`: the figure shown, the user's own or, of a live card, its program's.

    `pictures`: PNG by side.
    """

    held: HeldCard
    shown: CardOut
    balance: OwnBalance | None
    pictures: dict[str, bytes]


class LeavingWallet(msgspec.Struct, frozen=True, kw_only=True):
    """All cards in the user's order, as they are at a moment (Unix microseconds)."""

    cards: tuple[LeavingCard, ...]
    language: str
    at: int


def groups_of(wallet: LeavingWallet) -> list[str]:
    """List the groups in the order of the cards that first name them."""
    return list(dict.fromkeys(name for card in wallet.cards for name in card.shown.groups))
