"""What a basket would bring and what a burn would pay for: the same code as a sale, not stored."""

from __future__ import annotations

from typing import Any

from app.cards.hosted import Speaker
from app.checkout import pricing
from app.checkout.pricing import Price
from app.checkout.schemas import NewQuote, QuoteLine, QuoteOut, Why
from app.checkout.seller import Seller, card_named, hosted, slug_of, spoken_to
from app.clock import DAY
from app.errors import invalid
from app.http.fields import moment
from app.ledger import service as ledger
from app.loyalty.events import Step
from app.loyalty.model import Entry, Refusal
from app.loyalty.refusal_words import refusal_text
from app.loyalty.wording import explain
from app.programs.ending import refuse_ended
from app.storage.database import Transaction

# A quote runs through everything that is due until then: each season, each end of a tier's hold.
AHEAD_DAYS = 3_660
AHEAD_MAX = AHEAD_DAYS * DAY
NOT_ENROLLED = {
    "fr": "Ce ticket n'ouvre pas encore la carte.",
    "en": "This ticket does not enrol the card yet.",
}


def quote(tx: Transaction, seller: Seller, wanted: NewQuote, *, now: int) -> QuoteOut:
    """Say what a card would earn and save, with reasons, and why not; nothing changes.

    Raises: InvalidInput; NotFound; WrongAuthority; ProgramEnded.
    """
    at = now if wanted.at is None else moment("at", wanted.at)
    if at > now + AHEAD_MAX:
        raise invalid("at", f"at most {AHEAD_DAYS} days ahead")
    total = pricing.total_of(wanted.basket, "basket.")
    known = hosted(card_named(tx, seller, wanted.card_id))
    refuse_ended(known.program, at)
    rules = ledger.rules_of(tx, known.program.program_id).at(at).program
    speaker = spoken_to(tx, known.program, seller.language)
    slug = slug_of(tx, seller)
    steps: list[Step] = []
    found: list[Refusal] = []
    cost: Price | None = None
    if wanted.burn is not None:
        burn = pricing.asked(rules, wanted.burn)
        step = Step("quoted burn", at, burn.event, slug)
        tried = ledger.quote(tx, known.card_id, (step,), now=max(at, now)).results[0]
        if isinstance(tried, Refusal):
            found.append(tried)
        else:
            steps.append(step)
            cost = pricing.price(burn)
    discount = 0 if cost is None else min(cost.discount_minor, total)
    bought = pricing.purchase_of(wanted.basket, units_minor=discount)
    steps.append(Step("quoted ticket", at, bought, slug))
    done = ledger.quote(tx, known.card_id, tuple(steps), now=max(at, now))
    result = done.results[-1]
    if isinstance(result, Refusal):
        found.append(result)
    count = len(wanted.basket.lines or (0,))
    return QuoteOut(
        earned_units=_earned(result),
        burned_units={} if cost is None else {cost.unit: cost.units},
        discount_minor=discount,
        lines=[_line(entry, speaker, count=count) for entry in done.entries],
        refusals=[_why(each, speaker) for each in found] + _not_enrolled(result, speaker),
    )


def _earned(result: dict[str, Any] | Refusal) -> dict[str, int]:
    return {} if isinstance(result, Refusal) else dict(result.get("earned_units", {}))


def _line(entry: Entry, speaker: Speaker, *, count: int) -> QuoteLine:
    speech = speaker.speech(entry.unit)
    text = explain(entry.kind, entry.units, entry.why, rule=entry.rule, speech=speech)
    # Rules speak of the ticket as a whole: only a single line is surely the one that is meant.
    is_one = entry.kind == "earn" and count == 1
    return QuoteLine(
        line=0 if is_one else None,
        unit=entry.unit,
        units=entry.units,
        rule=entry.rule,
        text=text,
    )


def _why(refusal: Refusal, speaker: Speaker) -> Why:
    text = refusal_text(refusal.code, refusal.facts, speaker.language, currency=speaker.currency)
    return Why(code=refusal.code.replace("_", "-"), text=text)


def _not_enrolled(result: dict[str, Any] | Refusal, speaker: Speaker) -> list[Why]:
    if isinstance(result, Refusal) or result.get("enrolled", True):
        return []
    return [Why(code="not-enrolled", text=NOT_ENROLLED["fr" if speaker.language == "fr" else "en"])]
