"""A small signer of callbacks, apart from our code: ECv2SigningOnly as google.md §8 words it."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
ISSUER = "3388000000012345678"


def new_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """Make a key; P-256 unless another curve is given."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def spki(key: Any) -> str:
    """Write the public half, base64 of DER."""
    public = key.public_key()
    return base64.b64encode(
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def lv(*texts: str) -> bytes:
    """Write lengths in bytes, little-endian, and texts."""
    out = b""
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        out += struct.pack("<I", len(data)) + data
    return out


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> str:
    """Sign and write base64."""
    return base64.b64encode(key.sign(data, ec.ECDSA(hashes.SHA256()))).decode()


class CallbackSigner:
    """Google's side: a root, an intermediate, and messages signed with it."""

    def __init__(self) -> None:
        self.root, self.intermediate = new_key(), new_key()

    def root_entry(self, **changed: Any) -> dict[str, Any]:
        """Write the root as Google publishes it."""
        entry = {
            "keyValue": spki(self.root),
            "protocolVersion": "ECv2SigningOnly",
            "keyExpiration": str(NOW_MS + 1_000 * HOUR_MS),
        } | changed
        return {name: value for name, value in entry.items() if value is not None}

    def message(self, **changed: Any) -> dict[str, Any]:
        """Write a message; None leaves a member out."""
        message = {
            "classId": f"{ISSUER}.prog_1",
            "objectId": f"{ISSUER}.8f3a01",
            "eventType": "save",
            "expTimeMillis": NOW_MS + HOUR_MS,
            "count": 1,
            "nonce": "5a8e5b2c-nonce",
        } | changed
        return {name: value for name, value in message.items() if value is not None}

    def envelope(
        self,
        message: dict[str, Any] | str | None = None,
        *,
        sender: str = "GooglePayPasses",
        issuer: str = ISSUER,
        protocol: str = "ECv2SigningOnly",
        key_expires: Any = str(NOW_MS + 10 * HOUR_MS),
        signed_key: str | None = None,
        root: ec.EllipticCurvePrivateKey | None = None,
        intermediate: ec.EllipticCurvePrivateKey | None = None,
        lengths: Any = lv,
    ) -> dict[str, Any]:
        """Sign a message as Google would, or with one thing wrong."""
        if signed_key is None:
            key = {"keyValue": spki(intermediate or self.intermediate)}
            if key_expires is not None:
                key["keyExpiration"] = key_expires
            signed_key = json.dumps(key)
        text = message if isinstance(message, str) else json.dumps(message or self.message())
        return {
            "signature": sign(
                intermediate or self.intermediate, lengths(sender, issuer, protocol, text)
            ),
            "intermediateSigningKey": {
                "signedKey": signed_key,
                "signatures": [sign(root or self.root, lengths(sender, protocol, signed_key))],
            },
            "protocolVersion": protocol,
            "signedMessage": text,
        }

    def body(self, message: dict[str, Any] | str | None = None, **wrong: Any) -> bytes:
        """Write the body of the POST."""
        return json.dumps(self.envelope(message, **wrong)).encode()
