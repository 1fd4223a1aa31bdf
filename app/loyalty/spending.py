"""Burning: articles, steps, units as money, rewards and vouchers (specs/loyalty.md §7)."""

from __future__ import annotations

from typing import Any, TypeVar

from app.loyalty import lots, program, rewards
from app.loyalty.book import Book
from app.loyalty.conditions import Context, all_hold
from app.loyalty.events import (
    BIG,
    Claims,
    Convert,
    LadderStep,
    PayUnits,
    RedeemItem,
    Step,
    TakeReward,
)
from app.loyalty.model import OPERATOR, Burn, Lot
from app.loyalty.refusing import Refused
from app.loyalty.rounding import rdiv

Rule = TypeVar("Rule", bound=program.BurnRule)


def redeem_item(book: Book, step: Step, event: RedeemItem, context: Context) -> dict[str, Any]:
    """Burn the price of articles, rounded per article, then times their number."""
    rule = find(context.program, program.ItemForUnits, event.rule)
    each = item_units(rule, event.unit_minor)
    cost = each * event.qty
    why = {"each": each, "qty": event.qty, "price": event.unit_minor, "rounding": rule.rounding}
    burn = _spend(book, step.id, rule, cost, why=why)
    return {"cost_units": cost, "alloc": _alloc(book, burn)}


def item_units(rule: program.ItemForUnits, unit_minor: int) -> int:
    """Return what one article costs. Raises Refused below the rule's minimum."""
    each = rdiv(unit_minor, rule.minor_per_unit, rule.rounding)
    basis = unit_minor if rule.min_basis == "price" else each * rule.minor_per_unit
    if basis < rule.min_minor:
        raise Refused("below_minimum", minimum_minor=rule.min_minor)
    return each


def climb(book: Book, step: Step, event: LadderStep, context: Context) -> dict[str, Any]:
    """Burn exactly one of the listed steps."""
    rule = find(context.program, program.Ladder, event.rule)
    discount = ladder_discount(rule, event.units)
    burn = _spend(book, step.id, rule, event.units, why={"minor": discount})
    return {"discount_minor": discount, "alloc": _alloc(book, burn)}


def ladder_discount(rule: program.Ladder, units: int) -> int:
    """Return what a step pays for. Raises Refused above the maximum or beside the steps."""
    if units > rule.max_units:
        raise Refused("above_maximum", maximum_units=rule.max_units)
    for each, discount in rule.steps:
        if each == units:
            return discount
    raise Refused("not_a_step", steps=[each for each, _discount in rule.steps])


def pay(book: Book, step: Step, event: PayUnits, context: Context) -> dict[str, Any]:
    """Burn units as money, and say what each issuer owes where they were spent."""
    rule = find(context.program, program.Pay, event.rule)
    _allow(book, rule.when, context)
    discount = pay_discount(rule, event.units)
    burn = _spend(book, step.id, rule, event.units, why={"minor": discount})
    settlement: dict[str, int] = {}
    cost_micro = book.unit(rule.unit).cost_micro
    for number, units in burn.alloc:
        between = f"{book.lot(number).issuer}>{step.merchant or OPERATOR}"
        # 1e-6 of the major unit → hundredths of it (two-decimal currencies)
        settlement[between] = settlement.get(between, 0) + units * cost_micro // 10_000
    alloc = _alloc(book, burn)
    return {"discount_minor": discount, "alloc": alloc, "settlement": settlement}


def pay_discount(rule: program.Pay, units: int) -> int:
    """Return what units pay for. Raises Refused below the minimum."""
    if units < rule.min_units:
        raise Refused("below_minimum", minimum_units=rule.min_units)
    discount = units * rule.minor_per_unit
    if discount > BIG:
        raise Refused("above_maximum", maximum_minor=BIG)
    return discount


def convert(book: Book, step: Step, event: Convert, context: Context) -> dict[str, Any]:
    """Turn units into a voucher on demand."""
    rule = find(context.program, program.ConvertToVoucher, event.rule)
    return {"converted": convert_by(book, step.id, rule, context)}


def convert_by(book: Book, key: str, rule: program.ConvertToVoucher, context: Context) -> int:
    """Convert by one rule and return the units it took. Raises Refused."""
    _allow(book, rule.when, context)
    balance = book.balance(rule.unit)
    if balance < rule.min_units:
        raise Refused("below_minimum", minimum_units=rule.min_units)
    units = balance
    if rule.take == "multiples":
        units -= balance % rule.min_units
    burn = _burn(book, key, rule, units, why={"voucher": rule.voucher})
    template = rewards.template_of(book, rule.voucher)
    if template.kind == "item":
        count, value = units // rule.min_units, 0
    else:
        count = 1
        value = units * rule.minor_per_unit if template.kind == "amount" else template.value
    for _each in range(count):
        issued = rewards.issue(book, template, value, source=rule.id)
        burn.vouchers.append(issued.number)
    return units


def convert_where_allowed(
    book: Book, key: str, rule: program.ConvertToVoucher, context: Context
) -> None:
    """Convert by a rule that nobody asked for: where it is refused nothing happens."""
    try:
        convert_by(book, key, rule, context)
    except Refused:
        return


def take_reward(
    book: Book, step: Step, event: TakeReward, *, context: Context, claims: Claims
) -> dict[str, Any]:
    """Burn the cost of a reward; its stock was claimed at the program before."""
    rule = find(context.program, program.Catalogue, event.rule)
    _allow(book, rule.when, context)
    if rule.stock is not None and not claims.has_stock:
        raise Refused("out_of_stock")
    burn = _spend(book, step.id, rule, rule.cost, why={"reward": rule.id})
    given = rewards.give(book, rule.grant, source=rule.id, why={"reward": rule.id})
    burn.vouchers.extend(given.vouchers)
    return {"alloc": _alloc(book, burn)}


def find(rules: program.Program, kind: type[Rule], rule_id: str | None) -> Rule:
    """Return a burn rule by its id, or the first of its kind. Raises Refused: there is none."""
    for rule in rules.burn:
        if isinstance(rule, kind) and rule_id in (None, rule.id):
            return rule
    raise Refused("unknown_rule", rule=rule_id)


def check_balance(book: Book, unit: str, units: int) -> None:
    """Refuse to spend more than the balance, net of debt."""
    balance = book.balance(unit)
    if balance < units:
        raise Refused("insufficient", balance=balance, needed=min(units, BIG))


def _allow(book: Book, when: tuple[program.Condition, ...], context: Context) -> None:
    if not all_hold(book, when, context):
        raise Refused("not_allowed")


def _spend(
    book: Book, key: str, rule: program.BurnRule, units: int, *, why: dict[str, Any]
) -> Burn:
    check_balance(book, rule.unit, units)
    return _burn(book, key, rule, units, why=why)


def _burn(book: Book, key: str, rule: program.BurnRule, units: int, *, why: dict[str, Any]) -> Burn:
    entry = book.enter("burn", rule.unit, -units, at=book.at, rule=rule.id, why=why)
    alloc = lots.take_units(book, rule.unit, units, to="burned", reason="burn", entry=entry)
    why["lots"] = [list(each) for each in alloc]
    book.account.last_activity_at = max(book.account.last_activity_at or book.at, book.at)
    burn = book.burns[key] = Burn(id=key, rule=rule.id, unit=rule.unit, alloc=alloc)
    return burn


def _alloc(book: Book, burn: Burn) -> list[list[Any]]:
    """Say which lots paid, by their source, in spend order."""
    found: list[list[Any]] = []
    for number, units in burn.alloc:
        lot: Lot = book.lot(number)
        found.append([lot.source, units])
    return found
