"""What a hosted card's account adds to its pass, and what of it the last change moved."""

from __future__ import annotations

from typing import Any

from app.cards import hosted_queries
from app.cards.hosted import expiry_shown, rules_at, tier_shown, usable_vouchers, view_of
from app.ledger.service import View
from app.loyalty.program import Program as RulesProgram
from app.storage.database import Transaction
from passes.content import Balance, NextExpiry, NextTier, ProgramContent

Moved = dict[str, int]  # by unit


def hosted_members(
    tx: Transaction, card_id: int, shown: ProgramContent, *, now: int
) -> dict[str, Any]:
    """Return the members of PassContent that the card's account gives."""
    view = view_of(tx, card_id, now=now)
    if view is None:
        return {"balances": tuple(Balance(unit=unit, value=0) for unit in shown.units)}
    rules = rules_at(tx, view)
    available, pending = _moved(tx, card_id)
    tiers = {tier.id: tier for tier in shown.tiers}
    units = {unit.id: unit for unit in shown.units}
    expiry, next_expiry = expiry_shown(view, shown), None
    if expiry is not None:
        next_expiry = NextExpiry(at=expiry[1], units=expiry[2], unit=units[expiry[0]])
    vouchers = usable_vouchers(view) if rules.vouchers else None
    return {
        "program": _in_zone(shown, rules),
        "balances": _balances(view, shown, rules, moved=(available, pending)),
        "tier": tiers.get(tier_shown(view, rules) or ""),
        "next_tier": _next_tier(view, shown, rules),
        "next_expiry": next_expiry,
        "vouchers": vouchers,
        "keep_by": view.keep_by,
        "speaks": _speaks(tx, view, shown, moved=(available, pending)),
    }


def _in_zone(shown: ProgramContent, rules: RulesProgram) -> ProgramContent:
    """Write dates as the program's clocks show them; nothing that passes share depends on it."""
    members = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return ProgramContent(**members | {"time_zone": rules.tz})


def _balances(
    view: View, shown: ProgramContent, rules: RulesProgram, *, moved: tuple[Moved, Moved]
) -> tuple[Balance, ...]:
    """List balances; what counts only later has a field where the rules know such units."""
    late = {unit.id for unit in rules.units if unit.pending is not None}
    available, pending = moved
    return tuple(
        Balance(
            unit=unit,
            value=view.balances.get(unit.id, 0),
            pending=view.pending.get(unit.id, (0, None))[0]
            if unit.id in late or unit.id in view.pending
            else None,
            change=available.get(unit.id, 0),
            pending_change=pending.get(unit.id, 0),
        )
        for unit in shown.units
    )


def _next_tier(view: View, shown: ProgramContent, rules: RulesProgram) -> NextTier | None:
    """Say what is missing: of several ways up the nearest, of several needs the first."""
    up = view.to_next_tier
    tier = None if up is None else next((t for t in shown.tiers if t.id == up.tier), None)
    open_ones = [] if up is None else [each for each in up.missing if each.missing > 0]
    if up is None or tier is None or not open_ones:
        return None
    chosen = open_ones[0]
    if not up.needs_all:
        chosen = min(open_ones, key=lambda each: each.missing * 1_000_000 // each.target)
    currency = rules.currency if chosen.agg == "net_amount" else None
    return NextTier(tier=tier, missing=chosen.missing, currency=currency)


def _moved(tx: Transaction, card_id: int) -> tuple[Moved, Moved]:
    """Sum by unit what the last change did to balances and to what is pending."""
    available: Moved = {}
    pending: Moved = {}
    last = hosted_queries.last_change(tx, card_id)
    moves = [] if last is None else hosted_queries.moves_of(tx, card_id, last.journal)
    for move in moves:
        for place, units in ((move.debit, -move.units), (move.credit, move.units)):
            if place in {"available", "debt"}:  # a balance is what is available less the debt
                available[move.unit] = available.get(move.unit, 0) + units
            elif place == "pending":
                pending[move.unit] = pending.get(move.unit, 0) + units
    return available, pending


def _speaks(
    tx: Transaction, view: View, shown: ProgramContent, *, moved: tuple[Moved, Moved]
) -> str | None:
    """Choose what the lock screen says of the last change: tier, voucher, balance, pending."""
    if hosted_queries.is_tier_new(tx, view.card_id, view.sequence):
        return "tier"
    last = hosted_queries.last_change(tx, view.card_id)
    newest = view.vouchers[0].voucher if view.vouchers else None
    if last is not None and newest is not None and newest.issued_at > last.since:
        return "vouchers"
    for name, by_unit in (("unit", moved[0]), ("pending", moved[1])):
        for unit in shown.units:
            if by_unit.get(unit.id):
                return f"{name}:{unit.id}"
    return None
