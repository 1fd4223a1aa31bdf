"""The mails of cards, in French and English: a claim link, a code for a known number."""

from __future__ import annotations

from app.cards.claiming import Mailing
from app.http.ports import Ports
from app.programs.service import Program
from app.users.addresses import address_hash

_CLAIM = {
    "fr": (
        "Votre carte {shop}",
        "Bonjour,\n\nVotre carte {shop} est prête. Pour la garder dans votre portefeuille :\n"
        "{link}\n\nSi vous n'avez rien demandé, ignorez ce message.\n",
    ),
    "en": (
        "Your {shop} card",
        "Hello,\n\nYour {shop} card is ready. To keep it in your wallet:\n"
        "{link}\n\nIf you did not ask for it, ignore this message.\n",
    ),
}
_CODE = {
    "fr": (
        "Votre code pour la carte {shop}",
        "Bonjour,\n\nVotre code : {code}\nIl vaut dix minutes.\n\n"
        "Si vous n'avez rien demandé, ignorez ce message : personne n'a votre carte.\n",
    ),
    "en": (
        "Your code for the {shop} card",
        "Hello,\n\nYour code: {code}\nIt is good for ten minutes.\n\n"
        "If you did not ask for it, ignore this message: nobody has your card.\n",
    ),
}


def claim_mail(ports: Ports, program: Program, address: str, token: str) -> Mailing:
    """Write the mail with a claim link; the token stands in the fragment, which no server sees."""
    link = claim_url(ports, token)
    return _mail(ports, program, address, _CLAIM, link=link)


def code_mail(ports: Ports, program: Program, address: str, code: str) -> Mailing:
    """Write the mail with a code."""
    return _mail(ports, program, address, _CODE, code=code)


def claim_url(ports: Ports, token: str) -> str:
    """Write the address at which a claim token is used."""
    return f"{ports.settings.public_url}/claim#{token}"


def _mail(
    ports: Ports, program: Program, address: str, texts: dict[str, tuple[str, str]], **said: str
) -> Mailing:
    subject, body = texts.get(program.document.languages[0], texts["en"])
    return Mailing(
        address_hash=address_hash(ports.secrets, address),
        recipient=address,
        subject=subject.format(shop=program.name),
        body=body.format(shop=program.name, **said),
    )
