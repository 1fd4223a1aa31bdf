"""Makes a card: its row, its look-ups, its account, its change count and its first event."""

from __future__ import annotations

import msgspec

from app.cards import claim_queries, queries
from app.cards.numbers import Code, Rule, look_up_key
from app.cards.queries import CardRow, Contact
from app.errors import Conflict
from app.http.ports import Ports
from app.ids import Ids, digest
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.outbox import service as outbox
from app.programs.ending import refuse_ended
from app.programs.service import Program
from app.storage.database import Transaction

OPEN_CLAIMS_MAX = 8  # tokens of one card in force at once; the oldest ends


class Drawn(msgspec.Struct, frozen=True):
    """What chance gives a card, drawn before the unit of work, which may run twice."""

    card_id: int
    public_id: bytes
    event_id: bytes
    claim_token: str
    mail_id: int
    seed: bytes  # of its account in the ledger


class NumberOnly(msgspec.Struct, frozen=True, kw_only=True):
    """A card of any shop; moments: Unix microseconds; `own_currency` None: points."""

    shop_name: str
    code: Code
    own_value: str | None = None
    own_currency: str | None = None
    valid_from: int | None = None
    expires_at: int | None = None


def draw_ids(ports: Ports, now: int) -> Drawn:
    """Draw what a new card, and one that is linked, needs."""
    ids: Ids = ports.ids
    return Drawn(
        card_id=ids.next(now),
        public_id=ids.public(),
        event_id=ids.public(),
        claim_token=ids.token(f"pcc_{ports.settings.token_mode}_"),
        mail_id=ids.next(now),
        seed=ids.secret(SEED_BYTES),
    )


def rule_of(program: Program) -> Rule:
    """Say what a program asks of its numbers."""
    barcode = program.document.barcode
    return Rule(barcode.format, barcode.number_pattern)


def known_card(tx: Transaction, program_id: int, number: str) -> int | None:
    """Find the card that a program knows under a number."""
    return queries.card_id_by_number(tx, program_id, "number", look_up_key(number))


def make_number_only(tx: Transaction, wanted: NumberOnly, *, drawn: Drawn, now: int) -> CardRow:
    """Make a card of any shop: just a barcode."""
    card = msgspec.structs.replace(
        _row(drawn, wanted.code, shop_name=wanted.shop_name, program=None, now=now),
        own_value=wanted.own_value,
        own_currency=wanted.own_currency,
        valid_from=wanted.valid_from,
        expires_at=wanted.expires_at,
    )
    _insert(tx, card, drawn, now)
    return card


def make_of_program(
    tx: Transaction,
    program: Program,
    codes: tuple[Code, ...],
    *,
    drawn: Drawn,
    now: int,
    referred_by: int | None = None,
    birthday: str | None = None,
    enrolled_at: int | None = None,
) -> CardRow | None:
    """Make a card under the first of these numbers that nobody has; None: all are known.

    A hosted card is enrolled; `referred_by`: its sponsor's card, `birthday`: "MM-DD",
    `enrolled_at`: when seniority began, None for now.
    Raises: Conflict when another card has the barcode value of a free number, ProgramEnded.
    """
    refuse_ended(program, now)
    for code in codes:
        if not _take(tx, program.program_id, code, drawn.card_id):
            continue
        card = _row(drawn, code, shop_name=program.name, program=program, now=now)
        _insert(tx, card, drawn, now)
        queries.insert_account(tx, card.card_id, now)
        if program.authority == "ledger":
            ledger.open_account(
                tx,
                card.card_id,
                program.program_id,
                referred_by=referred_by,
                birthday=birthday,
                enrolled_at=enrolled_at,
                drawn=ledger.Drawn(drawn.seed),
                now=now,
            )
        return card
    return None


def add_contact(tx: Transaction, card_id: int, contact: Contact) -> None:
    """Put a contact on file."""
    queries.insert_contact(tx, card_id, contact)


def add_claim(tx: Transaction, card_id: int, token: str, now: int) -> None:
    """Let a token claim a card that nobody holds yet; under the card's lock."""
    for old in claim_queries.open_claims(tx, card_id)[OPEN_CLAIMS_MAX - 1 :]:
        claim_queries.use_claim(tx, card_id, old, now)
    claim_queries.insert_claim(tx, card_id, digest(token), now)


def _take(tx: Transaction, program_id: int, code: Code, card_id: int) -> bool:
    number, value = look_up_key(code.number), look_up_key(code.barcode_value)
    if not queries.take_number(tx, program_id, "number", number, card_id=card_id):
        return False
    if not queries.take_number(tx, program_id, "barcode", value, card_id=card_id):
        raise Conflict("another card of this program has this barcode value")
    return True


def _insert(tx: Transaction, card: CardRow, drawn: Drawn, now: int) -> None:
    queries.insert_card(tx, card)
    outbox.begin_card(tx, card.card_id)
    facts = {"authority": card.authority}
    outbox.record(
        tx, card.card_id, "card.created", event_public_id=drawn.event_id, facts=facts, now=now
    )


def _row(drawn: Drawn, code: Code, *, shop_name: str, program: Program | None, now: int) -> CardRow:
    return CardRow(
        card_id=drawn.card_id,
        public_id=drawn.public_id,
        program_id=program.program_id if program else None,
        authority=program.authority if program else "none",
        shop_name=shop_name,
        number=code.number,
        barcode_value=code.barcode_value,
        barcode_format=code.barcode_format,
        own_value=None,
        own_currency=None,
        valid_from=None,
        expires_at=None,
        created_at=now,
        voided_at=None,
    )
