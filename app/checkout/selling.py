"""Tickets: capture, vouchers and earning in one unit of work; the sale always stands.

What counts no more (a hold that has timed out, a voucher used elsewhere) is kept aside and
flagged. The till's own id makes a ticket happen once, for ever.
"""

from __future__ import annotations

import hashlib

import msgspec

from app.cards import codes
from app.cards import queries as cards
from app.cards.tickets import ticket_public
from app.checkout import pricing, scanning, till_day
from app.checkout.paying import Processed, flags_of, payment_of
from app.checkout.scanning import Recognised
from app.checkout.schemas import NewTicket, SoldOut
from app.checkout.seller import Seller, card_named, hosted, known_card, slug_of
from app.checkout.sold import answered, steps_of
from app.errors import CodeExpired, NotFound, invalid
from app.http.fields import occurrence
from app.http.secrets import Secrets
from app.ledger import service as ledger
from app.ledger.drawing import key_hash
from app.ledger.posting import BODY_HASH_BYTES
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import Step
from app.outbox import service as outbox
from app.programs.ending import refuse_ended
from app.programs.partnering import programs_at_till
from app.storage.database import Transaction

_encode = msgspec.json.Encoder(order="deterministic").encode


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as it was sent, judged; nothing was looked up yet."""

    sent: NewTicket
    occurred_at: int
    total_minor: int


class Sold(msgspec.Struct, frozen=True):
    """The answer to a till, and what was posted for it."""

    body: SoldOut
    posted: Posted


def judge(sent: NewTicket, *, now: int) -> Ticket:
    """Read a ticket. Raises InvalidInput naming the field."""
    if (sent.card_id is None) == (sent.code is None):
        raise invalid("card_id", "exactly one of card_id and code is needed")
    return Ticket(
        sent=sent,
        occurred_at=occurrence(sent.occurred_at, now=now),
        total_minor=pricing.total_of(sent),
    )


def hash_of(kind: str, merchant: str, sent: msgspec.Struct) -> bytes:
    """Hash what was sent as it is understood; the order of its keys does not matter."""
    return hashlib.sha256(_encode([kind, merchant, sent])).digest()


def sell(
    tx: Transaction, seller: Seller, ticket: Ticket, *, secrets: Secrets, seed: bytes, now: int
) -> Sold:
    """Take a ticket, once by its id.

    Raises: NotFound, CardNotFound, CodeExpired, CodeAlreadyUsed, WrongAuthority; ProgramEnded for
    a sale after the program's last day; IdempotencyConflict for an id that was another sale's.
    """
    sent, merchant = ticket.sent, slug_of(tx, seller)
    body_hash = hash_of("ticket", merchant, sent)
    found = _recognised(tx, seller, ticket, body_hash=body_hash, secrets=secrets, now=now)
    known = hosted(found.known)
    card = cards.lock_card(tx, known.card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    steps: tuple[Step, ...] = ()
    if ledger.event_of(tx, known.program.program_id, sent.id) is None:
        refuse_ended(known.program, ticket.occurred_at)
        scanning.use(tx, found, seller, ticket_key=key_hash(sent.id), now=now)
        steps = _steps(tx, seller, found, ticket, at=Processed(now, merchant))
    posting = Posting(
        program_id=known.program.program_id,
        event_id=sent.id,
        body_hash=body_hash,
        steps=steps,
        priority=outbox.AT_TILL,
        kind="ticket",
    )
    posted = ledger.post(tx, known.card_id, posting, drawn=Drawn(seed), now=now)
    till_day.note(
        *(tx, seller.till_id, posted),
        own_id=sent.id,
        at=ticket.occurred_at,
        minor=ticket.total_minor,
        location=seller.location_id,
    )
    done = steps_of(tx, posted) if posted.is_replay else steps
    members = answered(
        *(tx, known, posted),
        own_id=sent.id,
        most_minor=ticket.total_minor,
        now=now,
        language=seller.language,
    )
    body = SoldOut(
        **members,
        ticket_id=ticket_public(known.program.program_id, sent.id),
        flags=flags_of(sent, done),
    )
    return Sold(body, posted)


def _recognised(
    tx: Transaction,
    seller: Seller,
    ticket: Ticket,
    *,
    body_hash: bytes,
    secrets: Secrets,
    now: int,
) -> Recognised:
    """Find the card of a ticket: named, or by a code that was read when it was sold."""
    sent = ticket.sent
    if sent.card_id is not None:
        return Recognised(card_named(tx, seller, sent.card_id), "number")
    assert sent.code is not None, "a ticket has one of both"
    for program in programs_at_till(tx, seller.merchant_id):
        before = ledger.event_of(tx, program.program_id, sent.id)
        if before is not None and before.body_hash == body_hash[:BODY_HASH_BYTES]:
            known = known_card(tx, seller, before.card_id)
            if known is not None:  # sent again: the code has done its part
                return Recognised(known, "number")
    found = scanning.recognise(tx, secrets, seller, sent.code, at=ticket.occurred_at, is_late=True)
    if found.code is not None and ticket.occurred_at <= now - codes.LATE_FOR:
        raise CodeExpired("a code that was read so long ago counts no more")
    return found


def _steps(
    tx: Transaction, seller: Seller, found: Recognised, ticket: Ticket, *, at: Processed
) -> tuple[Step, ...]:
    """Write a sale as steps: what pays first, then the purchase, when it occurred."""
    sent = ticket.sent
    if found.code is not None:  # read while offline: earning only, but for a hold made before
        sent = msgspec.structs.replace(sent, voucher_codes=())
    paid = payment_of(tx, seller, found.known, sent, total=ticket.total_minor, at=at)
    bought = pricing.purchase_of(sent, units_minor=paid.units_minor)
    return (*paid.steps, Step(ticket.sent.id, ticket.occurred_at, bought, at.merchant))
