"""Finds somebody without a card at hand, where the program lets its tills search."""

from __future__ import annotations

from app.cards import queries as cards
from app.checkout import queries
from app.checkout.schemas import Hit, Hits, NewSearch
from app.checkout.seller import Seller
from app.errors import NotFound, invalid
from app.ids import public_id
from app.programs.partnering import programs_at_till
from app.storage.database import Transaction

HITS_MAX = 5
LAST_DIGITS = 4
NAME_LETTERS_MIN = 2
PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 6, 9  # national digits without a 0 or a country in front


def search(tx: Transaction, seller: Seller, wanted: NewSearch) -> Hits:
    """Find at most five cards by the beginning of a name's word, or by a phone.

    Raises: NotFound where no program of the till's allows it; InvalidInput.
    """
    if (wanted.name is None) == (wanted.phone is None):
        raise invalid("name", "exactly one of name and phone is needed")
    programs = [
        program
        for program in programs_at_till(tx, seller.merchant_id)
        if program.document.settings.till_search
    ]
    if not programs:
        raise NotFound
    found: list[int] = []
    for program in programs:
        left = HITS_MAX - len(found)
        if left <= 0:
            break
        if wanted.name is not None:
            begins = _begins(wanted.name)
            found += queries.cards_by_name(tx, program.program_id, begins, left)
        else:
            ending = _phone_ending(wanted.phone or "")
            found += queries.cards_by_phone(tx, program.program_id, ending, left)
    return Hits(items=[_hit(tx, card_id) for card_id in found])


def _hit(tx: Transaction, card_id: int) -> Hit:
    state, contact = cards.card_state(tx, card_id), cards.contact(tx, card_id)
    assert state is not None, "it was found in this snapshot"
    words = (contact.display_name or "").split() if contact else []
    return Hit(
        card_id=public_id("card", state.card.public_id),
        first_name=words[0] if words else None,
        last_digits=state.card.number[-LAST_DIGITS:],
    )


def _begins(name: str) -> str:
    text = name.strip().lower()
    if len(text) < NAME_LETTERS_MIN:
        raise invalid("name", f"at least {NAME_LETTERS_MIN} letters are needed")
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _phone_ending(phone: str) -> str:
    """Return the digits that a number has whether or not its country is written."""
    digits = "".join(each for each in phone if each.isdigit()).lstrip("0")
    if len(digits) < PHONE_DIGITS_MIN:
        raise invalid("phone", f"at least {PHONE_DIGITS_MIN} digits are needed")
    return digits[-PHONE_DIGITS_MAX:]
