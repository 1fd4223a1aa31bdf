"""A user registers a card: the card first, which decides who may; then his holding."""

from __future__ import annotations

import hmac

import msgspec

from app.cards import claim_queries, holding_queries, pass_queries, queries
from app.cards.holding_queries import HeldCard, HoldingRow
from app.cards.making import Drawn, NumberOnly, known_card, make_number_only, make_of_program
from app.cards.numbers import Code, look_up_key
from app.cards.queries import CardRow
from app.cards.schemas import CardOut
from app.cards.showing import Showing
from app.errors import Conflict, ProofNeeded
from app.ids import digest, parse_public_id
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users

CARDS_PER_USER_MAX = 5_000
LINK_CODE_TRIES_MAX = 5
OWNER = "owner"
RANK = {"read": 1, "full": 2, OWNER: 3}  # whoever holds a card as more may all that less may


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a user registers, judged already; `codes`: one typed, or several drawn ones.

    `own` holds his own fields and the place read before; `code_hash`: of a mailed code.
    """

    user_id: int
    program: Program | None
    shop_name: str
    codes: tuple[Code, ...]
    is_drawn: bool
    own: HoldingRow
    link_token: str | None = None
    code_hash: bytes | None = None


class Registered(msgspec.Struct, frozen=True):
    """The card, and whether this made it or linked it (201), or the user had it (200)."""

    card: CardOut
    is_new: bool


def place_of(tx: Transaction, user_id: int) -> int:
    """Return the position of a user's next card. Raises Conflict when he has too many."""
    place = holding_queries.place(tx, user_id)
    if place.count >= CARDS_PER_USER_MAX:
        raise Conflict(f"a wallet holds at most {CARDS_PER_USER_MAX} cards")
    return place.next_position


def is_claim(tx: Transaction, user_id: int, program: Program, number: str) -> bool:
    """Say whether registering this number is a claim: the program knows it, the user has it not."""
    card_id = known_card(tx, program.program_id, number)
    if card_id is None:
        return queries.is_retired(tx, program.program_id, look_up_key(number))
    return queries.access_of(tx, card_id, user_id) is None


def register(tx: Transaction, wanted: Registration, *, drawn: Drawn, now: int) -> Registered:
    """Make the card or link the one that is known; the card's family only.

    Raises: ProofNeeded; Conflict when no number is left to draw.
    """
    program = wanted.program
    if program is None:
        shop = NumberOnly(shop_name=wanted.shop_name, code=wanted.codes[0])
        card = make_number_only(tx, shop, drawn=drawn, now=now)
        return _hold(tx, card, wanted, now)
    known = None
    if not wanted.is_drawn:
        known = known_card(tx, program.program_id, wanted.codes[0].number)
    if known is None:
        made = _make(tx, program, wanted, drawn=drawn, now=now)
        if made is not None:
            return _hold(tx, made, wanted, now)
        known = known_card(tx, program.program_id, wanted.codes[0].number)
        if wanted.is_drawn:
            raise Conflict("this program has no free number left to draw")
        if known is None:
            raise ProofNeeded  # a lost card had it: nobody is told more than of any known number
    return _link(tx, known, wanted, now)


def count_try(tx: Transaction, card_id: int) -> None:
    """Count a try at a mailed code, before it is compared: it stays counted when refused."""
    queries.lock_card(tx, card_id)
    claim_queries.count_try(tx, card_id)


def hold(tx: Transaction, user_id: int, card_public: str, own: HoldingRow, *, now: int) -> None:
    """Put a registered card into the user's wallet; the user's family only, harmless twice.

    Nothing happens to a card which he holds no more: a repeat comes late.
    """
    if users.lock_user(tx, user_id) is None:
        return  # erased meanwhile
    raw = parse_public_id("card", card_public)
    card_id = None if raw is None else queries.card_id_by_public(tx, raw)
    if card_id is None:
        return
    access = queries.access_of(tx, card_id, user_id)
    if access is not None:
        row = msgspec.structs.replace(own, access=access)
        holding_queries.insert(tx, user_id, card_id, row, now=now)


def give_to(tx: Transaction, card_id: int, user_id: int, now: int) -> None:
    """Let a user own a card that nobody holds; tokens and codes are used up, passes are his."""
    queries.insert_holder(tx, card_id, user_id, access=OWNER, now=now)
    claim_queries.use_claims(tx, card_id, now)
    claim_queries.delete_link_code(tx, card_id)
    pass_queries.hand_over(tx, card_id, from_user=0, to_user=user_id)


def _make(
    tx: Transaction, program: Program, wanted: Registration, *, drawn: Drawn, now: int
) -> CardRow | None:
    try:
        return make_of_program(tx, program, wanted.codes, drawn=drawn, now=now)
    except Conflict:
        raise ProofNeeded from None  # the barcode value is another card's


def _hold(tx: Transaction, card: CardRow, wanted: Registration, now: int) -> Registered:
    queries.insert_holder(tx, card.card_id, wanted.user_id, access=OWNER, now=now)
    return Registered(_shown(tx, card.card_id, wanted.own, now), True)


def _link(tx: Transaction, card_id: int, wanted: Registration, now: int) -> Registered:
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise ProofNeeded
    access = queries.access_of(tx, card_id, wanted.user_id)
    if access is not None:
        own = holding_queries.holding(tx, wanted.user_id, card_id) or wanted.own
        return Registered(
            _shown(tx, card_id, msgspec.structs.replace(own, access=access), now), False
        )
    if queries.owner_of(tx, card_id) is not None:
        raise ProofNeeded
    if not _is_open(wanted) and not _is_proven(tx, card_id, wanted, now):
        raise ProofNeeded
    give_to(tx, card_id, wanted.user_id, now)
    return Registered(_shown(tx, card_id, wanted.own, now), True)


def _is_open(wanted: Registration) -> bool:
    return wanted.program is not None and wanted.program.document.settings.open_numbers


def _is_proven(tx: Transaction, card_id: int, wanted: Registration, now: int) -> bool:
    if wanted.link_token is not None and claim_queries.is_open(
        tx, card_id, digest(wanted.link_token)
    ):
        return True
    code = claim_queries.link_code(tx, card_id)
    if code is None or wanted.code_hash is None:
        return False
    if code.tries > LINK_CODE_TRIES_MAX or code.expires_at <= now:
        return False
    return hmac.compare_digest(code.code_hash, wanted.code_hash)


def _shown(tx: Transaction, card_id: int, own: HoldingRow, now: int) -> CardOut:
    state = queries.card_state(tx, card_id)
    assert state is not None, "the card stands in this very unit of work"
    return Showing(tx, now=now).card(HeldCard(state, own))
