"""One spelling of an e-mail address, under which its user is found."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from app.errors import invalid
from app.http.secrets import Secrets

_MESSAGE_MAX = 200


def normalized(address: str, *, is_live: bool, path: str = "email") -> str:
    """Return the address in the one spelling we keep; no DNS is asked. Raises InvalidInput.

    Lower case throughout: two people whose addresses differ by case only are not met in life.
    A name of another script in the domain is written as mail servers do (`xn--…`); before the
    `@` only ASCII is taken, which every mail server can deliver. In the sandbox, addresses that
    no mail could reach from outside will do.
    """
    try:
        found = validate_email(
            address,
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=is_live,
            test_environment=not is_live,
        )
    except EmailNotValidError as error:
        raise invalid(path, str(error)[:_MESSAGE_MAX]) from None
    return (found.ascii_email or found.normalized).lower()


def address_hash(secrets: Secrets, address: str) -> bytes:
    """Return the keyed hash under which codes and mails of an address stand."""
    return secrets.tag("address", address.strip().lower())
