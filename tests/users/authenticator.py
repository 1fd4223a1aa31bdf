"""An authenticator in software, as a phone has one: P-256 keys, CBOR, a count of signatures."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "http://localhost:8000"


def b64(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    """Read base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator(msgspec.Struct):
    """One device with one key; a test bends what it wants to see refused."""

    seed: int = 1
    count: int = 0
    steps: int = 1  # 0: as authenticators that do not count
    flags: int = PRESENT | VERIFIED
    origin: str = ORIGIN
    rp_id: str | None = None  # None: as it is asked
    client: dict[str, Any] = {}  # what it says besides
    handle: bytes = b""

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """Return the key of this device."""
        return ec.derive_private_key(self.seed, ec.SECP256R1())

    @property
    def credential_id(self) -> bytes:
        """Return the id of its credential."""
        return sha256(b"credential %d" % self.seed).digest()

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        self.handle = from_b64(options["user"]["id"])
        public = self.key.public_key().public_numbers()
        cose = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        )
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + cose
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._credential(
            clientDataJSON=b64(client), attestationObject=b64(attestation), transports=["internal"]
        )

    def sign_in(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.count += self.steps
        data = self._data(options["rpId"], self.flags)
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=b64(client),
            authenticatorData=b64(data),
            signature=b64(signature),
            userHandle=b64(self.handle),
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        hashed = sha256((self.rp_id or rp_id).encode()).digest()
        return hashed + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        found = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(found | self.client).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
