"""The two balances on an object's face: units, money, and the tier (specs: google.md §3)."""

from __future__ import annotations

from typing import Any

from passes.content import Balance, PassContent, Tier, Unit, in_language
from passes.google.texts import LABEL_MAX, cut_all, member, spoken, words
from passes.money import amount, micros

_INT_32, _INT_64 = 2**31, 2**63


def faces(content: PassContent) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return `loyaltyPoints` and `secondaryLoyaltyPoints`.

    In a program with tiers the second is the tier's, also before a card has one: its kind must
    never change. The class has a member for the tier, but all cards share it.
    """
    shown = shown_balances(content)
    first = _of_unit(content, shown[0]) if shown else None
    if content.program.tiers:
        tier = shown_tier(content)
        return first, _of_tier(content, tier) if tier else None
    return first, _of_unit(content, shown[1]) if len(shown) > 1 else None


def further_balances(content: PassContent) -> list[Balance]:
    """List the balances that have no place on the face."""
    return shown_balances(content)[1 if content.program.tiers else 2 :]


def shown_balances(content: PassContent) -> list[Balance]:
    """List the balances of units that the program names, in the card's order."""
    named = {unit.id for unit in content.program.units}
    return [held for held in content.balances if held.unit.id in named]


def shown_tier(content: PassContent) -> Tier | None:
    """Return the card's tier as the program names it."""
    held = content.tier
    return next((tier for tier in content.program.tiers if held and tier.id == held.id), None)


def program_unit(content: PassContent, unit_id: str) -> Unit | None:
    """Return a unit as the program names it."""
    return next((unit for unit in content.program.units if unit.id == unit_id), None)


def card_language(content: PassContent) -> str:
    """Return in which language to write what has no translations: the user's, if the program's."""
    languages = content.program.languages
    return content.language if content.language in languages else languages[0]


def _of_unit(content: PassContent, held: Balance) -> dict[str, Any]:
    unit = program_unit(content, held.unit.id)
    assert unit is not None, "only named units are shown"
    label = cut_all(spoken(content.program, unit.name), LABEL_MAX)
    return {**member("label", label), "balance": _balance(held.value, unit.currency)}


def _of_tier(content: PassContent, tier: Tier) -> dict[str, Any]:
    label = cut_all(words(content.program, "tier"), LABEL_MAX)
    default = content.program.languages[0]
    name = in_language(tier.name, card_language(content), default=default)
    return {**member("label", label), "balance": {"string": name}}


def _balance(value: int, currency: str | None) -> dict[str, Any]:
    """Write a balance in one kind; as text only what no number of Google's can hold."""
    if currency is None:
        return {"int": value} if -_INT_32 <= value < _INT_32 else {"string": str(value)}
    counted = micros(value, currency)
    if -_INT_64 <= counted < _INT_64:
        return {"money": {"currencyCode": currency, "micros": str(counted)}}
    return {"string": f"{amount(value, currency)} {currency}"}
