"""Takes a merchant's event: which card it is of, what the ledger makes of it, what is answered."""

from __future__ import annotations

import msgspec

from app.cards.hosted import HOSTED, entry_out, speaker_of
from app.cards.queries import card_state
from app.cards.showing import Showing
from app.cards.tickets import ticket_own_id
from app.errors import CardNotFound, WrongAuthority
from app.ledger import service as ledger
from app.ledger.claim_queries import OpenClaim
from app.ledger.refusing import error_of
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import (
    AnyEvent,
    Claims,
    Convert,
    Interaction,
    LadderStep,
    PayUnits,
    Play,
    Purchase,
    RedeemItem,
    Refund,
    Step,
    TakeReward,
    UseVoucher,
)
from app.loyalty.model import Refusal
from app.outbox import service as outbox
from app.partners.enrolling import account, card_named
from app.partners.event_reading import Read
from app.partners.event_schemas import EventOut, UseCode
from app.programs.ending import refuse_ended
from app.programs.service import Program
from app.storage.database import Transaction

# Why a voucher of a card that was merged into another cannot be used; one that expired stayed.
_MERGED = {"used": "already_used", "void": "void", "issued": "expired"}
# What nobody does any more once a program has ended: corrections and refunds go on.
_ENDS = (
    *(Purchase, Interaction, RedeemItem, LadderStep, PayUnits, Convert, TakeReward, Play),
    UseCode,
)
SHARED = (TakeReward, Play)  # what these take was claimed at the program before


def hosted(program: Program) -> None:
    """Refuse events of a program whose balances are not computed here. Raises WrongAuthority."""
    if program.authority != HOSTED:
        raise WrongAuthority("events are taken where the points are computed here")


def step_of(tx: Transaction, program: Program, card_id: int, read: Read, *, merchant: str) -> Step:
    """Turn a read event into a step of its card. Raises CardNotFound for a code of no voucher."""
    return Step(read.id, read.occurred_at, _event(tx, program, card_id, read), merchant)


def _event(tx: Transaction, program: Program, card_id: int, read: Read) -> AnyEvent:
    event = read.event
    if isinstance(event, UseCode):
        found = ledger.voucher_by_code(tx, program.program_id, event.code)
        if found is None or card_id not in {found.card_id, found.merged_into}:
            raise CardNotFound
        if found.card_id != card_id:  # it moved here under another code
            raise error_of(Refusal(_MERGED[found.shown.voucher.status]))
        return UseVoucher(index=found.shown.voucher.number - 1, basket_minor=event.basket_minor)
    if isinstance(event, Refund):
        own_id = ticket_own_id(tx, program.program_id, event.of)
        return event if own_id is None else msgspec.structs.replace(event, of=own_id)
    return event  # type: ignore[return-value]  # what is left of TAKEN are the engine's own


def find_card(tx: Transaction, program: Program, read: Read) -> int:
    """Find the card an event is of. Raises CardNotFound."""
    return card_named(tx, program, read.card_number)


def take(
    tx: Transaction,
    program: Program,
    card_id: int,
    read: Read,
    *,
    merchant: str,
    claims: Claims,
    claimed: OpenClaim | None = None,
    priority: int = outbox.SINGLE,
    drawn: Drawn,
    now: int,
) -> Posted:
    """Post an event to its card, once by its id; the card's family only.

    Raises: what the engine refuses; IdempotencyConflict; NotFound; CardNotFound; ProgramEnded for
    what occurred after the program's last day.
    """
    if not ledger.has_account(tx, card_id):  # a card made before there were accounts
        ledger.open_account(tx, card_id, program.program_id, drawn=drawn, now=now)
    if isinstance(read.event, _ENDS) and not _is_known(tx, program, read):
        refuse_ended(program, read.occurred_at)
    posting = Posting(
        program_id=program.program_id,
        event_id=read.id,
        steps=(step_of(tx, program, card_id, read, merchant=merchant),),
        body_hash=read.body_hash,
        claims=claims,
        claimed=claimed,
        priority=priority,
    )
    return ledger.post(tx, card_id, posting, drawn=drawn, now=now)


def _is_known(tx: Transaction, program: Program, read: Read) -> bool:
    return ledger.event_of(tx, program.program_id, read.id) is not None


def answered(
    tx: Transaction, program: Program, read: Read, posted: Posted, *, now: int
) -> EventOut:
    """Say what an event did, now or before, and how its card stands now."""
    state = card_state(tx, posted.card_id)
    assert state is not None, "it was posted to"
    speaker = speaker_of(tx, program)
    return EventOut(
        id=read.id,
        results=posted.results,
        entries=[entry_out(tx, state.card, row, speaker) for row in posted.entries],
        card=account(tx, posted.card_id, Showing(tx, now=now)),
    )
