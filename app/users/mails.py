"""The mail that brings a sign-in code, in French and English."""

from __future__ import annotations

import msgspec

LANGUAGES = ("fr", "en")


class Text(msgspec.Struct, frozen=True):
    """A mail's subject and its plain text."""

    subject: str
    body: str


_CODE = {
    "fr": Text(
        "Votre code de connexion",
        "Bonjour,\n\nVotre code de connexion : {code}\nIl vaut dix minutes et ne sert qu'une fois."
        "\n\nSi vous n'avez rien demandé, ignorez ce message : sans ce code, personne n'entre.\n",
    ),
    "en": Text(
        "Your sign-in code",
        "Hello,\n\nYour sign-in code: {code}\nIt is good for ten minutes and for one use."
        "\n\nIf you did not ask for it, ignore this message: nobody gets in without the code.\n",
    ),
}

_WANTED = {
    "fr": Text(
        "Confirmez votre nouvelle adresse",
        "Bonjour,\n\nPour utiliser cette adresse avec vos cartes, tapez ce code : {code}\n"
        "Il vaut dix minutes et ne sert qu'une fois.\n\nSi vous n'avez rien demandé, ignorez ce"
        " message et ne donnez ce code à personne.\n",
    ),
    "en": Text(
        "Confirm your new address",
        "Hello,\n\nTo use this address with your cards, type this code: {code}\n"
        "It is good for ten minutes and for one use.\n\nIf you did not ask for it, ignore this"
        " message and give the code to nobody.\n",
    ),
}
_CHANGED = {
    "fr": Text(
        "Votre adresse a changé",
        "Bonjour,\n\nVos cartes sont désormais liées à une autre adresse e-mail ; celle-ci"
        " n'ouvre plus votre compte.\n\nSi ce n'était pas vous, quelqu'un avait accès à votre"
        " appareil : répondez à ce message.\n",
    ),
    "en": Text(
        "Your address has changed",
        "Hello,\n\nYour cards now belong to another e-mail address; this one does not open your"
        " account any more.\n\nIf that was not you, somebody had access to your device: answer"
        " this message.\n",
    ),
}


def wanted_mail(language: str, code: str) -> Text:
    """Write the mail that asks whether an address is his who wants it."""
    text = _WANTED.get(language, _WANTED["fr"])
    return Text(text.subject, text.body.format(code=code))


def changed_mail(language: str) -> Text:
    """Write the mail that tells an address that it is used no more; the new one stays unsaid."""
    return _CHANGED.get(language, _CHANGED["fr"])


def code_mail(language: str, code: str) -> Text:
    """Write the mail; the code is never in the subject, which lock screens show."""
    text = _CODE.get(language, _CODE["fr"])
    return Text(text.subject, text.body.format(code=code))


def preferred_language(accept_language: str) -> str:
    """Return the first of our languages that an Accept-Language header names, else French."""
    for part in accept_language[:200].split(","):
        primary = part.split(";")[0].strip().lower().split("-")[0]
        if primary in LANGUAGES:
            return primary
    return LANGUAGES[0]
