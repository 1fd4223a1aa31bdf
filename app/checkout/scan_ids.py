"""Scan ids: what a till saw, when and how, signed by us, so that no row is written for a scan.

16 bytes: seconds (5), how the card was known (1), and a keyed hash (10) of these, the card and
the merchant. 80 bits that nobody guesses within the hour in which they count.
"""

from __future__ import annotations

import hmac

import msgspec

from app.clock import HOUR, SECOND
from app.errors import NotFound
from app.http.secrets import Secrets
from app.ids import parse_public_id, public_id

COUNTS_FOR = HOUR
KINDS = ("number", "voucher", "rotating", "one_time")
PROOFS = {"rotating", "one_time"}  # the card was there: a picture of it would not do
_TAG_BYTES = 10


class Seen(msgspec.Struct, frozen=True):
    """A scan that was made: how the card was known, and when (Unix seconds)."""

    kind: str
    at: int

    @property
    def is_proof(self) -> bool:
        """Say whether it proves that the card was there."""
        return self.kind in PROOFS


def scan_id(secrets: Secrets, card_id: int, merchant_id: int, *, kind: str, now: int) -> str:
    """Write what was seen now."""
    head = (now // SECOND).to_bytes(5, "big") + bytes([KINDS.index(kind)])
    return public_id("scan", head + _tag(secrets, head, card_id, merchant_id))


def read_scan(secrets: Secrets, text: str, card_id: int, merchant_id: int, *, now: int) -> Seen:
    """Read a scan of this card by this merchant back, within the hour. Raises NotFound."""
    raw = parse_public_id("scan", text)
    if raw is None:
        raise NotFound
    head, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    if not hmac.compare_digest(_tag(secrets, head, card_id, merchant_id), tag):
        raise NotFound
    seen = Seen(KINDS[head[5]], int.from_bytes(head[:5], "big"))
    if now // SECOND - seen.at > COUNTS_FOR // SECOND:
        raise NotFound
    return seen


def _tag(secrets: Secrets, head: bytes, card_id: int, merchant_id: int) -> bytes:
    parts = (head, card_id.to_bytes(8, "big"), merchant_id.to_bytes(8, "big"))
    return secrets.tag("scan-id", *parts)[:_TAG_BYTES]
