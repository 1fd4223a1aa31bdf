"""A lost card gets another number: what it holds stays, what shows the old number ends."""

from __future__ import annotations

import msgspec

from app.cards import claim_queries, member_queries, pass_queries, queries
from app.cards.ending import renew_codes
from app.cards.member_queries import NOBODY, FormerRow
from app.cards.notes import Noted, note
from app.cards.numbers import Code, look_up_key
from app.cards.queries import CardRow
from app.errors import CardNotFound, Conflict, invalid
from app.outbox import service as outbox
from app.outbox.service import Changed, Event
from app.storage.database import Transaction

RENUMBERED = "renumbered"
_LAST_DIGITS = 4  # of a former number, as much as a note tells


class Renumbering(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn before the unit of work. `codes`: one that was typed, or drawn ones.

    `named`: the number by which the card was called; None: by its id. `sealed`: of
    `ending.draw_end`.
    """

    codes: tuple[Code, ...]
    named: str | None
    is_drawn: bool
    sealed: bytes
    former_id: int
    event_id: bytes
    noted: Noted


def renumber(tx: Transaction, card_id: int, wanted: Renumbering, *, now: int) -> None:
    """Give a card another number; its family only, and the look-ups of its numbers.

    Units, vouchers, tier and holders stay. All its passes are voided and their phones told; the
    secret of its rotating code is another; one-time codes, claim tokens and mailed codes end.
    The old number and barcode value belong to nobody, for ever, but to this card once it is found.
    Raises: CardNotFound, also when somebody else gave it a number just now; Conflict; InvalidInput.
    """
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None or card.program_id is None:
        raise CardNotFound
    if wanted.named is not None and look_up_key(wanted.named) != look_up_key(card.number):
        raise CardNotFound  # two at once: the other was first
    code = _taken(tx, card, card.program_id, wanted)
    _retire(tx, card, card.program_id, former_id=wanted.former_id, now=now)
    member_queries.set_code(tx, card_id, (code.number, code.barcode_value, code.barcode_format))
    pass_queries.void(tx, card_id, now)
    renew_codes(tx, card_id, sealed=wanted.sealed, now=now)
    claim_queries.use_claims(tx, card_id, now)
    claim_queries.delete_link_code(tx, card_id)
    about = {"from": card.number[-_LAST_DIGITS:]}
    note(tx, card_id, wanted.noted, kind=RENUMBERED, about=about)
    event = Event(wanted.event_id, "card.renumbered", {})
    outbox.change(tx, Changed(card_id, outbox.SINGLE, (event,)), now=now)


def _taken(tx: Transaction, card: CardRow, program_id: int, wanted: Renumbering) -> Code:
    """Take the first number that is free, with its barcode value."""
    old = {look_up_key(card.number), look_up_key(card.barcode_value)}
    for code in wanted.codes:
        if {look_up_key(code.number), look_up_key(code.barcode_value)} & old:
            if wanted.is_drawn:
                continue
            raise invalid("number", "the lost card's number or barcode would still work")
        if not _take(tx, card.card_id, (program_id, "number", code.number)):
            continue
        if not _take(tx, card.card_id, (program_id, "barcode", code.barcode_value)):
            raise Conflict("another card of this program has this barcode value")
        return code
    if wanted.is_drawn:
        raise Conflict("this program has no free number left to draw")
    raise Conflict("another card has, or had, this number")


def _take(tx: Transaction, card_id: int, wanted: tuple[int, str, str]) -> bool:
    """Point (program, kind, value) at the card: a new number, or one that was its own before."""
    program_id, kind, value = wanted
    key = look_up_key(value)
    if queries.take_number(tx, program_id, kind, key, card_id=card_id):
        return True
    for row in member_queries.former_numbers(tx, card_id):
        former = row.number if kind == "number" else row.barcode_value
        if look_up_key(former) == key:
            place = (program_id, kind, key)
            return member_queries.point_number(tx, *place, from_card=NOBODY, to_card=card_id)
    return False


def _retire(tx: Transaction, card: CardRow, program_id: int, *, former_id: int, now: int) -> None:
    for kind, value in (("number", card.number), ("barcode", card.barcode_value)):
        place = (program_id, kind, look_up_key(value))
        member_queries.point_number(tx, *place, from_card=card.card_id, to_card=NOBODY)
    row = FormerRow(former_id, card.number, card.barcode_value, now)
    member_queries.insert_former(tx, card.card_id, row)
