"""The demo's two programs and the cards its user holds, as data."""

from __future__ import annotations

from typing import Any

from app.programs.schemas import (
    Design,
    NewBarcode,
    NewLink,
    NewLocation,
    NewProgram,
    NewTier,
    NewUnit,
    ProgramSettings,
    SpokenLanguage,
)
from app.sandbox.seed_programs import rules_of

_TERMS: dict[SpokenLanguage, str] = {
    "fr": "Un point par euro. Les points expirent après un an sans achat.",
    "en": "One point for each euro. Points expire after a year without a purchase.",
}
_CAFE_TERMS: dict[SpokenLanguage, str] = {
    "fr": (
        "Un point par euro, un tampon par café, un café offert tous les 9 tampons. 100 points"
        " deviennent un bon de 1 €. Les points vivent 12 mois, jusqu'à la fin du mois."
    ),
    "en": (
        "One point for each euro, one stamp for each coffee, a free coffee for 9 stamps. 100 points"
        " become a voucher of €1. Points live 12 months, until the end of the month."
    ),
}
_TIERS = (
    NewTier(id="bronze", name="Bronze"),
    NewTier(id="silver", name={"fr": "Argent", "en": "Silver"}),
    NewTier(id="gold", name={"fr": "Or", "en": "Gold"}),
)
_LOCATIONS = (
    NewLocation(id="paris", name="Maison Verte Paris", latitude=48.8566, longitude=2.3522),
    NewLocation(id="lyon", name="Maison Verte Lyon", latitude=45.764, longitude=4.8357),
)
_LINKS = (
    NewLink(label={"fr": "Site web", "en": "Website"}, url="https://example.org/maison-verte"),
)

MIRRORED = NewProgram(
    name="Maison Verte",
    authority="merchant",
    units=(NewUnit(id="pts", name="Points"),),
    tiers=_TIERS,
    design=Design(
        background_color="#2e7d32",
        foreground_color="#ffffff",
        label_color="#c8e6c9",
        description={"fr": "Carte de fidélité Maison Verte", "en": "Maison Verte loyalty card"},
        terms=_TERMS,
    ),
    barcode=NewBarcode(format="EAN_13"),
    locations=_LOCATIONS,
    links=_LINKS,
    languages=("fr", "en"),
    settings=ProgramSettings(open_numbers=True),
)
HOSTED = NewProgram(
    name="Maison Verte Café",
    authority="ledger",
    rules=rules_of("maison-verte-cafe"),
    units=(
        NewUnit(id="pts", name="Points"),
        NewUnit(id="stamps", name={"fr": "Tampons", "en": "Stamps"}),
    ),
    tiers=_TIERS,
    design=Design(
        background_color="#5d4037",
        foreground_color="#ffffff",
        label_color="#d7ccc8",
        description={"fr": "Carte du café Maison Verte", "en": "Maison Verte café card"},
        terms=_CAFE_TERMS,
    ),
    barcode=NewBarcode(format="QR_CODE"),
    locations=_LOCATIONS[:1],
    languages=("fr", "en"),
    settings=ProgramSettings(open_numbers=True, till_search=True),
)
NUMBER = "4006381333931"
FIRST_STATEMENT: dict[str, Any] = {
    "sequence": 1,
    "balance": 1250,
    "tier": "gold",
    "fields": [{"key": "cheque", "label": "Chèque", "value": "5 €"}],
}
NUMBER_ONLY: tuple[dict[str, str], ...] = (
    {"shop_name": "Boulangerie du Port", "number": "40170725", "barcode_format": "EAN_8"},
    {"shop_name": "Décathlon", "number": "2093112345679"},
    {"shop_name": "Bibliothèque municipale", "number": "AB 1042", "barcode_format": "CODE_39"},
)
