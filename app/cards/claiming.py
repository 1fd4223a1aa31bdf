"""Proof that a card is yours: claim tokens, codes mailed to the contact on file, joining."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from app.cards import claim_queries, holding_queries, pass_queries, queries
from app.cards.consents import give as give_consents
from app.cards.making import (
    Drawn,
    add_claim,
    add_contact,
    known_card,
    make_of_program,
)
from app.cards.numbers import Code
from app.cards.queries import Contact
from app.cards.referring import sponsor_of
from app.cards.registering import give_to
from app.cards.schemas import Joined
from app.cards.showing import card_facts
from app.clock import MINUTE
from app.errors import Conflict, NotFound
from app.http.callers import ClaimCaller, Found
from app.ids import PUBLIC_BYTES, public_id
from app.ledger import service as ledger
from app.outbox import service as outbox
from app.programs.service import Program
from app.storage.database import Transaction

CODE_LIFE = 10 * MINUTE
CODE_PAUSE = MINUTE  # between two mails to one contact


class Claimed(msgspec.Struct, frozen=True):
    """The card a claim ends with: the claimed one, or the one of its program kept instead."""

    card_id: int
    public_id: bytes
    merged: int | None = None  # the card that ended for it just now


class Mailing(msgspec.Struct, frozen=True):
    """A mail's text, and what chance gives it. `address_hash`: keyed, of `recipient`."""

    address_hash: bytes
    recipient: str
    subject: str
    body: str


class MailedCode(msgspec.Struct, frozen=True):
    """A code to be mailed: only its hash is kept."""

    code_hash: bytes
    mail_id: int
    mail: Mailing


def find_claim(tx: Transaction, token_hash: bytes, now: int, address: str) -> Found | None:
    """Find the card of a claim token; None once it is claimed or the card has ended."""
    card_id = claim_queries.card_id_by_token(tx, token_hash)
    if card_id is None or not claim_queries.is_open(tx, card_id, token_hash):
        return None
    state = queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        return None
    return Found(ClaimCaller(card_id=card_id))


def join(
    tx: Transaction,
    program: Program,
    codes: tuple[Code, ...],
    *,
    contact: Contact,
    referred_by: str | None = None,
    consents: Iterable[str] = (),
    mail: Mailing | None,
    drawn: Drawn,
    now: int,
) -> Joined:
    """Make a card that nobody holds yet, with its claim token; mail the claim link.

    Raises: Conflict when the program has no number left to draw, InvalidInput for a sponsor.
    """
    sponsor = sponsor_of(tx, program, referred_by)
    card = make_of_program(
        *(tx, program, codes),
        drawn=drawn,
        now=now,
        referred_by=sponsor,
        birthday=contact.birthday,
    )
    if card is None:
        raise Conflict("this program has no free number left to draw")
    add_contact(tx, card.card_id, contact)
    give_consents(tx, program.program_id, card.card_id, consents, now=now)
    add_claim(tx, card.card_id, drawn.claim_token, now)
    if mail is not None:
        _send(tx, mail, drawn.mail_id, now)
    return Joined(card=card_facts(tx, card.card_id, now=now), claim_token=drawn.claim_token)


def contact_to_code(
    tx: Transaction, program: Program, number: str, *, now: int
) -> tuple[int, str] | None:
    """Find which card's contact may be mailed a code: (card id, address); None: no mail.

    None for an unknown number, a held card, no address on file, and within a minute of the last.
    """
    card_id = known_card(tx, program.program_id, number)
    if card_id is None or queries.owner_of(tx, card_id) is not None:
        return None
    contact = queries.contact(tx, card_id)
    if contact is None or contact.email is None:
        return None
    last = claim_queries.link_code(tx, card_id)
    if last is not None and last.expires_at - CODE_LIFE + CODE_PAUSE > now:
        return None
    return card_id, contact.email


def mail_code(tx: Transaction, card_id: int, code: MailedCode, *, now: int) -> None:
    """Keep the code's hash and queue its mail; a former code ends."""
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None or queries.owner_of(tx, card_id) is not None:
        return
    claim_queries.put_link_code(tx, card_id, code.code_hash, now + CODE_LIFE)
    _send(tx, code.mail, code.mail_id, now)


def claim(tx: Transaction, user_id: int, token_hash: bytes, *, now: int) -> Claimed:
    """Give a card to the user who has its claim token; the card's family only.

    Who holds a card of that program already keeps it, and the new one is voided; what it held
    goes there as a message.
    Raises: NotFound for an unknown token, and for one that somebody else has used.
    """
    card_id = claim_queries.card_id_by_token(tx, token_hash)
    card = None if card_id is None else queries.lock_card(tx, card_id)
    if card is None or card_id is None:
        raise NotFound
    if queries.access_of(tx, card_id, user_id) is not None:
        return Claimed(card_id, card.public_id)  # the same claim again
    kept = None
    if card.program_id is not None:
        kept = holding_queries.card_of_program(tx, user_id, card.program_id, but=card_id)
    if not claim_queries.is_open(tx, card_id, token_hash) or card.voided_at is not None:
        if kept is not None and card.voided_at is not None:
            return _kept(tx, kept)  # the same claim again, merged the first time
        raise NotFound
    if kept is None:
        give_to(tx, card_id, user_id, now)
        return Claimed(card_id, card.public_id)
    claim_queries.use_claims(tx, card_id, now)
    queries.void_card(tx, card_id, now)
    pass_queries.void(tx, card_id, now)
    if card.authority == "ledger":
        # The token is used up by this, so what is derived from its hash comes once.
        ledger.merge(tx, card_id, kept, drawn=ledger.Drawn(token_hash), now=now)
    into = _kept(tx, kept)
    outbox.record(
        tx,
        card_id,
        "card.deleted",
        event_public_id=sha256(b"card.deleted" + token_hash).digest()[:PUBLIC_BYTES],
        facts={"merged_into": public_id("card", into.public_id)},
        now=now,
    )
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)
    return msgspec.structs.replace(into, merged=card_id)


def _kept(tx: Transaction, card_id: int) -> Claimed:
    state = queries.card_state(tx, card_id)
    assert state is not None, "a held card stands"
    return Claimed(card_id, state.card.public_id)


def _send(tx: Transaction, mail: Mailing, mail_id: int, now: int) -> None:
    outbox.send_mail(
        tx,
        address_hash=mail.address_hash,
        mail_id=mail_id,
        recipient=mail.recipient,
        subject=mail.subject,
        body=mail.body,
        now=now,
    )
