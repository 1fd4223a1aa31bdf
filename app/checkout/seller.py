"""Who sells: a till, or a merchant's own system; and what it may see."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from app.cards import queries as cards
from app.cards.hosted import Speaker, speaker_of
from app.cards.queries import CardState
from app.errors import NotFound, WrongAuthority
from app.http.callers import MerchantCaller, TillCaller, caller_of
from app.ids import parse_public_id
from app.programs import service as programs
from app.programs.coalitions import merchant_slug
from app.programs.partnering import is_at_till
from app.programs.service import Program
from app.storage.database import Transaction
from app.users.mails import preferred_language


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose till asks. `name`: how used codes remember it; `till_id` None: the merchant's key.

    `language`: what a till's page is read in; None: the program's first.
    """

    merchant_id: int
    name: str
    till_id: int | None = None
    location_id: str | None = None
    language: str | None = None


class Known(msgspec.Struct, frozen=True):
    """A card that a seller may see, with its program."""

    state: CardState
    program: Program

    @property
    def card_id(self) -> int:
        """Its id inside."""
        return self.state.card.card_id


def seller_of(request: Request[Any, Any, Any]) -> Seller:
    """Return who sells, on a route for tills and merchants."""
    caller = caller_of(request)
    match caller:
        case TillCaller():
            return Seller(
                merchant_id=caller.merchant_id,
                name=f"till:{caller.till_id}",
                till_id=caller.till_id,
                location_id=caller.location_id,
                language=_language(request.headers.get("accept-language")),
            )
        case MerchantCaller(key_id=0):
            return Seller(merchant_id=caller.merchant_id, name=f"user:{caller.user_id}")
        case MerchantCaller():
            return Seller(merchant_id=caller.merchant_id, name=f"key:{caller.key_id}")
        case _:
            raise AssertionError("the route's `callers` are tills and merchants")


def known_card(tx: Transaction, seller: Seller, card_id: int | None) -> Known | None:
    """Find a card in force that this seller's programs know."""
    state = None if card_id is None else cards.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None or state.card.program_id is None:
        return None
    program = programs.program_by_id(tx, state.card.program_id)
    if program is None or not is_at_till(tx, seller.merchant_id, program):
        return None
    return Known(state, program)


def card_named(tx: Transaction, seller: Seller, text: str) -> Known:
    """Find a card by `card_…`. Raises NotFound, for others' too."""
    raw = parse_public_id("card", text)
    found = None
    if raw is not None:
        found = known_card(tx, seller, cards.card_id_by_public(tx, raw))
    if found is None:
        raise NotFound
    return found


def hosted(known: Known) -> Known:
    """Refuse a card whose balance somebody else knows. Raises WrongAuthority."""
    if known.program.authority != "ledger":
        raise WrongAuthority("this program's balances are its merchant's own: ask its system")
    return known


def spoken_to(tx: Transaction, program: Program, language: str | None) -> Speaker:
    """Speak of a program to a till, in its language where the program has words in it."""
    speaker = speaker_of(tx, program)
    if language is None or language not in speaker.content.languages:
        return speaker
    return msgspec.structs.replace(speaker, language=language)


def _language(header: str | None) -> str | None:
    return None if header is None or header in {"", "*"} else preferred_language(header)


def slug_of(tx: Transaction, seller: Seller) -> str:
    """Return the slug that stands as `merchant` on tickets."""
    return merchant_slug(tx, seller.merchant_id)
