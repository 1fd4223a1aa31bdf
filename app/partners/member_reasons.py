"""Why a row of a file of members was refused or remarked on: a stable code, and a sentence."""

from __future__ import annotations

from typing import Literal

FailedReason = Literal[
    "bad-record",
    "too-many-rows",
    "missing-number",
    "rounded-number",
    "invalid-number",
    "payment-card",
    "retired-number",
    "ended-card",
    "control-character",
    "too-long",
    "bad-email",
    "bad-phone",
    "bad-date",
    "bad-balance",
    "unknown-tier",
    "already-opened",
    "refused",
]
WarningReason = Literal[
    "ignored-column",
    "not-utf8",
    "formula-cell",
    "number-drawn",
    "already-expired",
    "tier-by-rules",
    "balance-told",
]
Reason = FailedReason | WarningReason

# French, English; of a row that failed nothing was kept.
_SENTENCES: dict[str, tuple[str, str]] = {
    "bad-record": (
        "La ligne est illisible : plus de colonnes que l'en-tête, ou un guillemet jamais fermé.",
        "The row cannot be read: more columns than the header, or an open quotation mark.",
    ),
    "too-many-rows": (
        "Un fichier a au plus 100 000 lignes ; les suivantes n'ont pas été lues.",
        "A file has at most 100,000 rows; those that follow were not read.",
    ),
    "missing-number": (
        "Il manque un numéro, ou une adresse ou un téléphone pour en tirer un.",
        "A number is missing, or an address or a phone to draw one for.",
    ),
    "rounded-number": (
        "Un tableur a arrondi ce numéro : mettez la colonne au format texte.",
        "A spreadsheet has rounded this number: format the column as text.",
    ),
    "invalid-number": (
        "Le programme n'a pas de tels numéros, ou le chiffre de contrôle est faux.",
        "The program has no such numbers, or the check digit is wrong.",
    ),
    "payment-card": (
        "Cela ressemble au numéro d'une carte de paiement ; elles ne sont pas conservées.",
        "This looks like the number of a payment card; those are not kept.",
    ),
    "retired-number": (
        "Ce numéro était celui d'une carte perdue : personne ne le reçoit plus.",
        "This number was a lost card's: nobody has it again.",
    ),
    "ended-card": (
        "La carte de ce numéro est fermée.",
        "The card of this number is closed.",
    ),
    "control-character": (
        "La cellule contient un caractère de contrôle.",
        "The cell holds a control character.",
    ),
    "too-long": ("Le texte est trop long.", "The text is too long."),
    "bad-email": ("Cette adresse n'en est pas une.", "This is no e-mail address."),
    "bad-phone": (
        "Un téléphone a des chiffres, des espaces, + - . ( ).",
        "A phone has digits, spaces, + - . ( ).",
    ),
    "bad-date": (
        "Une date comme 2026-12-31 ou 31/12/2026 est attendue.",
        "A date like 2026-12-31 or 31/12/2026 is expected.",
    ),
    "bad-balance": (
        "Un nombre entier d'unités est attendu, sans virgule ; zéro ou plus.",
        "A whole number of units is expected, zero or more.",
    ),
    "unknown-tier": ("Le programme n'a pas ce palier.", "The program has no such tier."),
    "already-opened": (
        "Ce solde d'ouverture est déjà pris avec un autre montant : corrigez par un ajustement.",
        "This opening balance was taken with other units: correct it by an adjustment.",
    ),
    "refused": (
        "Le programme refuse cette ligne : {detail}",
        "The program refuses this row: {detail}",
    ),
    "ignored-column": (
        "Cette colonne n'est pas connue et n'a pas été lue.",
        "This column is not known and was not read.",
    ),
    "not-utf8": (
        "Le fichier n'est pas en UTF-8 ; il a été lu comme Windows-1252 (Latin-1).",
        "The file is not in UTF-8; it was read as Windows-1252 (Latin-1).",
    ),
    "formula-cell": (
        "La cellule ressemble à une formule ; elle est gardée comme texte.",
        "The cell looks like a formula; it is kept as text.",
    ),
    "number-drawn": (
        "Sans numéro : un numéro a été tiré, toujours le même pour cette adresse ou ce téléphone.",
        "Without a number: one was drawn, always the same for this address or phone.",
    ),
    "already-expired": (
        "Ces unités ont déjà expiré ; elles sont notées sans pouvoir servir.",
        "These units have expired already; they are recorded and cannot be spent.",
    ),
    "tier-by-rules": (
        "Les paliers de ce programme suivent ses règles ; la colonne n'a pas été lue.",
        "This program's tiers follow its rules; the column was not read.",
    ),
    "balance-told": (
        "Un solde est déjà connu de cette carte ; il reste.",
        "A balance of this card is known already; it stays.",
    ),
}


def sentence(reason: str, language: str, *, detail: str = "") -> str:
    """Say why, never with what stands in the cell."""
    return _SENTENCES[reason][0 if language == "fr" else 1].format(detail=detail)
