"""A holder spends his units himself: a voucher, a reward of the catalogue, a try at a win."""

from __future__ import annotations

import hashlib

import msgspec

from app.cards import service
from app.cards.hosted import HOSTED, entry_out, speaker_of
from app.cards.queries import CardRow
from app.cards.schemas import NewRedemption, RedemptionOut
from app.cards.showing import card_out
from app.errors import WrongAuthority
from app.ids import PUBLIC_BYTES, public_id
from app.ledger import service as ledger
from app.ledger.claim_queries import OpenClaim
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import AnyEvent, Claims, Convert, Play, Step, TakeReward
from app.outbox import service as outbox
from app.programs import service as programs
from app.programs.ending import refuse_ended
from app.storage.database import Transaction


def event_id_of(user_id: int, card_public: str, key: str) -> str:
    """Derive a redemption's event id from its Idempotency-Key, so that it is done once."""
    told = f"redemption:{user_id}:{card_public}:{key}".encode()
    return public_id("evt", hashlib.sha256(told).digest()[:PUBLIC_BYTES])


def spending_card(tx: Transaction, user_id: int, card_public: bytes) -> CardRow:
    """Return a hosted card whose units a user may spend.

    Raises: NotFound, MissingScope for who may only see it, WrongAuthority for other cards.
    """
    held = service.fully_held(tx, user_id, card_public)
    if held.state.card.authority != HOSTED:
        raise WrongAuthority("what this card holds is redeemed at its merchant")
    return held.state.card


def step_of(wanted: NewRedemption, event_id: str, now: int) -> Step:
    """Turn what a holder wants into a step of his card."""
    event: AnyEvent
    match wanted.type:
        case "convert":
            event = Convert(rule=wanted.rule)
        case "catalogue":
            event = TakeReward(rule=wanted.rule)
        case _:
            event = Play(rule=wanted.rule)
    return Step(event_id, now, event)


def redeem(
    tx: Transaction,
    user_id: int,
    card: CardRow,
    step: Step,
    *,
    claims: Claims,
    claimed: OpenClaim | None,
    drawn: Drawn,
) -> tuple[Posted, RedemptionOut]:
    """Post a redemption; the card's family only. Raises: Refused as the engine, ProgramEnded."""
    assert card.program_id is not None, "hosted cards are of a program"
    now = step.occurred_at
    program = programs.program_by_id(tx, card.program_id)
    assert program is not None, "programs are never deleted"
    if ledger.event_of(tx, card.program_id, step.id) is None:
        refuse_ended(program, now)
    body = msgspec.json.encode(step.event)
    posting = Posting(
        program_id=card.program_id,
        event_id=step.id,
        steps=(step,),
        body_hash=hashlib.sha256(body).digest(),
        claims=claims,
        claimed=claimed,
        priority=outbox.AT_TILL,
        kind="redemption",
    )
    posted = ledger.post(tx, card.card_id, posting, drawn=drawn, now=now)
    speaker = speaker_of(tx, program, user_id=user_id)
    return posted, RedemptionOut(
        id=step.id,
        results=posted.results,
        entries=[entry_out(tx, card, row, speaker) for row in posted.entries],
        card=card_out(tx, user_id, card.card_id, now=now),
    )
