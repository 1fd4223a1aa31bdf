"""Purchases and their refunds: a ticket is kept in its context and earned again from it."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty import campaigns, earning, lots, metrics, rewards, spending, tiers
from app.loyalty.book import Book
from app.loyalty.conditions import Context, all_hold, position_of
from app.loyalty.events import BIG, Claims, Purchase, Refund, Step
from app.loyalty.model import INTERNAL, OPERATOR, Line, Ticket
from app.loyalty.program import ConvertToVoucher, Program
from app.loyalty.refusing import Refused
from app.loyalty.rules import Version


def purchase(book: Book, step: Step, event: Purchase, claims: Claims) -> dict[str, Any]:
    """Take a ticket in the order of specs/loyalty.md §4."""
    version = book.rules.at(step.occurred_at)
    ticket = _open_ticket(book, step, event, version)
    context = _context(book, ticket, version.program)
    if not _enrol(book, version.program, context):
        book.is_kept = False
        return {"enrolled": False, "earned": 0}
    if ticket.net > BIG - book.account.net_total:
        raise Refused("above_maximum")
    book.tickets[ticket.id] = ticket
    book.account.net_total += ticket.net
    metrics.note_ticket(book, ticket.occurred_at, ticket.net, 1 if ticket.net > 0 else 0)
    earned = _earn(book, ticket, context)
    lots.repay_debts(book)
    campaigns.refer(book, ticket)
    tiers.evaluate(book)
    campaigns.progress(book, ticket, ticket.net, 1 if ticket.net > 0 else 0)
    campaigns.reward(book, claims)
    _convert(book, ticket, context)
    first = book.program.units[0].id
    return {"earned": earned.get(first, 0), "earned_units": earned, "enrolled": True}


def _open_ticket(book: Book, step: Step, event: Purchase, version: Version) -> Ticket:
    if event.lines is None:
        lines = [Line(event.amount_minor or 0)]
    else:
        lines = [Line(line.unit_minor, line.qty, line.sku, line.tags) for line in event.lines]
    return Ticket(
        id=step.id,
        occurred_at=step.occurred_at,
        version=version.number,
        net=sum(line.qty * line.unit_minor for line in lines),
        lines=lines,
        merchant=step.merchant,
        channel=event.channel,
        country=event.country,
        tenders=[(tender.type, tender.minor) for tender in event.tenders],
        tier_before=book.account.tier,
    )


def _context(book: Book, ticket: Ticket, rules: Program) -> Context:
    return Context(
        at=ticket.occurred_at,
        tier=position_of(rules, ticket.tier_before),
        program=rules,
        merchant=ticket.merchant,
        channel=ticket.channel,
        country=ticket.country,
        tenders=frozenset(kind for kind, _minor in ticket.tenders),
        minor=ticket.net,
    )


def _enrol(book: Book, rules: Program, context: Context) -> bool:
    """Say whether the card is enrolled, now if this ticket makes it so."""
    if not rules.enrol_when or book.account.enrolled_at is not None:
        return True
    if not all_hold(book, rules.enrol_when, context):
        return False
    book.account.enrolled_at = context.at
    return True


def _compute(book: Book, ticket: Ticket, context: Context) -> dict[str, earning.Earned]:
    basket = earning.Basket(ticket.lines, ticket.tenders, book.account.net_total - ticket.net)
    return earning.purchase(book, basket, context)


def _earn(book: Book, ticket: Ticket, context: Context) -> dict[str, int]:
    units: dict[str, int] = {}
    for unit, earned in _compute(book, ticket, context).items():
        units[unit] = earned.units
        if earned.units <= 0:
            continue
        given = lots.Grant(
            unit=unit,
            units=earned.units,
            source=ticket.id,
            issuer=ticket.merchant or OPERATOR,
            rule=earned.rule,
            why=earned.why,
        )
        ticket.lots[unit] = lots.grant(book, given, earned_at=ticket.occurred_at).number
    return units


def _convert(book: Book, ticket: Ticket, context: Context) -> None:
    """Do the conversions that nobody needs to ask for, by the tier the ticket has led to."""
    for rule in book.program.burn:
        if isinstance(rule, ConvertToVoucher) and rule.mode == "auto":
            now = msgspec.structs.replace(context, at=book.at, tier=tiers.position(book))
            key = f"{INTERNAL}auto:{rule.id}:{ticket.id}"
            spending.convert_where_allowed(book, key, rule, now)


def refund(book: Book, step: Step, event: Refund) -> dict[str, Any]:
    """Take back what the rest of a ticket would not have earned, whatever the way to it."""
    ticket = book.ticket(event.of)
    if ticket is None:
        raise Refused("unknown_ticket")
    net, was_visit = ticket.net, ticket.net > 0
    if event.lines is not None:
        _take_lines(ticket, event.lines)
    else:
        _take_amount(ticket, event.amount_minor or 0)
    ticket.net = sum(line.qty * line.unit_minor for line in ticket.lines)
    change = ticket.net - net
    book.account.net_total += change
    tickets = -1 if was_visit and ticket.net == 0 else 0
    metrics.note_ticket(book, ticket.occurred_at, change, tickets)
    reversed_units = _reverse(book, ticket)
    campaigns.refer_back(book, ticket)
    campaigns.progress(book, ticket, change, tickets)
    tiers.evaluate_after_refund(book)
    first = book.program.units[0].id
    return {"reversed": reversed_units.get(first, 0), "reversed_units": reversed_units}


def _take_amount(ticket: Ticket, amount: int) -> None:
    """Take an amount off the lines in order; a touched line is one article at what remains."""
    if amount > ticket.net:
        raise Refused("over_refund", left_minor=ticket.net)
    for place, line in enumerate(ticket.lines):
        taken = min(amount, line.qty * line.unit_minor)
        if taken == 0:
            continue
        rest = line.qty * line.unit_minor - taken
        ticket.lines[place] = Line(rest, 1 if rest else 0, line.sku, line.tags)
        amount -= taken


def _take_lines(ticket: Ticket, taken: tuple[tuple[int, int], ...]) -> None:
    for index, qty in taken:
        if index >= len(ticket.lines) or qty > ticket.lines[index].qty:
            raise Refused("over_refund", line=index)
        line = ticket.lines[index]
        ticket.lines[index] = Line(line.unit_minor, line.qty - qty, line.sku, line.tags)


def _reverse(book: Book, ticket: Ticket) -> dict[str, int]:
    """Earn the rest again in the original context; what the lots still count beyond it goes."""
    rules = book.rules.numbered(ticket.version).program
    earned = _compute(book, ticket, _context(book, ticket, rules))
    taken: dict[str, int] = {}
    for unit, number in ticket.lots.items():
        lot = book.lot(number)
        after = earned[unit].units if unit in earned else 0
        taken[unit] = max(0, lot.counted - after)
        why = {"of": ticket.id, "before": lot.counted, "after": after}
        rewards.take_lot_back(book, lot, taken[unit], rule="refund", why=why)
    return taken
