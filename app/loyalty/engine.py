"""Decides: one card's account and one event in; entries, messages and results out."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty import (
    calendar,
    campaigns,
    earning,
    holds,
    lots,
    merging,
    metrics,
    rewards,
    spending,
    tickets,
    tiers,
)
from app.loyalty.book import Book, copy_of
from app.loyalty.conditions import Context, position_of
from app.loyalty.due import catch_up, next_due_at
from app.loyalty.events import (
    Adjust,
    Capture,
    Claims,
    Convert,
    Enrol,
    Give,
    HandOver,
    Interaction,
    LadderStep,
    Opening,
    PayUnits,
    Play,
    Purchase,
    Receive,
    RedeemItem,
    Refund,
    Reserve,
    ReverseBurn,
    Step,
    TakeBack,
    TakeReward,
    UseVoucher,
    Void,
)
from app.loyalty.model import OPERATOR, Account, Refusal
from app.loyalty.refusing import Refused

__all__ = ["Book", "catch_up", "copy_of", "decide", "new_account", "next_due_at"]

NO_CLAIMS = Claims()


def new_account(now: int) -> Account:
    """Open a card's account; what was due before is none of its business."""
    return Account(opened_at=now, caught_up_at=now)


def decide(book: Book, step: Step, claims: Claims = NO_CLAIMS) -> dict[str, Any] | Refusal:
    """Do one step on a book that was caught up: its results, or why not.

    After a refusal the book is to be thrown away. Ids are the caller's to look up, before.
    `book.is_kept` False: a ticket that enrols nobody; nothing of it is to be kept.
    """
    metrics.refresh(book)
    try:
        results = _do(book, step, claims)
    except Refused as refused:
        return Refusal(refused.code, refused.facts)
    lots.repay_debts(book)
    return results


def _do(book: Book, step: Step, claims: Claims) -> dict[str, Any]:
    event = step.event
    match event:
        case Purchase():
            return tickets.purchase(book, step, event, claims)
        case Refund():
            return tickets.refund(book, step, event)
        case Interaction():
            return _interact(book, step, event)
        case Enrol():
            return _enrol(book, step, event)
        case Adjust():
            return _adjust(book, step, event)
        case Opening():
            return _open(book, step, event)
        case Reserve() | Capture() | Void():
            return _hold(book, step, event)
        case UseVoucher():
            return rewards.use(book, event)
        case ReverseBurn():
            return rewards.reverse_burn(book, event.of)
        case Play() | Give() | TakeBack() | HandOver() | Receive():
            return _receive(book, step, event, claims)
        case _:
            return _burn(book, step, event, claims)


def _hold(book: Book, step: Step, event: Reserve | Capture | Void) -> dict[str, Any]:
    match event:
        case Reserve():
            return holds.reserve(book, step, event)
        case Capture():
            return holds.capture(book, step, event)
        case Void():
            return holds.void(book, event.of)


def _receive(
    book: Book, step: Step, event: Play | Give | TakeBack | HandOver | Receive, claims: Claims
) -> dict[str, Any]:
    match event:
        case Play():
            return campaigns.play(book, event, _context(book, step), claims)
        case Give():
            return campaigns.receive(book, step.id, event)
        case TakeBack():
            return campaigns.give_back(book, event)
        case HandOver():
            return merging.hand_over(book, event)
        case Receive():
            return merging.receive(book, event)


def _burn(
    book: Book,
    step: Step,
    event: RedeemItem | LadderStep | PayUnits | Convert | TakeReward,
    claims: Claims,
) -> dict[str, Any]:
    context = _context(book, step)
    match event:
        case RedeemItem():
            return spending.redeem_item(book, step, event, context)
        case LadderStep():
            return spending.climb(book, step, event, context)
        case PayUnits():
            return spending.pay(book, step, event, context)
        case Convert():
            # Conversions belong to processing time (§6): its conditions, too, hold now.
            now = msgspec.structs.replace(context, at=book.at)
            return spending.convert(book, step, event, now)
        case TakeReward():
            return spending.take_reward(book, step, event, context=context, claims=claims)


def _context(book: Book, step: Step) -> Context:
    """Return what conditions see of an event that is no ticket."""
    rules = book.rules.at(step.occurred_at).program
    tier = position_of(rules, book.account.tier)
    return Context(at=step.occurred_at, tier=tier, program=rules, merchant=step.merchant)


def _enrol(book: Book, step: Step, event: Enrol) -> dict[str, Any]:
    account = book.account
    if account.enrolled_at is None:
        account.enrolled_at = step.occurred_at
    if account.referred_by is None:
        account.referred_by = event.referred_by
    tiers.evaluate(book)
    return {}


def _interact(book: Book, step: Step, event: Interaction) -> dict[str, Any]:
    """Make one lot a rule, and name only units that were really earned."""
    units: dict[str, int] = {}
    for rule, earned in earning.interaction(book, event, _context(book, step)):
        if earned.units <= 0:
            continue
        given = lots.Grant(
            unit=rule.unit,
            units=earned.units,
            source=rule.id,
            rule=rule.id,
            why=earned.why,
            issuer=step.merchant or OPERATOR,
        )
        lots.grant(book, given, earned_at=step.occurred_at)
        units[rule.unit] = units.get(rule.unit, 0) + earned.units
    lots.repay_debts(book)
    tiers.evaluate(book)
    return {"earned": units.get(book.program.units[0].id, 0), "earned_units": units}


def _adjust(book: Book, step: Step, event: Adjust) -> dict[str, Any]:
    """Correct a balance: up makes a lot at once available, down takes from the lots."""
    _known_unit(book, event.unit)
    if event.units > 0:
        given = lots.Grant(
            unit=event.unit,
            units=event.units,
            source="adjust",
            rule="adjust",
            why={},
            kind="adjust",
            is_pending=False,
        )
        lots.grant(book, given, earned_at=step.occurred_at)
        tiers.evaluate(book)
        return {}
    units = -event.units
    spending.check_balance(book, event.unit, units)
    why: dict[str, Any] = {}
    entry = book.enter("adjust", event.unit, -units, at=book.at, rule="adjust", why=why)
    alloc = lots.take_units(book, event.unit, units, to="mint", reason="adjust", entry=entry)
    why["lots"] = [list(each) for each in alloc]
    return {}


def _open(book: Book, step: Step, event: Opening) -> dict[str, Any]:
    """Take an opening balance over: one lot each, with its own expiry."""
    for each in event.lots:
        _known_unit(book, each.unit)
        expires_at = None if each.expires_at is None else calendar.parse_instant(each.expires_at)
        given = lots.Grant(
            unit=each.unit,
            units=each.units,
            source="import",
            rule="opening",
            why={},
            is_pending=False,
            expires_at=expires_at,
            has_own_expiry=True,
        )
        lots.grant(book, given, earned_at=step.occurred_at)
    tiers.evaluate(book)
    return {}


def _known_unit(book: Book, unit: str) -> None:
    if all(each.id != unit for each in book.program.units):
        raise Refused("unknown_unit", unit=unit)
