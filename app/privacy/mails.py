"""The mail to somebody with whom a card was shared that is gone, in French and English."""

from __future__ import annotations

from app.users.mails import Text

_ENDED = {
    "fr": Text(
        "Une carte partagée n'existe plus",
        "Bonjour,\n\nUne carte qui était partagée avec vous a été supprimée par son propriétaire."
        "\nElle n'est plus dans votre portefeuille.\n",
    ),
    "en": Text(
        "A shared card is gone",
        "Hello,\n\nA card that was shared with you was deleted by its owner."
        "\nIt is no longer in your wallet.\n",
    ),
}


def ended_mail(language: str) -> Text:
    """Write the mail; it names neither the card nor its owner, who wants to be forgotten."""
    return _ENDED.get(language, _ENDED["fr"])
