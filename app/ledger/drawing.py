"""What chance gives the ledger: event ids of webhooks, voucher codes, and hashes of event ids."""

from __future__ import annotations

import hashlib

import msgspec

from app.ids import PUBLIC_BYTES
from app.loyalty.model import INTERNAL

SEED_BYTES = 16
CODE_LETTERS = 12  # 60 random bits
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing to mistake for another


class Drawn(msgspec.Struct, frozen=True):
    """Random bytes drawn before a unit of work, which may run twice."""

    seed: bytes


def event_public_id(drawn: Drawn, number: int) -> bytes:
    """Return the public id of the n-th webhook event of a unit of work."""
    return _derived(drawn.seed, b"event", number)


def voucher_code(seed: bytes, number: int) -> str:
    """Return a voucher's code: the same each time, from its account's seed."""
    bits = int.from_bytes(_derived(seed, b"code", number), "big")
    return "".join(_ALPHABET[bits >> (5 * place) & 31] for place in range(CODE_LETTERS))


def voucher_public_id(seed: bytes, number: int) -> bytes:
    """Return the public id of a voucher."""
    return _derived(seed, b"voucher", number)


def key_hash(own_id: str) -> bytes:
    """Hash an event's own id; a look-up keeps it beside the program's id."""
    return hashlib.sha256(own_id.encode()).digest()[:PUBLIC_BYTES]


def message_key(message_id: str) -> str:
    """Return the event id of a message: none that a caller may have."""
    return INTERNAL + message_id


def _derived(seed: bytes, kind: bytes, number: int) -> bytes:
    text = seed + kind + number.to_bytes(8, "big")
    return hashlib.sha256(text).digest()[:PUBLIC_BYTES]
