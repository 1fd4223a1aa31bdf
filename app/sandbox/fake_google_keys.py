"""The fake Google's root and intermediate keys: published, rotated, and signing callbacks.

ECv2SigningOnly as google.md §8 has it; written apart from what verifies it.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clock import DAY, Clock
from app.ids import Randomness

SENDER, PROTOCOL = "GooglePayPasses", "ECv2SigningOnly"
ROOT_DAYS, INTERMEDIATE_DAYS = 365, 7
_CURVE = ec.SECP256R1()
_CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Pair(msgspec.Struct, frozen=True):
    """A signing key and until when it counts (Unix milliseconds)."""

    key: ec.EllipticCurvePrivateKey
    expires_ms: int

    def public(self) -> str:
        """Return the public key as Google writes it: base64 of DER."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, *texts: str) -> str:
        """Sign texts, each after its length in bytes."""
        data = b"".join(
            len(raw).to_bytes(4, "little") + raw for raw in (text.encode() for text in texts)
        )
        return base64.b64encode(self.key.sign(data, ec.ECDSA(hashes.SHA256()))).decode()


class KeyRing:
    """The newest root signs the intermediate, the intermediate signs messages."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self.roots = [self._draw(ROOT_DAYS)]
        self.intermediate = self._draw(INTERMEDIATE_DAYS)
        self._older_protocol = self._draw(ROOT_DAYS)  # Google lists such keys too

    def rotate_root(self, *, keeps_old: bool = True) -> None:
        """Sign with a new root from now on; the old ones stay listed until they expire."""
        self.roots = [*(self.roots if keeps_old else []), self._draw(ROOT_DAYS)]

    def rotate_intermediate(self) -> None:
        """Sign messages with a new intermediate key from now on."""
        self.intermediate = self._draw(INTERMEDIATE_DAYS)

    def published(self) -> dict[str, Any]:
        """Return what `GET /keys` answers."""
        self._renew()
        listed = [
            {
                "keyValue": root.public(),
                "protocolVersion": PROTOCOL,
                "keyExpiration": str(root.expires_ms),
            }
            for root in self.roots
        ]
        older = {"keyValue": self._older_protocol.public(), "protocolVersion": "ECv1"}
        return {"keys": [*listed, older]}

    def signed(
        self,
        message: str,
        *,
        issuer: str,
        sender: str = SENDER,
        protocol: str = PROTOCOL,
        intermediate_expires_ms: int | None = None,
    ) -> bytes:
        """Write a callback's body around a message."""
        self._renew()
        until = intermediate_expires_ms or self.intermediate.expires_ms
        # Google's own writer escapes "=" so.
        signed_key = (
            msgspec.json.encode(
                {"keyValue": self.intermediate.public(), "keyExpiration": str(until)}
            )
            .decode()
            .replace("=", "\\u003d")
        )
        return msgspec.json.encode(
            {
                "signature": self.intermediate.sign(sender, issuer, protocol, message),
                "intermediateSigningKey": {
                    "signedKey": signed_key,
                    "signatures": [self.roots[-1].sign(sender, protocol, signed_key)],
                },
                "protocolVersion": protocol,
                "signedMessage": message,
            }
        )

    def _renew(self) -> None:
        """Replace what expires within a day, and drop roots that have expired."""
        now_ms = self._clock.wall() // 1000
        soon_ms = now_ms + DAY // 1000
        if self.roots[-1].expires_ms <= soon_ms:
            self.roots.append(self._draw(ROOT_DAYS))
        if self.intermediate.expires_ms <= soon_ms:
            self.rotate_intermediate()
        self.roots = [root for root in self.roots if root.expires_ms > now_ms]

    def _draw(self, days: int) -> Pair:
        number = int.from_bytes(self._randomness.bytes(32), "big") % (_CURVE_ORDER - 1) + 1
        expires = (self._clock.wall() + days * DAY) // 1000
        return Pair(ec.derive_private_key(number, _CURVE), expires)
