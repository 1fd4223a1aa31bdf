"""The reasons a row is remarked on, each a stable code and a sentence per language."""

from __future__ import annotations

from typing import Literal

FailedReason = Literal[
    "missing-store",
    "missing-number",
    "control-character",
    "too-long",
    "payment-card",
    "bad-json",
    "bad-record",
]
SkippedReason = Literal["already-there", "merged", "expired-card", "no-card-data"]
WarningReason = Literal[
    "unknown-barcode-format",
    "barcode-value-invalid",
    "non-ascii-value",
    "no-wallet-format",
    "gs1-without-fnc1",
    "bad-colour",
    "bad-date",
    "date-in-seconds",
    "bad-balance",
    "bad-picture",
    "unknown-group",
    "unknown-shop",
    "ignored-entry",
]
Reason = FailedReason | SkippedReason | WarningReason

_ENGLISH: dict[Reason, str] = {
    "missing-store": "The shop's name is missing ({field}).",
    "missing-number": "The card's number is missing ({field}).",
    "control-character": "A control character stands in {field}.",
    "too-long": "The text in {field} is too long.",
    "payment-card": "The number in {field} looks like that of a payment card; those are not kept.",
    "bad-record": "The row cannot be read: other columns than the header's, a quotation mark that "
    "is never closed, or a damaged entry.",
    "bad-json": "The card's data in {field} cannot be read as JSON of the expected shape.",
    "expired-card": "The card has expired: the file holds no number ({field}) for it.",
    "no-card-data": "There is no card in {field}, only what belongs to one.",
    "already-there": "This card is already in the wallet.",
    "merged": "This card is already in the wallet; what was empty there was filled in.",
    "unknown-barcode-format": "The barcode type in {field} is unknown; the number is shown as "
    "text.",
    "barcode-value-invalid": "The value in {field} does not fit its barcode type; the number is "
    "shown as text.",
    "non-ascii-value": "The value in {field} holds letters that barcodes cannot; the number is "
    "shown as text.",
    "no-wallet-format": "No wallet shows the barcode type in {field}; another code of the same "
    "text is used.",
    "gs1-without-fnc1": "Wallets cannot show the leading FNC1 of GS1-128 ({field}); the till may "
    "read another code.",
    "bad-colour": "The colour in {field} cannot be read; the card is kept without it.",
    "bad-date": "The date in {field} cannot be read; the card is kept without it.",
    "date-in-seconds": "The date in {field} is in seconds rather than milliseconds; it was read "
    "as seconds.",
    "bad-balance": "The balance in {field} cannot be read; the card is kept without it.",
    "bad-picture": "The picture {field} is broken or too big; the card is kept without it.",
    "unknown-shop": "The shop has no name in {field}; the card can be renamed.",
    "ignored-entry": "{field} is not part of such a file and was not read.",
    "unknown-group": "A group link in {field} points to no card or no group of the file.",
}

_FRENCH: dict[Reason, str] = {
    "missing-store": "Le nom de l'enseigne manque ({field}).",
    "missing-number": "Le numéro de la carte manque ({field}).",
    "control-character": "Un caractère de contrôle se trouve dans {field}.",
    "too-long": "Le texte de {field} est trop long.",
    "payment-card": "Le numéro de {field} ressemble à celui d'une carte de paiement ; elles ne "
    "sont pas conservées.",
    "bad-record": "La ligne est illisible : d'autres colonnes que l'en-tête, un guillemet jamais "
    "fermé, ou une entrée abîmée.",
    "bad-json": "Les données de la carte dans {field} ne sont pas lisibles comme JSON attendu.",
    "expired-card": "La carte a expiré : le fichier n'a pas de numéro ({field}) pour elle.",
    "no-card-data": "Il n'y a pas de carte dans {field}, seulement ce qui en dépend.",
    "already-there": "Cette carte est déjà dans le portefeuille.",
    "merged": "Cette carte est déjà dans le portefeuille ; ce qui y manquait a été complété.",
    "unknown-barcode-format": "Le type de code-barres de {field} est inconnu ; le numéro est "
    "affiché en texte.",
    "barcode-value-invalid": "La valeur de {field} ne convient pas à son type de code-barres ; "
    "le numéro est affiché en texte.",
    "non-ascii-value": "La valeur de {field} contient des lettres impossibles dans un "
    "code-barres ; le numéro est affiché en texte.",
    "no-wallet-format": "Aucun portefeuille n'affiche le type de code-barres de {field} ; un "
    "autre code du même texte est utilisé.",
    "gs1-without-fnc1": "Les portefeuilles ne peuvent pas afficher le FNC1 initial de GS1-128 "
    "({field}) ; la caisse lira peut-être un autre code.",
    "bad-colour": "La couleur de {field} est illisible ; la carte est conservée sans elle.",
    "bad-date": "La date de {field} est illisible ; la carte est conservée sans elle.",
    "date-in-seconds": "La date de {field} est en secondes et non en millisecondes ; elle a été "
    "lue en secondes.",
    "bad-balance": "Le solde de {field} est illisible ; la carte est conservée sans lui.",
    "bad-picture": "L'image {field} est abîmée ou trop grande ; la carte est conservée sans elle.",
    "unknown-shop": "L'enseigne n'a pas de nom dans {field} ; la carte peut être renommée.",
    "ignored-entry": "{field} ne fait pas partie d'un tel fichier et n'a pas été lu.",
    "unknown-group": "Un lien de groupe de {field} ne mène à aucune carte ou à aucun groupe du "
    "fichier.",
}


def sentence(reason: Reason, field: str, language: str) -> str:
    """Write the sentence of a reason in French or, for any other language, in English."""
    texts = _FRENCH if language.partition("-")[0] == "fr" else _ENGLISH
    return texts[reason].replace("{field}", field)
