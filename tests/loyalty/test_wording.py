"""Entries and refusals in words, in French and English."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.loyalty import replay, vectors
from app.loyalty.book import Book
from app.loyalty.model import Entry
from app.loyalty.rules import Rules
from app.loyalty.wording import Speech, explain, refusal_text

PER_AMOUNT = {
    "rule": "base",
    "kind": "per_amount",
    "base": 2995,
    "step": 100,
    "points": 2,
    "rounding": "floor",
    "units": 58,
}
GOLD = [["gold", 3, 2]]
SAID: list[tuple[str, int, dict[str, Any], str, str, str]] = [
    ("earn", 58, {"parts": [PER_AMOUNT]}, "base",
     "58 points: 29.95 EUR, whole euros x 2", "58 points : 29,95 €, euros entiers x 2"),
    ("earn", 87, {"parts": [PER_AMOUNT], "multipliers": GOLD}, "base",
     "87 points: 29.95 EUR, whole euros x 2, x 3/2 (gold)",
     "87 points : 29,95 €, euros entiers x 2, x 3/2 (gold)"),
    ("earn", 3, {"parts": [PER_AMOUNT | {"step": 1000, "points": 1, "rounding": "ceil"}]}, "base",
     "3 points: 29.95 EUR, begun steps of 10 EUR",
     "3 points : 29,95 €, tranches entamées de 10 €"),
    ("earn", 60, {"parts": [PER_AMOUNT | {"step": 50, "rounding": "half_up", "scope": "line"}]},
     "base", "60 points: 29.95 EUR, rounded steps of 0.50 EUR x 2, line by line",
     "60 points : 29,95 €, tranches arrondies de 0,50 € x 2, ligne par ligne"),
    ("earn", 30, {"parts": [PER_AMOUNT | {"points": 1, "scope": "each", "carried": 1005}]}, "base",
     "30 points: 29.95 EUR, whole euros, article by article, after 10.05 EUR of purchases",
     "30 points : 29,95 €, euros entiers, article par article, après 10,05 € d'achats"),
    ("earn", 1498, {"parts": [{"rule": "cash", "kind": "percent", "base": 29950, "bps": 550,
                               "rounding": "floor", "cap": 1498, "units": 1498}]}, "cash",
     "1,498 points: 299.50 EUR x 5.5%, rounded down, at most 1,498 points",
     "1\xa0498 points : 299,50 € x 5,5 %, arrondi vers le bas, au plus 1\xa0498 points"),
    ("earn", 68, {"parts": [PER_AMOUNT, {"rule": "extra", "kind": "per_item", "units": 10}]},
     "base+extra",
     "68 points: 29.95 EUR, whole euros x 2 (base: 58) + articles on the list (extra: 10)",
     "68 points : 29,95 €, euros entiers x 2 (base: 58) + articles du barème (extra: 10)"),
    ("earn", 20, {"parts": [{"rule": "quiz", "kind": "per_event", "event": "quiz", "points": 10,
                             "times": 2, "units": 20}]}, "quiz",
     "20 points: quiz, 10 x 2", "20 points : quiz, 10 x 2"),
    ("earn", 0, {"parts": [{"rule": "quiz", "kind": "per_event", "event": "quiz", "points": 10,
                            "times": 1, "limit": 1, "units": 0}]}, "quiz",
     "0 points: quiz, limit of 1 reached", "0 points : quiz, limite de 1 atteinte"),
    ("earn", 100, {}, "opening",
     "100 points: opening balance brought along", "100 points : solde repris"),
    ("earn", 100, {"referral": "referee"}, "referral",
     "100 points: welcome, you were referred", "100 points : bienvenue, vous avez été parrainé"),
    ("earn", 100, {"referral": "referral"}, "referral",
     "100 points: thank you for referring a friend", "100 points : merci de votre parrainage"),
    ("earn", 50, {"tier": "gold"}, "gold",
     "50 points: gift of tier gold", "50 points : cadeau du statut gold"),
    ("earn", 50, {"challenge": "noel"}, "noel",
     "50 points: challenge noel completed", "50 points : défi noel réussi"),
    ("earn", 50, {"instant": "2026-12-01T10:00:00Z"}, "avent",
     "50 points: instant win avent", "50 points : instant gagnant avent"),
    ("earn", 50, {"reward": "mug"}, "mug", "50 points: reward mug", "50 points : récompense mug"),
    ("burn", -60, {"each": 30, "qty": 2, "price": 2950, "rounding": "ceil",
                   "lots": [[1, 50], [2, 10]]}, "shop",
     "-60 points: article of 29.50 EUR = 30 points, rounded up, x 2 (lots 1: 50, 2: 10)",
     "-60 points : article à 29,50 € = 30 points, arrondi vers le haut, x 2 (lots 1: 50, 2: 10)"),
    ("burn", -100, {"minor": 500, "lots": [[3, 100]]}, "steps",
     "-100 points: 5.00 EUR off (lot 3)", "-100 points : 5,00 € de réduction (lot 3)"),
    ("burn", -100, {"hold": True, "minor": 500, "lots": [[3, 100]]}, "steps",
     "-100 points: 5.00 EUR off, at the till (lot 3)",
     "-100 points : 5,00 € de réduction, en caisse (lot 3)"),
    ("burn", -500, {"voucher": "bon5", "lots": [[3, 500]]}, "cheque",
     "-500 points: turned into voucher bon5 (lot 3)",
     "-500 points : transformés en bon bon5 (lot 3)"),
    ("burn", -500, {"reward": "mug", "lots": []}, "mug",
     "-500 points: reward mug", "-500 points : récompense mug"),
    ("expire", -12, {"lot": 3, "source": "A-1"}, "expiry",
     "-12 points: expired (lot 3)", "-12 points : expirés (lot 3)"),
    ("expire", -12, {"lot": 3, "source": "A-1"}, "inactivity",
     "-12 points: expired, no activity on the card (lot 3)",
     "-12 points : expirés, carte inactive (lot 3)"),
    ("adjust", 5, {}, "adjust", "5 points: correction", "5 points : correction"),
    ("adjust", -5, {"lots": [[1, 5]]}, "adjust",
     "-5 points: correction (lot 1)", "-5 points : correction (lot 1)"),
    ("reverse", -28, {"of": "A-1", "before": 58, "after": 30}, "refund",
     "-28 points: refund, the ticket counts 30 instead of 58",
     "-28 points : remboursement, le ticket compte 30 au lieu de 58"),
    ("reverse", 0, {"of": "A-1", "before": 58, "after": 30}, "refund",
     "0 points: refund, the ticket counts 30 instead of 58, the rest is waived or had expired",
     "0 points : remboursement, le ticket compte 30 au lieu de 58,"
     " le reste n'est pas repris ou avait expiré"),
    ("reverse", 60, {"of": "shop", "lots": [[1, 60]]}, "shop",
     "60 points: redemption cancelled, shop (lot 1)",
     "60 points : utilisation annulée, shop (lot 1)"),
    ("reverse", -100, {"of": "referral"}, "referral",
     "-100 points: the referral counts no more", "-100 points : le parrainage ne compte plus"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "units", "why", "rule", "en", "fr"), SAID)
def test_an_entry_says_its_rule_base_rounding_multiplier_and_lot(
    kind: str, units: int, why: dict[str, Any], rule: str, en: str, fr: str
) -> None:
    for language, text in (("en", en), ("fr", fr), ("fr-CA", fr), ("de", en)):
        speech = Speech(language=language, unit="Points")
        assert explain(kind, units, why, rule=rule, speech=speech) == text


def test_units_of_money_are_written_as_money_in_their_currency() -> None:
    facts = {"parts": [PER_AMOUNT | {"base": 2995}]}
    speech = Speech(language="en", unit="Cashback", unit_currency="EUR")
    assert explain("earn", 150, facts, rule="x", speech=speech).startswith("1.50 EUR: 29.95 EUR")
    yen = Speech(language="fr", unit="Points", currency="JPY")
    assert "2\xa0995 JPY, tranches entières de 100 JPY" in explain(
        "earn", 58, facts, rule="x", speech=yen
    )
    dollars = Speech(language="en", unit="VIP", currency="USD")
    assert explain("earn", 58, facts, rule="x", speech=dollars) == (
        "58 VIP: 29.95 USD, whole dollars x 2"
    )


REFUSED = [
    ("insufficient", {"balance": 80, "needed": 100},
     "The balance is not enough: 80 of 100.", "Le solde ne suffit pas : 80 pour 100."),
    ("below-minimum", {"minimum_minor": 2500},
     "The minimum is not reached: 25.00 EUR.", "Le minimum n'est pas atteint : 25,00 €."),
    ("below_minimum", {"minimum_units": 500},
     "The minimum is not reached: 500.", "Le minimum n'est pas atteint : 500."),
    ("above_maximum", {"maximum_units": 1000},
     "The maximum is exceeded: 1,000.", "Le maximum est dépassé : 1\xa0000."),
    ("not_a_step", {"steps": [100, 200]},
     "That number is not one of the steps: 100, 200.",
     "Ce nombre n'est pas un palier : 100, 200."),
    ("exceeds_hold", {"held": 50},
     "That is more than the hold: 50.", "C'est plus que la réservation : 50."),
    ("over_refund", {"left_minor": 100},
     "That is more than what is left of the ticket: 1.00 EUR.",
     "C'est plus que ce qui reste du ticket : 1,00 €."),
    ("hold_closed", {"status": "captured"}, "This hold is closed.", "Cette réservation est close."),
    ("something-new", {}, "This is not possible.", "Ce n'est pas possible."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "en", "fr"), REFUSED)
def test_a_refusal_says_what_would_have_been_needed(
    code: str, facts: dict[str, Any], en: str, fr: str
) -> None:
    assert refusal_text(code, facts, "en") == en
    assert refusal_text(code, facts, "fr") == fr


class Listening(replay.World):
    """Keeps every entry that cards got."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.entries: list[Entry] = []

    def _keep(self, member: str, book: Book) -> None:
        self.entries += book.entries
        super()._keep(member, book)


def test_every_entry_of_the_given_vectors_is_explained_in_both_languages() -> None:
    document = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text())
    said, kinds = set(), set()
    for vector in vectors.vectors_of(document):
        if "compute" in vector:
            continue
        program = vectors.read_program(document["programs"][vector["program"]], vector.get("patch"))
        world = Listening(replay.world_of(program).rules)
        for step in vector["timeline"]:
            vectors.run_step(world, step)
        for entry in world.entries:
            kinds.add(entry.kind)
            for language in ("fr", "en"):
                speech = Speech(language=language, unit="Points", currency=program.currency)
                text = explain(entry.kind, entry.units, entry.why, rule=entry.rule, speech=speech)
                assert "{" not in text, text
                assert "None" not in text, text
                said.add(text)
    assert kinds >= {"earn", "burn", "expire", "reverse"}
    assert len(said) > 100
