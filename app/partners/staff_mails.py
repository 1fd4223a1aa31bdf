"""The mail that tells somebody that he may work for a merchant, in French and English."""

from __future__ import annotations

from app.users.mails import Text

_HIRED = {
    "fr": Text(
        "Vous avez accès à un espace commerçant",
        "Bonjour,\n\n{merchant} vous donne accès à son espace : {url}\n"
        "Connectez-vous avec cette adresse ; aucun mot de passe n'est nécessaire.\n\n"
        "Si cela ne vous dit rien, ignorez ce message : rien ne change pour vos cartes.\n",
    ),
    "en": Text(
        "You may use a merchant's console",
        "Hello,\n\n{merchant} lets you use its console: {url}\n"
        "Sign in with this address; no password is needed.\n\n"
        "If this means nothing to you, ignore this message: nothing changes for your cards.\n",
    ),
}


def hired_mail(language: str, *, merchant: str, url: str) -> Text:
    """Write the mail; the merchant's name is in its text only, never in its subject."""
    text = _HIRED.get(language, _HIRED["fr"])
    return Text(text.subject, text.body.format(merchant=merchant, url=url))
