"""What a card may spend at a till now: its usable vouchers, and units by each rule, at most."""

from __future__ import annotations

from collections.abc import Iterator

from app.checkout.schemas import BurnOffer, UsableVoucher
from app.checkout.seller import Known, spoken_to
from app.clock import rfc3339
from app.ids import public_id
from app.ledger import service as ledger
from app.ledger.service import View
from app.loyalty import program as rules
from app.loyalty.events import BIG, PayUnits, Step
from app.loyalty.model import Refusal
from app.loyalty.words import money, spoken, units_text
from app.storage.database import Transaction

VOUCHERS_SHOWN_MAX = 50
_NEVER = 2**62


def vouchers_of(view: View) -> list[UsableVoucher]:
    """List vouchers that may be used now, those first that expire first."""
    usable = [each for each in view.vouchers if each.is_usable(view.at)]
    usable.sort(key=lambda each: (each.voucher.expires_at or _NEVER, each.voucher.number))
    return [
        UsableVoucher(
            id=public_id("vch", each.public_id),
            code=each.code,
            template=each.voucher.template,
            kind=each.voucher.kind,
            value=each.voucher.value,
            expires_at=rfc3339(each.voucher.expires_at) if each.voucher.expires_at else None,
        )
        for each in usable[:VOUCHERS_SHOWN_MAX]
    ]


def burns_of(
    tx: Transaction, known: Known, view: View, *, language: str | None = None
) -> list[BurnOffer]:
    """List the rules by which something may be spent at a till now, and how much at most."""
    speaker = spoken_to(tx, known.program, language)
    told_in = spoken(speaker.language)
    in_force = ledger.rules_of(tx, view.program_id).at(view.at).program
    offers = []
    for rule, units, minor in _spendable(tx, known, view, in_force):
        speech = speaker.speech(rule.unit)
        shown = units_text(units, speech.unit, told_in, currency=speech.unit_currency)
        worth = money(minor, in_force.currency, told_in)
        at_most, for_ = ("jusqu'à ", "soit") if told_in == "fr" else ("up to ", "worth")
        offers.append(
            BurnOffer(
                rule=rule.id,
                type=_TYPES[type(rule)],
                units_max=units,
                text=f"{at_most}{shown}, {for_} {worth}",
            )
        )
    return offers


_TYPES: dict[type, str] = {
    rules.Pay: "pay",
    rules.Ladder: "ladder",
    rules.ItemForUnits: "item_for_units",
}


def _spendable(
    tx: Transaction, known: Known, view: View, in_force: rules.Program
) -> Iterator[tuple[rules.Pay | rules.Ladder | rules.ItemForUnits, int, int]]:
    """Yield (rule, units at most, what they are worth in minor units)."""
    for rule in in_force.burn:
        match rule:
            case rules.Pay():
                units = min(view.balances.get(rule.unit, 0), BIG // rule.minor_per_unit)
                if units >= rule.min_units and _is_allowed(
                    tx, known, rule, units=units, at=view.at
                ):
                    yield rule, units, units * rule.minor_per_unit
            case rules.Ladder():
                most = min(view.balances.get(rule.unit, 0), rule.max_units)
                steps = [step for step in rule.steps if step[0] <= most]
                if steps:
                    yield rule, *max(steps)
            case rules.ItemForUnits():
                units = view.balances.get(rule.unit, 0)
                worth = units * rule.minor_per_unit
                if units > 0 and worth >= rule.min_minor:
                    yield rule, units, worth


def _is_allowed(tx: Transaction, known: Known, rule: rules.Pay, *, units: int, at: int) -> bool:
    if not rule.when:
        return True
    step = Step("", at, PayUnits(units=units, rule=rule.id))
    done = ledger.quote(tx, known.card_id, (step,), now=at).results[0]
    return not isinstance(done, Refusal)
