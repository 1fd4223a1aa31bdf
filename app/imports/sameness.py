"""When two cards are the same: shop, number, value and format (specs: imports.md §8)."""

from __future__ import annotations

from app.programs import directory
from passes.barcode import expand, number_forms

Sameness = tuple[str, str, str, str]
_RETAIL = {"EAN_13", "UPC_A", "UPC_E"}  # a UPC-A is the EAN-13 with a 0 in front


def folded(shop_name: str) -> str:
    """Fold a shop's name; one of signs only is compared as it is."""
    return directory.folded(shop_name) or shop_name.strip()


def same(shop_name: str, number: str, value: str, barcode_format: str) -> Sameness:
    """Return what two cards have in common when they are the same."""
    code = expand(barcode_format, value)
    if barcode_format in _RETAIL:
        barcode_format, code = "EAN_13", code.zfill(13)
    return folded(shop_name), max(number_forms(number), key=len), barcode_format, code
