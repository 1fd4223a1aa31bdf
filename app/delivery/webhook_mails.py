"""The mails that tell a merchant's owners that an endpoint fails, or was switched off."""

from __future__ import annotations

from app.users.mails import Text

_TEXTS = {
    ("failing", "fr"): Text(
        "Un webhook ne répond plus",
        "Bonjour,\n\nDepuis un jour, aucun message à cette adresse n'est accepté :\n{url}\n\n"
        "Nous essayons encore. Si cela dure cinq jours, elle sera désactivée.\n"
        "Vos webhooks : {console}\n",
    ),
    ("failing", "en"): Text(
        "A webhook no longer answers",
        "Hello,\n\nFor a day no message to this address has been taken:\n{url}\n\n"
        "We go on trying. After five days it will be switched off.\n"
        "Your webhooks: {console}\n",
    ),
    ("off", "fr"): Text(
        "Un webhook a été désactivé",
        "Bonjour,\n\nAucun message à cette adresse n'a été accepté pendant cinq jours :\n{url}\n\n"
        "Elle est désactivée. Réactivez-la quand elle répond, puis renvoyez ce qui manque :\n"
        "{console}\n",
    ),
    ("off", "en"): Text(
        "A webhook was switched off",
        "Hello,\n\nFor five days no message to this address has been taken:\n{url}\n\n"
        "It is switched off. Switch it on when it answers again, and replay what is missing:\n"
        "{console}\n",
    ),
    ("gone", "fr"): Text(
        "Un webhook a été désactivé",
        "Bonjour,\n\nCette adresse a répondu 410 (« n'existe plus ») et a été désactivée :\n{url}\n"
        "\nRéactivez-la si c'est une erreur : {console}\n",
    ),
    ("gone", "en"): Text(
        "A webhook was switched off",
        "Hello,\n\nThis address answered 410 (\u201cgone\u201d) and was switched off:\n{url}\n\n"
        "Switch it on again if that was a mistake: {console}\n",
    ),
}


def webhook_mail(kind: str, language: str, *, url: str, console: str) -> Text:
    """Write a mail; `kind`: failing, off or gone."""
    text = _TEXTS.get((kind, language)) or _TEXTS[kind, "fr"]
    return Text(text.subject, text.body.format(url=url, console=console))
