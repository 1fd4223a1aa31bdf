"""Reads the JWT of a save link as Google does: signature, claims, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec

from app.sandbox.fake_google_answers import Refused, invalid
from app.sandbox.fake_google_tokens import GoogleAccount

JWT_MAX = 1800  # characters of a link's JWT
_SECONDS_MAX = 10**11  # beyond it somebody wrote milliseconds
_OTHERS = ("eventTicket", "flight", "giftCard", "offer", "transit", "generic")
_KNOWN = {
    *("loyaltyClasses", "loyaltyObjects"),
    *(f"{name}Classes" for name in _OTHERS),
    *(f"{name}Objects" for name in _OTHERS),
}


class Contents(msgspec.Struct, frozen=True):
    """What a link or a resource holds; whose account signed it, "" for plain JSON."""

    account: str
    classes: list[dict[str, Any]]
    objects: list[dict[str, Any]]


def read_jwt(token: str, accounts: Mapping[str, GoogleAccount]) -> Contents:
    """Verify a link's JWT and return what it holds. Raises Refused 400."""
    try:
        header = jwt.get_unverified_header(token)
        claimed = jwt.decode(token, options={"verify_signature": False})
        account = accounts.get(str(claimed.get("iss")))
        if header.get("alg") != "RS256" or header.get("typ") != "JWT" or account is None:
            raise invalid("jwt: RS256, typ JWT and a known iss are needed.")
        claims: dict[str, Any] = jwt.decode(
            token,
            account.public_key,
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_iat": False, "verify_exp": False},
        )
    except (jwt.PyJWTError, ValueError):
        raise invalid("jwt: the signature does not fit.") from None
    _check_claims(claims)
    return _contents(claims["payload"], account.email)


def read_plain(text: Any) -> Contents:
    """Read a JWT's claims, or only its payload, from JSON. Raises Refused 400."""
    try:
        content = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        raise invalid("jsonResource.json: no JSON.") from None
    if isinstance(content, dict) and "payload" in content:
        content = content["payload"]
    return _contents(content, "")


def _check_claims(claims: Mapping[str, Any]) -> None:
    if claims.get("aud") != "google":
        raise invalid("jwt: aud must be the text google.")
    if claims.get("typ") != "savetowallet":
        raise invalid("jwt: typ must be savetowallet.")
    issued_at = claims.get("iat")
    if type(issued_at) is not int or not 0 < issued_at < _SECONDS_MAX:
        raise invalid("jwt: iat must be whole seconds.")
    origins = claims.get("origins", [])
    if not isinstance(origins, Sequence) or not all(map(_is_origin, origins)):
        raise invalid("jwt: origins must be a list of scheme and host.")
    if "payload" not in claims:
        raise invalid("jwt: payload is missing.")


def _is_origin(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and text == f"{parts.scheme}://{parts.netloc}"


def _contents(payload: Any, account: str) -> Contents:
    if not isinstance(payload, dict) or not payload:
        raise invalid("payload: empty.")
    for name, listed in payload.items():
        if name not in _KNOWN:
            raise Refused(400, "badRequest", f'Unknown name "{name}" at payload.')
        if not isinstance(listed, list) or not all(isinstance(it, dict) for it in listed):
            raise invalid(f"payload.{name}: a list of resources is needed.")
    classes, objects = payload.get("loyaltyClasses", []), payload.get("loyaltyObjects", [])
    for kind in (classes, objects):
        ids = [it.get("id") for it in kind]
        if len({*map(str, ids)}) != len(ids):
            raise invalid("payload: one id twice.")
    if not objects:
        raise invalid("payload: no loyaltyObjects.")
    return Contents(account, classes, objects)
