"""Why not, in words: each refusal of the engine and what would have been needed."""

from __future__ import annotations

from typing import Any

from app.loyalty.words import money, number, spoken

_TEXTS: dict[str, tuple[str, str]] = {
    "duplicate_conflict": (
        "Cet identifiant a déjà servi pour autre chose.",
        "This id was used for something else.",
    ),
    "not_allowed": (
        "Cette carte n'y a pas droit pour l'instant.",
        "This card may not do that for now.",
    ),
    "below_minimum": ("Le minimum n'est pas atteint.", "The minimum is not reached."),
    "above_maximum": ("Le maximum est dépassé.", "The maximum is exceeded."),
    "not_a_step": ("Ce nombre n'est pas un palier.", "That number is not one of the steps."),
    "out_of_stock": ("Cette récompense est épuisée.", "This reward is out of stock."),
    "insufficient": ("Le solde ne suffit pas.", "The balance is not enough."),
    "hold_closed": ("Cette réservation est close.", "This hold is closed."),
    "exceeds_hold": ("C'est plus que la réservation.", "That is more than the hold."),
    "already_reversed": ("C'est déjà annulé.", "It was reversed already."),
    "already_used": ("Ce bon a déjà servi.", "This voucher was used already."),
    "void": ("Ce bon est annulé.", "This voucher is void."),
    "expired": ("Ce bon a expiré.", "This voucher has expired."),
    "limit": (
        "Les participations du jour sont épuisées.",
        "The plays of the day are used up.",
    ),
    "over_refund": (
        "C'est plus que ce qui reste du ticket.",
        "That is more than what is left of the ticket.",
    ),
    "self_referral": ("On ne peut pas se parrainer.", "A card cannot refer itself."),
    "unknown_rule": ("Cette règle n'existe pas.", "There is no such rule."),
    "unknown_unit": ("Cette unité n'existe pas.", "There is no such unit."),
    "unknown_ticket": ("Ce ticket est inconnu.", "This ticket is unknown."),
    "unknown_burn": ("Cette utilisation est inconnue.", "This redemption is unknown."),
    "unknown_voucher": ("Ce bon est inconnu.", "This voucher is unknown."),
    "unknown_sale": ("Cette vente est inconnue.", "This sale is unknown."),
}
_ANY = ("Ce n'est pas possible.", "This is not possible.")


def refusal_text(code: str, facts: dict[str, Any], language: str, *, currency: str = "EUR") -> str:
    """Say why something was refused, with its figures. `code` with `_` or with `-`."""
    speaks = spoken(language)
    fr, en = _TEXTS.get(code.replace("-", "_"), _ANY)
    figures = _figures(facts, speaks, currency)
    said = fr if speaks == "fr" else en
    return f"{said[:-1]}{' : ' if speaks == 'fr' else ': '}{figures}." if figures else said


def _figures(facts: dict[str, Any], speaks: str, currency: str) -> str:
    """Write the facts of a refusal; "" where it has none that a person would read."""

    def says(fr: str, en: str) -> str:
        return fr if speaks == "fr" else en

    match facts:
        case {"balance": int(balance), "needed": int(needed)}:
            has, needs = number(balance, speaks), number(needed, speaks)
            return says(f"{has} pour {needs}", f"{has} of {needs}")
        case {"minimum_minor": int(minor)} | {"left_minor": int(minor)}:
            return money(minor, currency, speaks)
        case {"minimum_units": int(count)} | {"maximum_units": int(count)} | {"held": int(count)}:
            return number(count, speaks)
        case {"steps": [*steps]} if steps:
            return ", ".join(number(each, speaks) for each in steps[:20])
        case _:
            return ""
