"""What a card's code is: checked, drawn, and named for each wallet (specs: barcodes.md)."""

from __future__ import annotations

from passes.barcode.checking import Refusal, check, guess
from passes.barcode.digits import looks_like_payment_card, number_forms
from passes.barcode.drawing import SCALE_MAX, Undrawable, draw_png, draw_svg
from passes.barcode.symbologies import FORMATS, READABLE, from_import_name, from_zxing
from passes.barcode.texts import expand, same_code
from passes.barcode.wallets import (
    Notice,
    apple_barcodes,
    apple_old_barcode,
    apple_warning,
    google_barcode,
    notices,
)

__all__ = [
    "FORMATS",
    "READABLE",
    "SCALE_MAX",
    "Notice",
    "Refusal",
    "Undrawable",
    "apple_barcodes",
    "apple_old_barcode",
    "apple_warning",
    "check",
    "draw_png",
    "draw_svg",
    "expand",
    "from_import_name",
    "from_zxing",
    "google_barcode",
    "guess",
    "looks_like_payment_card",
    "notices",
    "number_forms",
    "same_code",
]
