"""Codes that change every 30 seconds: TOTP as Google Wallet draws it (RFC 6238; google.md §9).

The one place that knows what such a code looks like: `PC1.<card ref>.<seconds>.<eight digits>`.
The card ref is its public id, 32 hexadecimal digits, so no number stands in the code.
"""

from __future__ import annotations

import hmac
import re

import msgspec

PERIOD_SECONDS = 30
DIGITS = 8
WINDOW = 1  # steps to each side of now that count: clocks differ, a till takes its time
SECRET_BYTES = 20  # 160 random bits, as SHA-1 takes them
_VALUE = re.compile(r"PC1\.([0-9a-f]{32})\.([0-9]{1,12})\.([0-9]{8})", re.ASCII)


class Shown(msgspec.Struct, frozen=True):
    """A rotating code as it was read: which card, made in which step, and its digits."""

    card_ref: str
    step: int
    code: str


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Compute the code of a step (RFC 6238 §4.2 with SHA-1, RFC 4226 §5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_at(seconds: int) -> int:
    """Return the step of a moment (Unix seconds): T0 = 0."""
    return seconds // PERIOD_SECONDS


def is_right(secret: bytes, shown: Shown) -> bool:
    """Say whether the digits are those of the step that the code names, in constant time."""
    return hmac.compare_digest(code_at(secret, shown.step).encode(), shown.code.encode())


def is_in_window(step: int, at: int, *, window: int = WINDOW) -> bool:
    """Say whether a step counts at a moment (Unix seconds)."""
    return abs(step_at(at) - step) <= window


def verify(secret: bytes, code: str, at: int, *, window: int = WINDOW) -> int | None:
    """Return the step around a moment (Unix seconds) whose code this is; None: of none of them.

    Every step is compared, so that the time tells nothing.
    """
    now, found = step_at(at), None
    for step in range(max(now - window, 0), now + window + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def value_pattern(card_ref: str) -> str:
    """Return what a loyaltyObject says to draw (`rotatingBarcode.valuePattern`)."""
    return f"PC1.{card_ref}.{{totp_timestamp_seconds}}.{{totp_value_0}}"


def value_at(secret: bytes, card_ref: str, seconds: int) -> str:
    """Return what a phone draws at a moment (Unix seconds)."""
    return f"PC1.{card_ref}.{seconds}.{code_at(secret, step_at(seconds))}"


def read(value: str) -> Shown | None:
    """Read a code back; None for whatever is no rotating code of ours."""
    found = _VALUE.fullmatch(value)
    if found is None:
        return None
    return Shown(found[1], step_at(int(found[2])), found[3])
