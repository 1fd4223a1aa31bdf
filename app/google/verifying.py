"""Google's callbacks, protocol ECv2SigningOnly: who really sent this (specs: google.md §8).

The strings are verified as they came: parsing and writing them again breaks the signature.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NoReturn, get_args

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"  # texts that say GoogleWalletPasses are wrong
BODY_MAX = 64 * 1024
SIGNATURES_MAX = 8  # of an intermediate key; each costs a verification
ID_MAX = 256
NONCE_MAX = 256
EXPIRES_MS_MAX = 2**53 // 1_000  # its microseconds still fit a column
_CURVE = "secp256r1"
_KEYS_KEPT = 64
_DECIMAL = re.compile(r"[0-9]{1,16}")
_ALGORITHM = ec.ECDSA(SHA256())

Event = Literal["save", "del"]


class RootKey(msgspec.Struct, frozen=True, kw_only=True):
    """A root key as Google publishes it: base64 of DER; without an end it counts for nothing."""

    key_value: str
    protocol: str
    expires_ms: int | None


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What Google says: somebody saved the object, or removed it. Its nonce counts once."""

    google_issuer: str
    class_id: str
    object_id: str
    event: Event
    nonce: str
    expires_ms: int


class BadCallback(Exception):
    """Not from Google, not for us, or too late; `reason` is for one line of the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(
    body: bytes, *, roots: Sequence[RootKey], issuers: Sequence[str], now_ms: int
) -> Callback:
    """Verify a callback as it came. Raises BadCallback; whether its nonce is new is not asked.

    `issuers` are ours, as Google numbers them: the message's own word is not taken.
    """
    if len(body) > BODY_MAX:
        raise BadCallback("too-big")
    envelope = _object(body)
    if envelope.get("protocolVersion") != PROTOCOL:
        raise BadCallback("protocol")
    signed_key = _intermediate(envelope.get("intermediateSigningKey"), roots, now_ms)
    key = _object(signed_key)
    if _milliseconds(key.get("keyExpiration")) <= now_ms:
        raise BadCallback("intermediate-expired")
    public = _public_key(_text(key, "keyValue"))
    signature, message = _text(envelope, "signature"), _text(envelope, "signedMessage")
    for issuer in issuers:
        if _is_signed(public, signature, _lv(SENDER, issuer, PROTOCOL, message)):
            return _read(_object(message), issuer, now_ms)
    raise BadCallback("signature")


def _intermediate(given: Any, roots: Sequence[RootKey], now_ms: int) -> str:
    """Return the signed key once one of the roots in force vouches for it."""
    if not isinstance(given, dict):
        raise BadCallback("intermediate")
    signed_key, signatures = _text(given, "signedKey"), given.get("signatures")
    if not isinstance(signatures, list) or len(signatures) > SIGNATURES_MAX:
        raise BadCallback("intermediate")
    data = _lv(SENDER, PROTOCOL, signed_key)
    for root in roots:
        if root.protocol != PROTOCOL or root.expires_ms is None or root.expires_ms <= now_ms:
            continue
        public = _public_key(root.key_value)
        if any(_is_signed(public, signature, data) for signature in signatures):
            return signed_key
    raise BadCallback("root")


def _read(message: dict[str, Any], issuer: str, now_ms: int) -> Callback:
    expires_ms = _milliseconds(message.get("expTimeMillis"))
    if expires_ms <= now_ms:
        raise BadCallback("expired")
    event = message.get("eventType")
    if not isinstance(event, str) or event not in get_args(Event):
        raise BadCallback("event")
    class_id, object_id = _name(message, "classId", ID_MAX), _name(message, "objectId", ID_MAX)
    if not (class_id.startswith(f"{issuer}.") and object_id.startswith(f"{issuer}.")):
        raise BadCallback("issuer")
    return Callback(
        google_issuer=issuer,
        class_id=class_id,
        object_id=object_id,
        event="save" if event == "save" else "del",
        nonce=_name(message, "nonce", NONCE_MAX),
        expires_ms=expires_ms,
    )


def _lv(*texts: str) -> bytes:
    """Write each text after its length in bytes, four of them, the lowest first."""
    parts = (text.encode() for text in texts)
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


@lru_cache(_KEYS_KEPT)
def _public_key(key_value: str) -> ec.EllipticCurvePublicKey | None:
    """Parse a P-256 key that a root vouches for; None when it is none."""
    try:
        key = load_der_public_key(base64.b64decode(key_value, validate=True))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == _CURVE else None


def _is_signed(key: ec.EllipticCurvePublicKey | None, signature: Any, data: bytes) -> bool:
    if key is None or not isinstance(signature, str):
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), data, _ALGORITHM)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _object(text: bytes | str) -> dict[str, Any]:
    """Read a JSON object strictly: UTF-8, no name twice, no NaN, no depth that ends the stack."""
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        found = _DECODER.decode(plain)
    except (ValueError, RecursionError):
        raise BadCallback("json") from None
    if not isinstance(found, dict):
        raise BadCallback("json")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)


def _name(found: dict[str, Any], name: str, longest: int) -> str:
    """Return a member that a table may be asked for: not long, no control characters."""
    text = _text(found, name)
    if len(text) > longest or not text.isprintable():
        raise BadCallback(name)
    return text


def _text(found: dict[str, Any], name: str) -> str:
    """Return a member that is a text with something in it, and is UTF-8 (no lone surrogates)."""
    text = found.get(name)
    if not isinstance(text, str) or not text:
        raise BadCallback(name)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadCallback(name) from None
    return text


def _milliseconds(value: Any) -> int:
    """Read Unix milliseconds, a number or its digits."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= EXPIRES_MS_MAX:
        raise BadCallback("expiry")
    return value
