"""The words of a timeline, French and English; entries bring their own."""

from __future__ import annotations

_WORDS: dict[str, tuple[str, str]] = {
    "created": ("Carte créée", "Card made"),
    "statement": ("Solde communiqué : {balances}", "Balance told: {balances}"),
    "issued": ("Bon {template} émis", "Voucher {template} issued"),
    "used": ("Bon {template} utilisé", "Voucher {template} used"),
    "pass-made": ("Carte {wallet} préparée", "{wallet} pass made"),
    "pass-added": ("Ajoutée à {wallet}", "Added to {wallet}"),
    "pass-removed": ("Retirée de {wallet}", "Removed from {wallet}"),
    "pass-pulled": (
        "Dernière mise à jour lue par le téléphone ({wallet})",
        "Latest version fetched by the phone ({wallet})",
    ),
    "pass-voided": ("Carte {wallet} annulée", "{wallet} pass voided"),
    "push": ("{wallet} prévenu d'un changement", "{wallet} told of a change"),
    "scan-rotating": ("Code tournant lu", "Rotating code scanned"),
    "scan-one-time": ("Code à usage unique lu", "One-time code scanned"),
    "consent-given": ("Consentement « {key} » donné", "Consent “{key}” given"),
    "consent-withdrawn": ("Consentement « {key} » retiré", "Consent “{key}” withdrawn"),
    "missing-open": (
        "Points manquants demandés, ticket {receipt}",
        "Missing points asked for, receipt {receipt}",
    ),
    "missing-adjusted": (
        "Points manquants accordés, ticket {receipt}",
        "Missing points given, receipt {receipt}",
    ),
    "missing-declined": (
        "Points manquants refusés, ticket {receipt}",
        "Missing points declined, receipt {receipt}",
    ),
    "renumbered": (
        "Carte perdue : nouveau numéro à la place de …{from}",
        "Lost card: a new number instead of …{from}",
    ),
    "merged": ("Fermée : réunie avec une autre carte", "Closed: merged into another card"),
    "received": (
        "Réunie avec la carte …{from}, qui est fermée",
        "Merged with the card …{from}, which is closed",
    ),
    "imported": ("Importée d'un fichier", "Imported from a file"),
    "voucher": ("Bon {voucher} offert", "Voucher {voucher} given by hand"),
}
_WALLETS = {"apple": "Apple Wallet", "google": "Google Wallet"}


def say(key: str, language: str, /, **facts: object) -> str:
    """Say what happened; a key without words, which a later release may write, as it is."""
    words = _WORDS.get(key)
    if words is None:
        return key
    told = {name: _WALLETS.get(str(fact), fact) for name, fact in facts.items()}
    return words[0 if language == "fr" else 1].format(**told)
