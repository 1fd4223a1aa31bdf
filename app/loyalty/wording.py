"""Says in words why an entry is what it is: rule, base, rounding, multiplier, lot."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty.refusal_words import refusal_text
from app.loyalty.words import (
    day,
    decimals,
    in_a_sentence,
    major_name,
    money,
    number,
    percent,
    spoken,
    units_text,
)

__all__ = ["Speech", "explain", "foretell", "refusal_text"]
LOTS_NAMED_MAX = 5


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """In which language, of which unit by its name, and in which currency money is meant.

    `unit_currency`: of a unit that counts money in minor units; None for points.
    """

    language: str
    unit: str
    currency: str = "EUR"
    unit_currency: str | None = None

    def says(self, fr: str, en: str) -> str:
        """Choose the words of the language."""
        return fr if spoken(self.language) == "fr" else en

    def money(self, minor: int) -> str:
        """Write money of the program's currency."""
        return money(minor, self.currency, spoken(self.language))

    def units(self, units: int) -> str:
        """Write a count of the unit, without its sign."""
        language = spoken(self.language)
        return units_text(abs(units), self.unit, language, currency=self.unit_currency)

    def number(self, value: int) -> str:
        """Write a count."""
        return number(value, spoken(self.language))

    def sentence(self, units: int, because: str) -> str:
        """Put the figure and the reason together: `58 points: …`."""
        shown = ("-" if units < 0 else "") + self.units(units)
        return shown + self.says(" : ", ": ") + because


def explain(kind: str, units: int, why: dict[str, Any], *, rule: str, speech: Speech) -> str:
    """Say why an entry came to be; `why` are the facts that the engine kept with it.

    `58 points: 29.95 EUR, whole euros x 2`. What it does not know it calls by the rule's name.
    """
    match kind:
        case "earn":
            because = _earned(why, rule, speech)
        case "burn":
            because = _burned(why, rule, speech)
        case "expire":
            because = _expired(why, rule, speech)
        case "adjust":
            because = _corrected(why, rule=rule, speech=speech)
        case _:
            because = _reversed(units, why, rule=rule, speech=speech)
    return speech.sentence(units, because)


def foretell(units: int, expires_at: int, tz: str, speech: Speech) -> str:
    """Tell a user before his units expire; `tz`: whose days are meant."""
    date, shown = day(expires_at, tz, spoken(speech.language)), speech.units(units)
    return speech.says(f"{shown} à utiliser avant le {date}", f"{shown} to use before {date}")


def _corrected(why: dict[str, Any], *, rule: str, speech: Speech) -> str:
    if rule == "merge":
        return speech.says("votre autre carte", "your other card")
    return speech.says("correction", "correction") + _lots(why, speech)


def _earned(why: dict[str, Any], rule: str, speech: Speech) -> str:
    parts = [each for each in why.get("parts", []) if isinstance(each, dict)]
    if not parts:
        return _granted(why, rule, speech)
    if len(parts) == 1:
        said = _part(parts[0], speech)
    else:  # of several rules each names itself and what it gave
        said = " + ".join(
            f"{_part(each, speech)} ({each['rule']}: {speech.number(each['units'])})"
            for each in parts
        )
    for name, num, den in why.get("multipliers", []):
        factor = speech.number(num) if den == 1 else f"{num}/{den}"
        said += f", x {factor} ({name})"
    return said


def _part(part: dict[str, Any], speech: Speech) -> str:
    match part.get("kind"):
        case "per_amount":
            return _per_amount(part, speech)
        case "percent":
            return _percent(part, speech)
        case "per_item":
            return speech.says("articles du barème", "articles on the list")
        case "per_event":
            return _per_event(part, speech)
        case _:
            return str(part.get("rule", ""))


def _per_amount(part: dict[str, Any], speech: Speech) -> str:
    said = f"{speech.money(part['base'])}, {_steps(part['step'], part['rounding'], speech)}"
    if part["points"] != 1:
        said += f" x {speech.number(part['points'])}"
    match part.get("scope"):
        case "line":
            said += speech.says(", ligne par ligne", ", line by line")
        case "each":
            said += speech.says(", article par article", ", article by article")
    if part.get("carried"):
        carried = speech.money(part["carried"])
        said += speech.says(f", après {carried} d'achats", f", after {carried} of purchases")
    return said


def _steps(step: int, rounding: str, speech: Speech) -> str:
    """Name the steps that count: whole, begun or rounded ones."""
    major = 10 ** decimals(speech.currency)
    if step == major:
        noun = major_name(speech.currency, spoken(speech.language))
        fr = {"floor": "entiers", "ceil": "entamés"}.get(rounding, "arrondis")
        return speech.says(f"{noun} {fr}", f"{_english(rounding)} {noun}")
    size = speech.money(step)
    if step % major == 0:
        size = size.replace(speech.says(",", ".") + "0" * decimals(speech.currency), "", 1)
    fr = {"floor": "entières", "ceil": "entamées"}.get(rounding, "arrondies")
    return speech.says(f"tranches {fr} de {size}", f"{_english(rounding)} steps of {size}")


def _english(rounding: str) -> str:
    return {"floor": "whole", "ceil": "begun"}.get(rounding, "rounded")


def _percent(part: dict[str, Any], speech: Speech) -> str:
    said = f"{speech.money(part['base'])} x {percent(part['bps'], spoken(speech.language))}"
    match part.get("rounding"):
        case "floor":
            said += speech.says(", arrondi vers le bas", ", rounded down")
        case "ceil":
            said += speech.says(", arrondi vers le haut", ", rounded up")
        case _:
            said += speech.says(", arrondi", ", rounded")
    if "cap" in part:
        most = speech.units(part["cap"])
        said += speech.says(f", au plus {most}", f", at most {most}")
    return said


def _per_event(part: dict[str, Any], speech: Speech) -> str:
    said = str(part["event"])
    if part.get("times", 1) != 1:
        said += f", {speech.number(part['points'])} x {speech.number(part['times'])}"
    if "limit" in part:
        limit = speech.number(part["limit"])
        said += speech.says(f", limite de {limit} atteinte", f", limit of {limit} reached")
    return said


def _granted(why: dict[str, Any], rule: str, speech: Speech) -> str:
    """Say what brought units that no purchase did."""
    if rule == "opening":
        return speech.says("solde repris", "opening balance brought along")
    if why.get("referral") == "referee":
        return speech.says("bienvenue, vous avez été parrainé", "welcome, you were referred")
    if "referral" in why:
        return speech.says("merci de votre parrainage", "thank you for referring a friend")
    if "tier" in why:
        return speech.says(f"cadeau du statut {why['tier']}", f"gift of tier {why['tier']}")
    if "challenge" in why:
        named = why["challenge"]
        return speech.says(f"défi {named} réussi", f"challenge {named} completed")
    if "instant" in why:
        return speech.says(f"instant gagnant {rule}", f"instant win {rule}")
    if "reward" in why:
        return speech.says(f"récompense {why['reward']}", f"reward {why['reward']}")
    return rule


def _burned(why: dict[str, Any], rule: str, speech: Speech) -> str:
    if "each" in why:
        said = _article(why, speech)
    elif "voucher" in why:
        said = speech.says(
            f"transformés en bon {why['voucher']}", f"turned into voucher {why['voucher']}"
        )
    elif "reward" in why:
        said = speech.says(f"récompense {why['reward']}", f"reward {why['reward']}")
    elif why.get("minor"):
        less = speech.money(why["minor"])
        said = speech.says(f"{less} de réduction", f"{less} off")
    else:
        said = rule
    if why.get("hold"):
        said += speech.says(", en caisse", ", at the till")
    return said + _lots(why, speech)


def _article(why: dict[str, Any], speech: Speech) -> str:
    price, each, qty = speech.money(why["price"]), speech.units(why["each"]), why["qty"]
    fr, en = {
        "ceil": ("arrondi vers le haut", "rounded up"),
        "floor": ("arrondi vers le bas", "rounded down"),
    }.get(why.get("rounding", "ceil"), ("arrondi", "rounded"))
    said = speech.says(f"article à {price} = {each}, {fr}", f"article of {price} = {each}, {en}")
    return said if qty == 1 else f"{said}, x {speech.number(qty)}"


def _lots(why: dict[str, Any], speech: Speech) -> str:
    """Name the lots that units came from, in the order they were spent."""
    lots = why.get("lots") or []
    if not lots:
        return ""
    if len(lots) == 1:
        return speech.says(f" (lot {lots[0][0]})", f" (lot {lots[0][0]})")
    named = ", ".join(f"{lot}: {speech.number(units)}" for lot, units in lots[:LOTS_NAMED_MAX])
    more = "…" if len(lots) > LOTS_NAMED_MAX else ""
    return f" (lots {named}{more})"


def _expired(why: dict[str, Any], rule: str, speech: Speech) -> str:
    if rule == "inactivity":
        said = speech.says("expirés, carte inactive", "expired, no activity on the card")
    else:
        said = speech.says("expirés", "expired")
    return said if "lot" not in why else f"{said} (lot {why['lot']})"


def _reversed(units: int, why: dict[str, Any], *, rule: str, speech: Speech) -> str:
    if rule == "referral":
        return speech.says("le parrainage ne compte plus", "the referral counts no more")
    if "before" in why:
        before, after = speech.number(why["before"]), speech.number(why["after"])
        said = speech.says(
            f"remboursement, le ticket compte {after} au lieu de {before}",
            f"refund, the ticket counts {after} instead of {before}",
        )
        if -units < why["before"] - why["after"]:
            said += speech.says(
                ", le reste n'est pas repris ou avait expiré", ", the rest is waived or had expired"
            )
        return said
    if units >= 0:
        said = speech.says("utilisation annulée", "redemption cancelled")
        return f"{said}, {in_a_sentence(rule)}{_lots(why, speech)}"
    return speech.says("annulation", "reversal")
