"""What a burn costs and pays for, and a basket as the engine's purchase."""

from __future__ import annotations

import msgspec

from app.checkout.schemas import Basket, NewBurn, NewTicket
from app.errors import invalid
from app.loyalty import program as rules
from app.loyalty.events import BIG, LadderStep, PayUnits, Purchase, RedeemItem, Tender
from app.loyalty.spending import item_units, ladder_discount, pay_discount

# How a ticket says that units paid a part of it: programs name it in `exclude_tenders`.
UNITS_TENDER = "points"
TillRule = rules.Pay | rules.Ladder | rules.ItemForUnits


class Asked(msgspec.Struct, frozen=True):
    """A burn that was asked for: by which rule, and as the engine's step."""

    rule: TillRule
    event: PayUnits | LadderStep | RedeemItem


class Price(msgspec.Struct, frozen=True):
    """What a burn costs and, in minor units, what it pays for."""

    unit: str
    units: int
    discount_minor: int


def asked(program: rules.Program, burn: NewBurn) -> Asked:
    """Read a burn by the rules in force. Raises InvalidInput naming the field."""
    rule = next((each for each in program.burn if each.id == burn.rule), None)
    if not isinstance(rule, TillRule):
        raise invalid("burn.rule", "the program has no such rule for tills")
    needed, other = "units", "unit_minor"
    if isinstance(rule, rules.ItemForUnits):
        needed, other = other, needed
    if getattr(burn, needed) is None:
        raise invalid(f"burn.{needed}", f"needed for a rule of type {_kind(rule)}")
    if getattr(burn, other) is not None:
        raise invalid(f"burn.{other}", f"not for a rule of type {_kind(rule)}")
    match rule:
        case rules.ItemForUnits():
            minor = burn.unit_minor or 0
            return Asked(rule, RedeemItem(unit_minor=minor, qty=burn.qty, rule=rule.id))
        case rules.Ladder():
            return Asked(rule, LadderStep(units=burn.units or 0, rule=rule.id))
        case rules.Pay():
            return Asked(rule, PayUnits(units=burn.units or 0, rule=rule.id))


def price(burn: Asked) -> Price:
    """Say what a burn that the engine has accepted costs and pays for."""
    rule, event = burn.rule, burn.event
    if isinstance(rule, rules.ItemForUnits) and isinstance(event, RedeemItem):
        units = item_units(rule, event.unit_minor) * event.qty
        return Price(rule.unit, units, min(event.unit_minor * event.qty, BIG))
    if isinstance(rule, rules.Ladder) and isinstance(event, LadderStep):
        return Price(rule.unit, event.units, ladder_discount(rule, event.units))
    if isinstance(rule, rules.Pay) and isinstance(event, PayUnits):
        return Price(rule.unit, event.units, pay_discount(rule, event.units))
    raise AssertionError("a rule has its own kind of step")


def total_of(basket: Basket | NewTicket, path: str = "") -> int:
    """Return what a basket costs, minor units. Raises InvalidInput."""
    if (basket.lines is None) == (basket.amount_minor is None):
        raise invalid(f"{path}amount_minor", "exactly one of amount_minor and lines is needed")
    if basket.lines is None:
        return basket.amount_minor or 0
    total = sum(line.unit_minor * line.qty for line in basket.lines)
    if total > BIG:
        raise invalid(f"{path}lines", "more money than can be counted")
    return total


def purchase_of(basket: Basket | NewTicket, *, units_minor: int) -> Purchase:
    """Write a basket as a purchase; the part that units paid becomes a tender of its own.

    `units_minor`: what units pay for. A till that names that tender itself is believed.
    """
    tenders = basket.tenders
    if units_minor and all(tender.type != UNITS_TENDER for tender in tenders):
        tenders = (*tenders, Tender(type=UNITS_TENDER, minor=units_minor))
    return Purchase(
        amount_minor=basket.amount_minor,
        lines=basket.lines,
        channel=basket.channel,
        country=basket.country,
        tenders=tenders,
    )


def _kind(rule: TillRule) -> str:
    return str(rule.__struct_config__.tag)
