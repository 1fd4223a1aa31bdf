"""The words we put on a card in either wallet, in French and English."""

from __future__ import annotations

from passes.content import Text, in_language

LANGUAGES = ("fr", "en")
_FALLBACK = "en"

# Each key once; `{…}` is filled with a name of the program, `%@` by the phone with the new value.
WORDS: dict[str, Text] = {
    "balance_changed": {"fr": "{unit} : %@", "en": "{unit}: %@"},
    "units_changed": {"fr": "{change} {unit} : %@", "en": "{change} {unit}: %@"},
    "money_changed": {"fr": "{change} : %@", "en": "{change}: %@"},
    "pending": {"fr": "{unit} en attente", "en": "{unit} pending"},
    "pending_changed": {"fr": "{unit} en attente : %@", "en": "{unit} pending: %@"},
    "units_pending": {
        "fr": "{change} {unit} en attente : %@",
        "en": "{change} {unit} pending: %@",
    },
    "money_pending": {"fr": "{change} en attente : %@", "en": "{change} pending: %@"},
    "vouchers": {"fr": "Bons", "en": "Vouchers"},
    "vouchers_changed": {"fr": "Bons à utiliser : %@", "en": "Vouchers to use: %@"},
    "keep_by": {"fr": "Statut acquis jusqu'au", "en": "Tier kept until"},
    "tier": {"fr": "Statut", "en": "Tier"},
    "tier_changed": {"fr": "Votre statut : %@", "en": "Your tier: %@"},
    "next_tier": {"fr": "Avant {tier}", "en": "To {tier}"},
    "expires_on": {"fr": "Expire le", "en": "Expires on"},
    "expiring": {"fr": "{unit} : prochaine expiration", "en": "{unit} expiring next"},
    "as_of": {"fr": "Solde au", "en": "Balance as of"},
    "number": {"fr": "Numéro de carte", "en": "Card number"},
    "message": {"fr": "Dernier message", "en": "Latest message"},
    "no_message": {"fr": "Aucun message", "en": "No message"},
    "promotion": {"fr": "Offres et nouveautés", "en": "Offers and news"},
    "no_promotion": {"fr": "Rien de nouveau", "en": "Nothing new"},
    "terms": {"fr": "Conditions", "en": "Terms"},
    "card_page": {"fr": "Votre carte en ligne", "en": "Your card online"},
    "program": {"fr": "Programme", "en": "Program"},
    "holder": {"fr": "Titulaire", "en": "Name"},
    "expiring_on": {"fr": "{amount} le {day}", "en": "{amount} on {day}"},
    "more": {"fr": "Aussi", "en": "Also"},
    "card": {"fr": "Carte", "en": "Card"},
    "no_longer_valid": {
        "fr": "Cette carte n'est plus valable.",
        "en": "This card is no longer valid.",
    },
    "ending": {
        "fr": "Ce programme s'arrête après le {day}. {notice}",
        "en": "This program ends after {day}. {notice}",
    },
    "ended": {
        "fr": "Ce programme s'est arrêté le {day}. {notice}",
        "en": "This program ended on {day}. {notice}",
    },
    "granted": {
        "fr": "Points manquants du ticket {receipt} : acceptés. {reason}",
        "en": "Missing points of receipt {receipt}: accepted. {reason}",
    },
    "declined": {
        "fr": "Points manquants du ticket {receipt} : refusés. {reason}",
        "en": "Missing points of receipt {receipt}: declined. {reason}",
    },
    "leave": {"fr": "Quitter le programme", "en": "How to leave"},
}


def word(key: str, language: str, **names: str) -> str:
    """Return our word in that language, English where we do not speak it."""
    said = in_language(WORDS[key], language, default=_FALLBACK)
    return said.format(**names) if names else said
