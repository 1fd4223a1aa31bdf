"""A program's card by what people call it, and who brought somebody."""

from __future__ import annotations

from app.cards import queries
from app.cards.making import known_card
from app.errors import invalid
from app.ids import parse_public_id
from app.programs.service import Program
from app.storage.database import Transaction


def card_of_program(tx: Transaction, program_id: int, text: str) -> int | None:
    """Find a program's card by number or `card_…`; None for others' and for one that has ended."""
    raw = parse_public_id("card", text)
    if raw is None:
        card_id = known_card(tx, program_id, text)
    else:
        card_id = queries.card_id_by_public(tx, raw)
    state = None if card_id is None else queries.card_state(tx, card_id)
    if state is None or state.card.program_id != program_id or state.card.voided_at is not None:
        return None
    return state.card.card_id


def sponsor_of(tx: Transaction, program: Program, referred_by: str | None) -> int | None:
    """Return the card of who brought somebody; None where nobody did.

    It is looked up before the new card is there, so that nobody refers himself. Raises
    InvalidInput for a card that a hosted program does not know.
    """
    if referred_by is None or program.authority != "ledger":
        return None
    sponsor = card_of_program(tx, program.program_id, referred_by.strip())
    if sponsor is None:
        raise invalid("referred_by", "the program knows no such card")
    return sponsor
