"""A merchant enrols somebody: a card that nobody holds yet, and a token that links it."""

from __future__ import annotations

from typing import Any

from app.cards import consents, member_queries
from app.cards import queries as card_queries
from app.cards.hosted import lots_out, voucher_out
from app.cards.making import Drawn, add_claim, add_contact, known_card, make_of_program
from app.cards.numbers import Code, look_up_key
from app.cards.queries import Contact
from app.cards.referring import card_of_program, sponsor_of
from app.cards.schemas import LotOut, VoucherOut
from app.cards.showing import Showing
from app.clock import rfc3339
from app.errors import CardNotFound, Conflict, NotFound
from app.partners import queries
from app.partners.schemas import AccountOut, EnrolledOut
from app.programs.service import Program
from app.storage.database import Transaction

SEARCH_MAX = 20  # accounts found by name
VOUCHERS_SHOWN_MAX = 100  # in an account, the newest


def enrol(
    tx: Transaction,
    program: Program,
    codes: tuple[Code, ...],
    *,
    contact: Contact,
    referred_by: str | None = None,
    agreed: frozenset[str] = frozenset(),
    drawn: Drawn,
    link: str,
    now: int,
) -> tuple[int, EnrolledOut]:
    """Make the card (201), or return the account that a known number has (200).

    `link`: the claim address of the drawn token. While nobody holds the card, each answer brings
    a token that links it. `agreed`: consents of a new card. Raises: ProgramEnded, Conflict when no
    number is left to draw, InvalidInput for a sponsor that the program does not know.
    """
    sponsor = sponsor_of(tx, program, referred_by)
    card = make_of_program(
        *(tx, program, codes),
        drawn=drawn,
        now=now,
        referred_by=sponsor,
        birthday=contact.birthday,
    )
    status = 201
    if card is not None:
        card_id = card.card_id
        add_contact(tx, card_id, contact)
        consents.give(tx, program.program_id, card_id, agreed, now=now)
    else:
        status, card_id = 200, _known(tx, program, codes)
        card_queries.lock_card(tx, card_id)
    token = None
    if card_queries.owner_of(tx, card_id) is None:
        add_claim(tx, card_id, drawn.claim_token, now)
        token = drawn.claim_token
    members = account_members(tx, card_id, Showing(tx, now=now))
    return status, EnrolledOut(
        **members, link_token=token, claim_url=None if token is None else link
    )


def _known(tx: Transaction, program: Program, codes: tuple[Code, ...]) -> int:
    card_id = known_card(tx, program.program_id, codes[0].number) if len(codes) == 1 else None
    key = look_up_key(codes[0].number)
    if len(codes) == 1 and card_queries.is_retired(tx, program.program_id, key):
        raise Conflict("this number was a lost card's: nobody has it again")
    if card_id is None:
        raise Conflict("this program has no free number left to draw")
    state = card_queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        raise Conflict("the card of this number has ended")
    return card_id


def card_named(tx: Transaction, program: Program, text: str) -> int:
    """Find a program's card by number or `card_…`. Raises CardNotFound, for others' too."""
    card_id = card_of_program(tx, program.program_id, text)
    if card_id is None:
        raise CardNotFound
    return card_id


def account(tx: Transaction, card_id: int, show: Showing) -> AccountOut:
    """Show a card to its merchant."""
    return AccountOut(**account_members(tx, card_id, show))


def account_members(tx: Transaction, card_id: int, show: Showing) -> dict[str, Any]:
    """Return the members of AccountOut. Raises NotFound."""
    state = card_queries.card_state(tx, card_id)
    if state is None:
        raise NotFound
    contact = card_queries.contact(tx, card_id)
    enrolled_at: int | None = contact.enrolled_at if contact else state.card.created_at
    lots: list[LotOut] = []
    vouchers: list[VoucherOut] = []
    view = show.view(state.card)
    if view is not None:
        enrolled_at, lots = view.enrolled_at, lots_out(tx, view)
        vouchers = [voucher_out(each) for each in view.vouchers[:VOUCHERS_SHOWN_MAX]]
    return {
        **show.facts(state),
        "display_name": contact.display_name if contact else None,
        "enrolled_at": None if enrolled_at is None else rfc3339(enrolled_at),
        "lots": lots,
        "vouchers": vouchers,
        "consents": consents.of_account(tx, card_id),
    }


def search(tx: Transaction, program: Program, text: str, *, now: int) -> list[AccountOut]:
    """Find accounts by number or barcode value as given, else by part of a name or number.

    So does a number that a card had until it was lost: somebody has found it.
    """
    show = Showing(tx, now=now)
    exact = [
        known_card(tx, program.program_id, text),
        card_queries.card_id_by_number(tx, program.program_id, "barcode", look_up_key(text)),
    ]
    found = {card_id for card_id in exact if card_id is not None}
    found |= set(member_queries.cards_by_former(tx, program.program_id, text, SEARCH_MAX))
    if not found:
        part = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found |= set(queries.cards_by_name(tx, program.program_id, f"%{part}%", SEARCH_MAX))
    return [account(tx, card_id, show) for card_id in sorted(found)]
