"""May this value be a code of this format? And which format fits a value nobody named?"""

from __future__ import annotations

import msgspec

from passes.barcode.rules import flaw_of, overflow_of
from passes.barcode.symbologies import SYMBOLOGIES

_GUESSES = ("EAN_13", "EAN_8", "UPC_A", "CODE_128", "QR_CODE")


class Refusal(msgspec.Struct, frozen=True):
    """Why a value is not taken. Both suggestions are questions to the user, never applied by us.

    `suggestion` is another value for this format; `suggested_format` takes the value as it is.
    """

    field: str
    reason: str
    suggestion: str | None = None
    suggested_format: str | None = None


def check(barcode_format: str, value: str) -> Refusal | None:
    """Judge a value before it is stored or drawn; None means that it can be both."""
    if barcode_format not in SYMBOLOGIES:
        return Refusal("barcode_format", "unknown barcode format")
    flaw = flaw_of(barcode_format, value) or overflow_of(barcode_format, value)
    if flaw is None:
        return None
    return Refusal(
        "barcode_value", flaw.reason, flaw.suggestion, _another_format(barcode_format, value)
    )


def guess(value: str, *, usual: str | None = None) -> str:
    """Choose a format for a value that came without one; shown to the user with "change".

    First the shop's usual format, if the value passes its rule; `none` when nothing fits.
    """
    candidates = (usual, *_GUESSES) if usual in SYMBOLOGIES else _GUESSES
    for barcode_format in candidates:
        if barcode_format is not None and _fits(barcode_format, value):
            return barcode_format
    return "none"


def _another_format(barcode_format: str, value: str) -> str | None:
    for other in (*_GUESSES, "none"):
        if other != barcode_format and _fits(other, value):
            return other
    return None


def _fits(barcode_format: str, value: str) -> bool:
    return flaw_of(barcode_format, value) is None and overflow_of(barcode_format, value) is None
