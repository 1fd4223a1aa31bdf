"""A sale without a card: its receipt carries a code, and whoever has it claims the units, once.

The claim is a message of the program to the card: first the receipt is given to one card, then the
sale is posted there under the till's own id, then that is noted. Each may be repeated.
"""

from __future__ import annotations

import hashlib

import msgspec
import structlog

from app.cards import queries as cards
from app.cards import service as cards_service
from app.cards.hosted import HOSTED, entry_out, speaker_of
from app.cards.queries import CardRow
from app.cards.schemas import CardFacts
from app.cards.showing import Showing
from app.cards.tickets import ticket_public
from app.checkout import arriving, pricing, till_queries
from app.checkout.arriving import Sale
from app.checkout.seller import Seller, slug_of
from app.checkout.till_queries import ReceiptRow, TillTicket
from app.checkout.till_schemas import CreditOut, NewReceipt, ReceiptOut, VoidedReceipt
from app.clock import DAY, SECOND, rfc3339
from app.errors import (
    AppError,
    CodeAlreadyUsed,
    CodeExpired,
    IdempotencyConflict,
    NotFound,
    Unavailable,
    WrongAuthority,
    invalid,
)
from app.http.callers import Caller, UserCaller
from app.http.fields import occurrence
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.ids import parse_public_id
from app.ledger import service as ledger
from app.ledger.service import Posted
from app.loyalty.events import Purchase
from app.programs import service as programs
from app.programs.ending import refuse_ended
from app.programs.partnering import programs_at_till
from app.programs.service import Program
from app.storage.database import Transaction
from passes.barcode import draw_svg

COUNTS_FOR = 30 * DAY  # from the sale on
LEFT_BEHIND = 5 * SECOND
RECEIPTS_AT_ONCE = 50
CODE_LETTERS, GROUP = 12, 4  # 60 bits, in groups of four
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing to mistake for another
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", " ": "", "-": ""})
_encode = msgspec.json.Encoder(order="deterministic").encode
_read_basket = msgspec.json.Decoder(Purchase).decode
_log = structlog.get_logger("checkout")


def issue(
    tx: Transaction, seller: Seller, sent: NewReceipt, *, secrets: Secrets, url: str, now: int
) -> ReceiptOut:
    """Keep a sale without a card and return its code: the same for the same id.

    Raises: InvalidInput, NotFound, ProgramEnded; IdempotencyConflict for an id that was something
    else.
    """
    sold_at, total = occurrence(sent.occurred_at, now=now), pricing.total_of(sent)
    program, merchant = _program(tx, seller, sent.program), slug_of(tx, seller)
    code = code_of(secrets, program.program_id, sent.id)
    row = ReceiptRow(
        *(program.program_id, hash_of(secrets, code), sent.id, merchant, seller.till_id),
        basket=_encode(pricing.purchase_of(sent, units_minor=0)).decode(),
        body_hash=hashlib.sha256(_encode(["receipt", merchant, sent])).digest(),
        sold_at=sold_at,
        expires_at=sold_at + COUNTS_FOR,
    )
    before = till_queries.lock_receipt(tx, row.program_id, row.code_hash)
    if before is not None and before.body_hash != row.body_hash:
        raise IdempotencyConflict("this id was used for something else")
    if before is None:
        if ledger.event_of(tx, row.program_id, sent.id) is not None:
            raise IdempotencyConflict("this id was used for something else")
        refuse_ended(program, sold_at)
        till_queries.insert_receipt(tx, row)
        if seller.till_id is not None:
            place = (seller.till_id, sold_at, row.program_id, sent.id)
            till_queries.note_ticket(tx, TillTicket(*place, None, total, "[{},{}]"))
    address = f"{url}/receipt/{program.slug}#{code}"
    return ReceiptOut(
        id=sent.id,
        code=code,
        url=address,
        qr_svg=draw_svg("QR_CODE", address),
        expires_at=rfc3339(row.expires_at),
    )


def void(tx: Transaction, seller: Seller, own_id: str, *, secrets: Secrets, now: int) -> ReceiptRow:
    """Take a sale back before anybody has claimed it; the same again is answered again.

    Raises: NotFound; CodeAlreadyUsed where it was claimed: then its ticket is refunded.
    """
    merchant = slug_of(tx, seller)
    for program in programs_at_till(tx, seller.merchant_id):
        code = code_of(secrets, program.program_id, own_id)
        row = till_queries.lock_receipt(tx, program.program_id, hash_of(secrets, code))
        if row is None or row.merchant != merchant:
            continue
        if row.card_id is not None:
            raise CodeAlreadyUsed("a card has claimed it: refund the ticket of this id")
        if row.voided_at is None:
            till_queries.void_receipt(tx, row, now)
            if row.till_id is not None:
                till_queries.note_voided(tx, row)
        return row
    raise NotFound


def claim(tx: Transaction, card: CardRow, code: str, *, secrets: Secrets, now: int) -> ReceiptRow:
    """Give a receipt to a card, the first that asks; the program's family only.

    Raises: NotFound for a wrong code; CodeAlreadyUsed, CodeExpired.
    """
    assert card.program_id is not None, "hosted cards are of a program"
    code_hash = hash_of(secrets, code)
    row = till_queries.lock_receipt(tx, card.program_id, code_hash)
    if row is None:
        raise NotFound
    if row.card_id == card.card_id:
        return row
    if row.card_id is not None:
        raise CodeAlreadyUsed("the units of this receipt stand on another card")
    if row.voided_at is not None:
        raise CodeAlreadyUsed("this sale was taken back")
    if now >= row.expires_at:
        raise CodeExpired(f"a receipt counts for {COUNTS_FOR // DAY} days")
    till_queries.claim_receipt(tx, row, card.card_id, now)
    return msgspec.structs.replace(row, card_id=card.card_id, claimed_at=now)


def card_to_credit(tx: Transaction, caller: Caller | None, text: str) -> CardRow:
    """Return a hosted card whose holder, or whoever has its claim token, may add to it.

    Raises: NotFound, MissingScope, WrongAuthority.
    """
    card = cards_service.seen_card(tx, caller, text)
    if isinstance(caller, UserCaller):
        raw = parse_public_id("card", text)
        assert raw is not None, "it was seen"
        cards_service.fully_held(tx, caller.user_id, raw)
    if card.authority != HOSTED:
        raise WrongAuthority("only programs that are counted here give receipts a code")
    return card


async def credit(ports: Ports, row: ReceiptRow) -> Posted | None:
    """Bring a claimed sale to its card and note it; None: the card has no account any more.

    Raises: CodeAlreadyUsed where the till sold under that id to a card after all, and what the
    engine refuses; that is noted too, for it would be refused for ever.
    """
    assert row.card_id is not None, "it was claimed"
    sale = Sale(
        own_id=row.own_id,
        occurred_at=row.sold_at,
        bought=_read_basket(row.basket),
        merchant=row.merchant,
        till_id=row.till_id,
    )
    try:
        posted = await arriving.deliver(ports, row.card_id, sale)
    except Unavailable:
        raise
    except AppError as error:
        _log.error("receipt-refused", code=error.code, card=row.card_id)
        await _note(ports, row)
        if isinstance(error, IdempotencyConflict):
            raise CodeAlreadyUsed("this sale stands on a card already") from error
        raise
    await _note(ports, row)
    return posted


async def credit_left(ports: Ports) -> int:
    """Bring claimed sales that a crash left on their way; return how many."""
    until = ports.clock.wall() - LEFT_BEHIND
    rows = await ports.database.read_point(
        lambda tx: till_queries.receipts_left(tx, until, RECEIPTS_AT_ONCE)
    )
    for row in rows:
        try:
            await credit(ports, row)
        except Unavailable:
            raise
        except AppError:  # noted: nobody tries it again
            continue
    return len(rows)


def credited(tx: Transaction, posted: Posted, own_id: str, *, user_id: int, now: int) -> CreditOut:
    """Tell whoever claimed a receipt what it has brought, in his language."""
    state = cards.card_state(tx, posted.card_id)
    program = programs.program_by_id(tx, posted.program_id)
    assert state is not None and program is not None, "both stand"
    speaker = speaker_of(tx, program, user_id=user_id)
    return CreditOut(
        results=posted.results,
        entries=[entry_out(tx, state.card, row, speaker) for row in posted.entries],
        card=CardFacts(**Showing(tx, now=now).facts(state)),
        ticket_id=ticket_public(posted.program_id, own_id),
    )


def voided(row: ReceiptRow) -> VoidedReceipt:
    """Write a sale that was taken back."""
    return VoidedReceipt(id=row.own_id, status="voided")


def code_of(secrets: Secrets, program_id: int, own_id: str) -> str:
    """Return the code of a sale, `7K3M-…`: made of its id, so that the same id has the same."""
    tag = secrets.tag("receipt-code-letters", program_id.to_bytes(8, "big"), own_id.encode())
    bits = int.from_bytes(tag[:8], "big")
    letters = "".join(_ALPHABET[bits >> (5 * place) & 31] for place in range(CODE_LETTERS))
    return "-".join(letters[at : at + GROUP] for at in range(0, CODE_LETTERS, GROUP))


def hash_of(secrets: Secrets, code: str) -> bytes:
    """Return the keyed hash of a code, however it was typed."""
    return secrets.tag("receipt-code", code.upper().translate(_ALIKE))


def _program(tx: Transaction, seller: Seller, text: str | None) -> Program:
    """Return the program that a sale without a card counts for."""
    found = [it for it in programs_at_till(tx, seller.merchant_id) if it.authority == HOSTED]
    if text is None:
        if len(found) != 1:
            raise invalid("program", "name the program: its id or its slug")
        return found[0]
    named = programs.program_named(tx, text)
    for program in found:
        if named is not None and program.program_id == named.program_id:
            return program
    raise invalid("program", "no hosted program of this till is called so")


async def _note(ports: Ports, row: ReceiptRow) -> None:
    now = ports.clock.wall()
    await ports.database.write(lambda tx: till_queries.note_credit(tx, row, now))
