"""Google's rules for save links: the JWT, what it claims, what it holds (specs: google.md §4, §10).

Stricter than the library that reads it, which knows neither `typ` nor what Google makes of a claim
(specs: security.md §2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jwt as pyjwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.api_jws import PyJWS

from passes.finding import Finding
from passes.google.addresses import is_origin
from passes.google.lint import lint_class, lint_object
from passes.google.rules import id_rules, twice
from passes.google.save_link import ALGORITHM, LINK_MAX, SKINNY

SAVE_URL = "https://pay.google.com/gp/v/save/"
_CLAIMS = {"iss", "aud", "typ", "iat", "origins", "payload"}
_HEADERS = {"alg", "typ", "kid"}
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECONDS_MAX = 100_000_000_000  # in the year 5138; milliseconds of today are more
# Of other passes a link may hold only ids are judged here.
_KINDS = {
    f"{kind}{what}"
    for kind in ("loyalty", "offer", "giftCard", "eventTicket", "flight", "transit", "generic")
    for what in ("Objects", "Classes")
}
_jws = PyJWS(algorithms=[ALGORITHM])
_encode = msgspec.json.Encoder().encode


def lint_save_jwt(
    jwt: str,
    *,
    issuer: str,
    service_account: str,
    public_key: rsa.RSAPublicKey,
    allow_loopback: bool = False,
) -> list[Finding]:
    """Judge what stands behind `…/save/`, signed by that account for that issuer's cards."""
    if len(jwt) > LINK_MAX:
        return [Finding("jwt", f"{len(jwt)} characters, at most {LINK_MAX} are safe")]
    claims = _verified(jwt, public_key)
    if isinstance(claims, Finding):
        return [claims]
    return [
        *_claim_rules(claims, service_account),
        *_payload_rules(claims.get("payload"), issuer, allow_loopback=allow_loopback),
    ]


def lint_save_url(
    url: str,
    *,
    issuer: str,
    service_account: str,
    public_key: rsa.RSAPublicKey,
    save_url: str = SAVE_URL,
    allow_loopback: bool = False,
) -> list[Finding]:
    """Judge a whole save link; `save_url`: what stands before the JWT."""
    start = save_url.removesuffix("/") + "/"
    if not url.startswith(start):
        return [Finding("url", f"must begin with {start}")]
    return lint_save_jwt(
        url.removeprefix(start),
        issuer=issuer,
        service_account=service_account,
        public_key=public_key,
        allow_loopback=allow_loopback,
    )


def _verified(jwt: str, public_key: rsa.RSAPublicKey) -> dict[str, Any] | Finding:
    try:
        header = pyjwt.get_unverified_header(jwt)
        if header.get("alg") != ALGORITHM:
            return Finding("header.alg", f"must be {ALGORITHM}")
        if header.get("typ") != "JWT" or header.keys() - _HEADERS:
            return Finding("header", "must hold alg, typ JWT and at most a kid")
        if not _KEY_ID.fullmatch(header.get("kid", "0")):
            return Finding("header.kid", "is no id of a key")
        signed = _jws.decode(jwt, public_key, [ALGORITHM])
        claims = msgspec.json.decode(signed)
    except (pyjwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError):
        return Finding("jwt", "is not signed by this account, or no JWT")
    return claims if isinstance(claims, dict) else Finding("jwt", "must hold an object of claims")


def _claim_rules(claims: dict[str, Any], service_account: str) -> Iterator[Finding]:
    for name in sorted(claims.keys() - _CLAIMS):
        yield Finding(name, "is no claim of a save link")
    if claims.get("iss") != service_account:
        yield Finding("iss", "must be the e-mail of the service account that signs")
    if claims.get("aud") != "google":
        yield Finding("aud", "must be the text google, no list")
    if claims.get("typ") != "savetowallet":
        yield Finding("typ", "must be savetowallet")
    issued = claims.get("iat")
    if not (isinstance(issued, int) and not isinstance(issued, bool)):
        yield Finding("iat", "must be a whole number of seconds, no text")
    elif not 0 < issued < _SECONDS_MAX:
        yield Finding("iat", "must be in seconds, not milliseconds")
    origins = claims.get("origins")
    if not isinstance(origins, list):
        yield Finding("origins", "must be a list of addresses")
        return
    for place, origin in enumerate(origins):
        if not (isinstance(origin, str) and is_origin(origin)):
            yield Finding(f"origins[{place}]", "must be scheme and host only")


def _payload_rules(payload: Any, issuer: str, *, allow_loopback: bool) -> Iterator[Finding]:
    if not isinstance(payload, dict) or not payload:
        yield Finding("payload", "is empty")
        return
    ids: list[str] = []
    count = 0
    for kind, given in payload.items():
        if kind not in _KINDS:
            yield Finding(f"payload.{kind}", "is no kind of pass or class")
            continue
        for place, each in enumerate(given if isinstance(given, list) else ()):
            path = f"payload.{kind}[{place}]"
            count += kind.endswith("Objects")
            if not isinstance(each, dict) or not isinstance(each.get("id"), str):
                yield Finding(f"{path}.id", "is missing")
                continue
            ids.append(each["id"])
            for found in _document_rules(kind, each, issuer, allow_loopback=allow_loopback):
                yield Finding(f"{path}.{found.path}", found.text)
    if not count:
        yield Finding("payload", "holds no object to save")
    yield from twice("payload", ids)


def _document_rules(
    kind: str, document: dict[str, Any], issuer: str, *, allow_loopback: bool
) -> Iterator[Finding]:
    if kind == "loyaltyClasses":
        yield from lint_class(_encode(document), issuer=issuer, allow_loopback=allow_loopback)
    elif kind != "loyaltyObjects":
        yield from id_rules("id", document["id"], issuer)
    elif document.keys() <= set(SKINNY):
        yield from lint_object(_encode(document), issuer=issuer, is_patch=True)
    else:
        yield from lint_object(_encode(document), issuer=issuer, allow_loopback=allow_loopback)
        if "rotatingBarcode" in document:
            yield Finding("rotatingBarcode", "would publish its secret: insert it by REST")
        if "accountName" in document:
            yield Finding("accountName", "is personal, and the link can be read")
