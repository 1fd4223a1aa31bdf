"""Ids and randomness: 8-byte integers inside, prefixed public ids and tokens outside."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
from typing import Protocol, runtime_checkable

PUBLIC_BYTES = 16  # 128 random bits
TOKEN_BYTES = 32  # 256 random bits
_EPOCH_MS = 1_735_689_600_000  # 2025-01-01; 41 bits of milliseconds last until 2094
_RANDOM_BITS = 22


@runtime_checkable
class Randomness(Protocol):
    """Where random bytes come from."""

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""


class SystemRandomness:
    """The operating system's generator."""

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""
        return secrets.token_bytes(count)


class SeededRandomness:
    """The same bytes for the same seed; for tests only."""

    def __init__(self, seed: int) -> None:
        self._seed = seed.to_bytes(8, "big", signed=True)
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        """Return the next bytes of the stream."""
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(count)


class Ids:
    """Draws internal ids: time-ordered, strictly rising within a process, below 2**63."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._last = 0
        self._lock = threading.Lock()

    def next(self, now: int) -> int:
        """Draw an id at a moment (Unix microseconds)."""
        noise = int.from_bytes(self._randomness.bytes(3), "big") & ((1 << _RANDOM_BITS) - 1)
        drawn = (max(now // 1000 - _EPOCH_MS, 0) << _RANDOM_BITS) | noise
        with self._lock:
            self._last = max(self._last + 1, drawn)
            return self._last

    def public(self) -> bytes:
        """Draw the 16 bytes of a public id."""
        return self._randomness.bytes(PUBLIC_BYTES)

    def secret(self, count: int = TOKEN_BYTES) -> bytes:
        """Draw secret bytes."""
        return self._randomness.bytes(count)

    def token(self, prefix: str) -> str:
        """Draw an opaque token of 256 bits, `pcu_test_…`."""
        return prefix + base64.urlsafe_b64encode(self.secret()).rstrip(b"=").decode()

    def digits(self, count: int) -> str:
        """Draw a decimal code, each digit uniform (bias below 2**-64)."""
        return str(int.from_bytes(self.secret(16), "big") % 10**count).zfill(count)


def public_id(prefix: str, raw: bytes) -> str:
    """Write a public id: `card_` and 32 hexadecimal digits."""
    return f"{prefix}_{raw.hex()}"


def parse_public_id(prefix: str, text: str) -> bytes | None:
    """Read a public id back; None when it is not one of that kind."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 2 * PUBLIC_BYTES or not tail.isascii():
        return None
    try:
        raw = binascii.unhexlify(tail)
    except binascii.Error:
        return None
    return raw if raw.hex() == tail else None  # one spelling only: lower case


def digest(token: str) -> bytes:
    """Hash a token for look-up (SHA-256: the token has 256 random bits)."""
    return hashlib.sha256(token.encode()).digest()
