"""What a merchant should know of a program that can be published: warnings, in words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, islice

from app.loyalty.faults import known_in
from app.loyalty.owing import best_worth
from app.loyalty.program import (
    All,
    ChannelIn,
    Condition,
    CountryIn,
    EarnRule,
    MerchantIn,
    MinAmount,
    PerAmount,
    Percent,
    PerEvent,
    PerItem,
    Program,
    SkuIn,
    TagAny,
    TenderNone,
)
from app.loyalty.reach import Search, can_hold

WARNINGS_MAX = 20
_PAIRS_MAX = 1_000  # of earn rules that are compared
_OF_TICKETS = MerchantIn | ChannelIn | CountryIn | MinAmount | TenderNone


def warnings(program: Program) -> list[str]:
    """Say what could surprise; the program was checked before."""
    found = [
        *_overlapping(program),
        *_never(program),
        *_generous(program),
        *_undying(program),
        *_ticketless(program),
        *_outsiders(program),
    ]
    return found[:WARNINGS_MAX]


def _overlapping(program: Program) -> Iterator[str]:
    rules = [
        (place, rule) for place, rule in enumerate(program.earn) if not isinstance(rule, PerEvent)
    ]
    search = Search(known_in(program).tiers)
    for (place, one), (other_place, other) in islice(combinations(rules, 2), _PAIRS_MAX):
        if one.unit != other.unit or not _may_share_a_line(one, other):
            continue
        if can_hold((*one.when, *other.when), search):
            yield (
                f"earn[{place}] ({one.id}) and earn[{other_place}] ({other.id}) can count the same"
                f" article for {one.unit}: what they give is added up"
            )


def _may_share_a_line(one: EarnRule, other: EarnRule) -> bool:
    """Say whether an article can be in both rules' base, as far as skus and tags tell."""
    first, second = _skus(one), _skus(other)
    if first is not None and second is not None and not first & second:
        return False
    return not (_is_shut_out(one, other) or _is_shut_out(other, one))


def _skus(rule: EarnRule) -> set[str] | None:
    """Return the only articles a rule counts; None: others too."""
    chosen: set[str] | None = None
    for each in _flat(rule.when):
        if isinstance(each, SkuIn):
            chosen = set(each.any) if chosen is None else chosen & set(each.any)
    if isinstance(rule, PerItem) and not any(key.startswith("tag:") for key in rule.table):
        chosen = set(rule.table) if chosen is None else chosen & set(rule.table)
    return chosen


def _is_shut_out(one: EarnRule, other: EarnRule) -> bool:
    """Say whether a rule excludes every tag by which the other chooses its articles."""
    if not isinstance(one, PerAmount | Percent):
        return False
    tags: set[str] | None = None
    for each in _flat(other.when):
        if isinstance(each, TagAny):
            tags = set(each.any) if tags is None else tags & set(each.any)
    if isinstance(other, PerItem) and all(key.startswith("tag:") for key in other.table):
        listed = {key.removeprefix("tag:") for key in other.table}
        tags = listed if tags is None or tags >= listed else tags
    return tags is not None and tags <= set(one.exclude_tags)


def _flat(conditions: tuple[Condition, ...]) -> Iterator[Condition]:
    for each in conditions:
        if isinstance(each, All):
            yield from _flat(each.of)
        else:
            yield each


def _never(program: Program) -> Iterator[str]:
    search = Search(known_in(program).tiers)
    for name in ("earn", "multipliers", "burn"):
        for place, rule in enumerate(getattr(program, name)):
            if not can_hold(getattr(rule, "when", ()), search):
                yield f"{name}[{place}] ({rule.id}) never counts: its conditions contradict"
    if not can_hold(program.enrol_when, search):
        yield "enrol_when can never hold: nobody is enrolled"
    for place, raising in enumerate(program.multipliers):
        if raising.num <= raising.den:
            yield f"multipliers[{place}] ({raising.id}) raises nothing: a ratio above 1 does"


def _generous(program: Program) -> Iterator[str]:
    """Warn of rules that give back as much as was spent, or more."""
    for unit in program.units:
        worth = best_worth(program, unit.id)
        for place, rule in enumerate(program.earn):
            if rule.unit != unit.id or not isinstance(rule, PerAmount | Percent):
                continue
            share = worth * (
                Fraction(rule.points, rule.step_minor)
                if isinstance(rule, PerAmount)
                else Fraction(rule.bps, 10_000)
            )
            if share >= 1:
                yield f"earn[{place}] ({rule.id}) gives back all that is spent, or more"


def _undying(program: Program) -> Iterator[str]:
    for place, unit in enumerate(program.units):
        is_burned = any(rule.unit == unit.id for rule in program.burn)
        if is_burned and unit.expiry.after is None and unit.expiry.inactivity is None:
            yield f"units[{place}] ({unit.id}) never expire: what is owed can only grow"


def _ticketless(program: Program) -> Iterator[str]:
    for place, tier in enumerate(program.tiers.ladder if program.tiers else ()):
        for field in ("enter", "keep"):
            condition = getattr(tier, field)
            asked = (condition,) if condition is not None else ()
            if any(isinstance(each, _OF_TICKETS) for each in _flat(asked)):
                path = f"tiers.ladder[{place}].{field}"
                yield f"{path} asks for a ticket, but a tier is judged without one"


def _outsiders(program: Program) -> Iterator[str]:
    if program.coalition is None:
        return
    inside = {partner.merchant for partner in program.coalition.partners}
    for place, rule in enumerate(program.earn):
        for each in _flat(rule.when):
            if isinstance(each, MerchantIn):
                for merchant in each.any:
                    if merchant not in inside:
                        yield f"earn[{place}] ({rule.id}) names {merchant}, who is no partner"
