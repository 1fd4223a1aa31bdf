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
