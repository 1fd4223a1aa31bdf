"""Refunds: a part of a ticket taken back; any split gives the same total."""

from __future__ import annotations

import msgspec

from app.cards import queries as cards
from app.cards.tickets import ticket_own_id, ticket_public
from app.checkout.schemas import NewRefund, RefundOut
from app.checkout.seller import Known, Seller, slug_of
from app.checkout.selling import hash_of
from app.checkout.sold import answered
from app.errors import Conflict, NotFound, invalid
from app.http.fields import occurrence
from app.ledger import service as ledger
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import BIG, Refund, Step
from app.outbox import service as outbox
from app.programs.partnering import programs_at_till
from app.storage.database import Transaction


class AmbiguousId(Conflict):
    """Two of your programs know a ticket under this id: name it by its `tick_…`."""

    code = "ambiguous-id"
    title = "Two tickets are called so"


class Named(msgspec.Struct, frozen=True):
    """A ticket that a path names."""

    known: Known
    own_id: str


class Refunded(msgspec.Struct, frozen=True):
    """The answer to a till, and what was posted for it."""

    body: RefundOut
    posted: Posted


def judge(sent: NewRefund, *, now: int) -> int:
    """Read a refund and return when it occurred. Raises InvalidInput naming the field."""
    if (sent.lines is None) == (sent.amount_minor is None):
        raise invalid("amount_minor", "exactly one of amount_minor and lines is needed")
    return now if sent.occurred_at is None else occurrence(sent.occurred_at, now=now)


def refund(
    tx: Transaction, seller: Seller, ticket: str, sent: NewRefund, *, seed: bytes, now: int
) -> Refunded:
    """Take back a part of a ticket, once by the refund's id.

    Raises: NotFound, AmbiguousId, Refused: over-refund; and IdempotencyConflict for an id that
    did something else.
    """
    occurred_at, merchant = judge(sent, now=now), slug_of(tx, seller)
    named = ticket_named(tx, seller, ticket)
    known = named.known
    cards.lock_card(tx, known.card_id)
    event = Refund(of=named.own_id, amount_minor=sent.amount_minor, lines=sent.lines)
    posting = Posting(
        program_id=known.program.program_id,
        event_id=sent.id,
        body_hash=hash_of(f"refund {named.own_id}", merchant, sent),
        steps=(Step(sent.id, occurred_at, event, merchant),),
        priority=outbox.AT_TILL,
        kind="refund",
    )
    posted = ledger.post(tx, known.card_id, posting, drawn=Drawn(seed), now=now)
    members = answered(tx, known, posted, own_id=sent.id, most_minor=BIG, now=now)
    return Refunded(
        RefundOut(**members, ticket_id=ticket_public(known.program.program_id, named.own_id)),
        posted,
    )


def ticket_named(tx: Transaction, seller: Seller, text: str) -> Named:
    """Find a ticket by the till's own id or `tick_…`. Raises: NotFound, AmbiguousId."""
    found = []
    for program in programs_at_till(tx, seller.merchant_id):
        if program.authority != "ledger":
            continue
        own_id = ticket_own_id(tx, program.program_id, text)
        place = None
        if own_id is not None:
            place = ledger.ticket_by_own_id(tx, program.program_id, own_id)
        state = None if place is None else cards.card_state(tx, place[0])
        if state is not None and own_id is not None:
            found.append(Named(Known(state, program), own_id))
    if not found:
        raise NotFound
    if len(found) > 1:
        raise AmbiguousId("two of your programs know a ticket of this id: name it by tick_…")
    return found[0]
