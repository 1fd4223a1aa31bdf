"""Save links: what a card's link holds, signed by the issuer's account (specs: google.md §4).

The one place that signs JWTs for Google. The key is an object, parsed once: parsing costs as much
as a hundred signatures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS
from jwt.utils import base64url_encode

from passes.google.loyalty_class import minimal_class
from passes.google.loyalty_object import minimal_object, small_objects

LINK_MAX = 1800  # characters of the encoded JWT; a longer link is cut by some browsers
ASSERTION_SECONDS = 3600  # Google takes no longer life
ALGORITHM = "RS256"
SKINNY = ("id", "classId")
# A link can be read by whoever holds it: no name, and no words that only its user is told.
_PRIVATE = ("accountName", "messages", "textModulesData")

Document = dict[str, Any] | msgspec.Raw
Classes = tuple[msgspec.Raw, ...]
_encode = msgspec.json.Encoder().encode
_jws = PyJWS()
# The same in every link, so it is written once; PyJWT would write it for each.
_HEADER = base64url_encode(b'{"alg":"RS256","typ":"JWT"}')
_rs256 = RSAAlgorithm(RSAAlgorithm.SHA256)


class Account(msgspec.Struct, frozen=True):
    """A service account: its e-mail, its RSA key, and which key that is."""

    email: str
    key: rsa.RSAPrivateKey
    key_id: str | None = None


class Chosen(msgspec.Struct, frozen=True):
    """A signed link, and the object as it stands in it: what a save tells Google.

    Not fat: the whole object must be inserted by REST before anybody opens the link.
    """

    jwt: str
    is_fat: bool
    has_class: bool
    held: dict[str, Any]


class TooLong(ValueError):  # it is refused, nothing went wrong here
    """No link can carry the class; insert it by REST first."""


def choose(
    account: Account,
    *,
    document: dict[str, Any],
    class_document: dict[str, Any] | None = None,
    may_be_fat: bool = True,
    origins: Sequence[str],
    at_seconds: int,
) -> Chosen:
    """Make the link that says most and fits: all that is public, the minimum, the ids.

    `class_document`: the class Google does not know yet, None when it does; a link holds what it
    must of it, so it is told by REST all the same. Raises TooLong: it does not fit, or the object
    is secret and must be inserted, for which there must be a class.
    """
    room = _room(account)
    for held, classes in _fat(document, class_document) if may_be_fat else ():
        objects = (msgspec.Raw(_encode(held)),)
        if sum(map(len, (*objects, *classes))) > room:
            continue
        claims = _claims(account, objects, classes, origins=origins, at_seconds=at_seconds)
        if len(claims) <= room:
            jwt = _sign(account, claims)
            return Chosen(jwt, is_fat=True, has_class=bool(classes), held=held)
    if class_document is not None:
        raise TooLong(f"class and object need more than {LINK_MAX} characters")
    skinny = {name: document[name] for name in SKINNY}
    jwt = sign_save_jwt(account, objects=(skinny,), origins=origins, at_seconds=at_seconds)
    return Chosen(jwt, is_fat=False, has_class=False, held=skinny)


def sign_save_jwt(
    account: Account,
    *,
    objects: Sequence[dict[str, Any]],
    classes: Sequence[dict[str, Any]] = (),
    origins: Sequence[str],
    at_seconds: int,
) -> str:
    """Sign what the user's Google account may save. `origins`: `https://host`, where buttons are.

    It never expires: a link that was printed still works.
    """
    return _sign(
        account, _claims(account, objects, classes, origins=origins, at_seconds=at_seconds)
    )


def sign_assertion(account: Account, *, at_seconds: int, audience: str, scope: str) -> str:
    """Sign the request for an OAuth token (RFC 7523; Google: OAuth 2.0 for service accounts)."""
    claims = {
        "iss": account.email,
        "scope": scope,
        "aud": audience,
        "iat": at_seconds,
        "exp": at_seconds + ASSERTION_SECONDS,
    }
    headers = {"kid": account.key_id} if account.key_id else None
    return _jws.encode(_encode(claims), account.key, ALGORITHM, headers)


def _fat(
    document: dict[str, Any], class_document: dict[str, Any] | None
) -> Iterator[tuple[dict[str, Any], Classes]]:
    """Yield what a link may hold, the fullest first: object, and class as JSON."""
    if "rotatingBarcode" in document:
        return  # a link would publish the secret of its code
    public = {name: value for name, value in document.items() if name not in _PRIVATE}
    minimal = minimal_object(document)
    classes: Classes = ()
    if class_document is not None:
        classes = (msgspec.Raw(_encode(class_document)),)
    yield public, classes
    yield minimal, classes
    if class_document is not None:
        classes = (msgspec.Raw(_encode(minimal_class(class_document))),)
        yield minimal, classes
    for small in small_objects(document):
        yield small, classes


def _claims(
    account: Account,
    objects: Sequence[Document],
    classes: Sequence[Document],
    *,
    origins: Sequence[str],
    at_seconds: int,
) -> bytes:
    payload: dict[str, Any] = {"loyaltyObjects": objects}
    if classes:
        payload["loyaltyClasses"] = classes
    return _encode(
        {
            "iss": account.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": at_seconds,
            "origins": origins,
            "payload": payload,
        }
    )


def _room(account: Account) -> int:
    """Return how many bytes of claims fit: base64 makes 4 characters of 3 bytes, unpadded."""
    signature = -(-account.key.key_size // 8 * 4 // 3)
    return (LINK_MAX - len(_HEADER) - signature - 2) * 3 // 4


def _sign(account: Account, claims: bytes) -> str:
    signed = b"%b.%b" % (_HEADER, base64url_encode(claims))
    signature = base64url_encode(_rs256.sign(signed, account.key))
    return (b"%b.%b" % (signed, signature)).decode()
