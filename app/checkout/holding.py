"""Holds: units set aside for a sale, then spent or given back, once."""

from __future__ import annotations

import msgspec

from app.cards import queries as cards
from app.checkout import pricing, queries
from app.checkout.pricing import Price
from app.checkout.queries import HoldPlace
from app.checkout.scan_ids import read_scan
from app.checkout.schemas import HoldOut, NewHold
from app.checkout.seller import Known, Seller, card_named, hosted, slug_of
from app.clock import SECOND, rfc3339
from app.errors import NotFound, ProofNeeded, invalid
from app.http.secrets import Secrets
from app.ids import parse_public_id, public_id
from app.ledger import kept_queries
from app.ledger import service as ledger
from app.ledger.refusing import error_of
from app.ledger.service import Drawn, Posted, Posting
from app.loyalty.events import Capture, Reserve, Step, Void
from app.loyalty.holds import discount_of
from app.loyalty.model import Hold, Refusal
from app.outbox import service as outbox
from app.programs.ending import refuse_ended
from app.storage.database import Transaction


class DrawnHold(msgspec.Struct, frozen=True):
    """What chance gives a change of a hold, drawn before its unit of work."""

    public_id: bytes
    seed: bytes


class Resolved(msgspec.Struct, frozen=True):
    """A hold as it is now, and what was posted for it; None: nothing changed."""

    hold: HoldOut
    posted: Posted | None


def make_hold(
    tx: Transaction,
    seller: Seller,
    wanted: NewHold,
    *,
    drawn: DrawnHold,
    secrets: Secrets,
    now: int,
) -> Resolved:
    """Set units aside.

    Raises: Refused, InvalidInput, NotFound, ProofNeeded, WrongAuthority, ProgramEnded.
    """
    known = hosted(card_named(tx, seller, wanted.card_id))
    refuse_ended(known.program, now)
    card = cards.lock_card(tx, known.card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    cost = _cost(tx, seller, known, wanted, now=now)
    _require_proof(seller, known, wanted, cost=cost, secrets=secrets, now=now)
    key = public_id("hold", drawn.public_id)
    reserve = Reserve(
        units=cost.units,
        unit=cost.unit,
        rule=wanted.burn.rule,
        discount_minor=cost.discount_minor,
        ttl_seconds=wanted.ttl_seconds,
    )
    posted = _post(tx, known.card_id, Step(key, now, reserve, slug_of(tx, seller)), drawn, now=now)
    place = HoldPlace(known.card_id, seller.merchant_id)
    queries.insert_hold(tx, drawn.public_id, place)
    return Resolved(hold_out(_hold(tx, place, key), now=now), posted)


def capture(
    tx: Transaction, seller: Seller, text: str, *, units: int | None, drawn: DrawnHold, now: int
) -> Resolved:
    """Spend a hold, or a part of it; the same again is answered again.

    Raises: NotFound; Refused: hold-closed, exceeds-hold.
    """
    place, hold = _locked(tx, seller, text)
    if hold.status == "captured" and hold.captured == (hold.units if units is None else units):
        return Resolved(hold_out(hold, now=now), None)
    change = Step(hold.id, now, Capture(of=hold.id, units=units), slug_of(tx, seller))
    return _resolve(tx, place, change, drawn=drawn, now=now)


def void(tx: Transaction, seller: Seller, text: str, *, drawn: DrawnHold, now: int) -> Resolved:
    """Give a hold's units back; the same again is answered again.

    Raises: NotFound; Refused: hold-closed.
    """
    place, hold = _locked(tx, seller, text)
    if hold.status == "voided":
        return Resolved(hold_out(hold, now=now), None)
    change = Step(hold.id, now, Void(of=hold.id), slug_of(tx, seller))
    return _resolve(tx, place, change, drawn=drawn, now=now)


def place_of(tx: Transaction, seller: Seller, text: str) -> HoldPlace:
    """Find the card of a hold that this merchant's tills asked for. Raises NotFound."""
    raw = parse_public_id("hold", text)
    place = None if raw is None else queries.hold_by_public(tx, raw)
    if place is None or place.merchant_id != seller.merchant_id:
        raise NotFound
    return place


def hold_out(hold: Hold, *, now: int) -> HoldOut:
    """Write a hold; of a captured one what was spent of it."""
    status, units = hold.status, hold.units
    if status == "open" and hold.expires_at <= now:
        status = "expired"
    if status == "captured":
        units = hold.captured
    return HoldOut(
        id=hold.id,
        status=status,
        unit=hold.unit,
        units=units,
        discount_minor=discount_of(hold, units),
        expires_at=rfc3339(hold.expires_at - hold.expires_at % SECOND),
    )


def _cost(tx: Transaction, seller: Seller, known: Known, wanted: NewHold, *, now: int) -> Price:
    """Ask the engine whether this burn may be, and say what it costs."""
    program = ledger.rules_of(tx, known.program.program_id).at(now).program
    burn = pricing.asked(program, wanted.burn)
    step = Step("asked burn", now, burn.event, slug_of(tx, seller))
    tried = ledger.quote(tx, known.card_id, (step,), now=now).results[0]
    if isinstance(tried, Refusal):
        raise error_of(tried)
    cost = pricing.price(burn)
    if cost.units == 0:
        raise invalid("burn.unit_minor", "an article that costs something is expected")
    return cost


def _require_proof(
    seller: Seller, known: Known, wanted: NewHold, *, cost: Price, secrets: Secrets, now: int
) -> None:
    """Refuse a scan of another card, and a large burn without one that proves presence."""
    is_proven = False
    if wanted.scan_id is not None:
        seen = read_scan(secrets, wanted.scan_id, known.card_id, seller.merchant_id, now=now)
        is_proven = seen.is_proof
    from_units = known.program.document.settings.proof_from_units
    if from_units is not None and cost.units >= from_units and not is_proven:
        refusal = ProofNeeded()
        refusal.detail = f"from {from_units} units on, scan the card's rotating or one-time code"
        raise refusal


def _locked(tx: Transaction, seller: Seller, text: str) -> tuple[HoldPlace, Hold]:
    place = place_of(tx, seller, text)
    cards.lock_card(tx, place.card_id)
    return place, _hold(tx, place, text)


def _hold(tx: Transaction, place: HoldPlace, key: str) -> Hold:
    hold = kept_queries.hold(tx, place.card_id, key)
    assert hold is not None, "a hold's look-up is written with it"
    return hold


def _resolve(
    tx: Transaction, place: HoldPlace, change: Step, *, drawn: DrawnHold, now: int
) -> Resolved:
    posted = _post(tx, place.card_id, change, drawn, now=now)
    return Resolved(hold_out(_hold(tx, place, change.id), now=now), posted)


def _post(tx: Transaction, card_id: int, step: Step, drawn: DrawnHold, *, now: int) -> Posted:
    state = cards.card_state(tx, card_id)
    assert state is not None and state.card.program_id is not None, "only programs have holds"
    posting = Posting(
        program_id=state.card.program_id,
        event_id=None,
        steps=(step,),
        priority=outbox.AT_TILL,
        kind="hold",
    )
    return ledger.post(tx, card_id, posting, drawn=Drawn(drawn.seed), now=now)
