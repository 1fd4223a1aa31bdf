"""Our own secrets (SECRETS_FILE): keys of passes, of links and codes, of what is kept sealed."""

from __future__ import annotations

import base64
import hmac
import os
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.ids import Randomness

KEY_BYTES = 32
_NONCE_BYTES = 12


class SecretsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it stands: base64 keys. Pass keys are numbered; the newest makes new passes."""

    pass_keys: dict[int, bytes]
    link_key: bytes
    seal_key: bytes


class Secrets:
    """Derives and seals. Nothing of it is ever printed."""

    def __init__(self, file: SecretsFile) -> None:
        self._file = file
        self._seal = AESGCM(file.seal_key)
        self.newest_pass_key = max(file.pass_keys)

    def pass_token(self, serial: bytes, pass_key: int) -> str:
        """Derive a pass's authentication token (specs: apple.md §4): needed at each rebuild."""
        mac = hmac.digest(self._file.pass_keys[pass_key], serial.hex().encode(), sha256)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def tag(self, purpose: str, *parts: bytes | str) -> bytes:
        """Return a keyed hash (32 bytes) of parts for one purpose; lengths keep parts apart."""
        mac = hmac.new(self._file.link_key, purpose.encode(), sha256)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            mac.update(len(data).to_bytes(4, "big") + data)
        return mac.digest()

    def seal(self, purpose: str, plain: bytes, nonce: bytes) -> bytes:
        """Encrypt for keeping; `nonce`: 12 fresh random bytes (`ids.secret(12)`)."""
        assert len(nonce) == _NONCE_BYTES
        return nonce + self._seal.encrypt(nonce, plain, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes | None:
        """Decrypt; None when it was sealed for another purpose, by another key, or changed."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._seal.decrypt(nonce, body, purpose.encode())
        except (InvalidTag, ValueError):
            return None


def make_secrets(randomness: Randomness) -> SecretsFile:
    """Draw a first set of keys."""
    return SecretsFile(
        pass_keys={1: randomness.bytes(KEY_BYTES)},
        link_key=randomness.bytes(KEY_BYTES),
        seal_key=randomness.bytes(KEY_BYTES),
    )


def load_secrets(path: Path) -> Secrets:
    """Read the file. Raises ValueError with a sentence that holds no secret."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=SecretsFile)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: `portecarte certs` makes it") from None
    except (msgspec.MsgspecError, OSError):
        raise ValueError(f"{path} cannot be read as our secrets file") from None
    keys = (*file.pass_keys.values(), file.link_key, file.seal_key)
    if not file.pass_keys or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError(f"{path} must hold keys of {KEY_BYTES} bytes")
    return Secrets(file)


def write_secrets(path: Path, file: SecretsFile) -> None:
    """Write a new file for its owner's eyes only (0600). Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(msgspec.json.encode(file))
