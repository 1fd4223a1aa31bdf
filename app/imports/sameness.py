"""When two cards are the same: shop, number, value and format (specs: imports.md §8)."""

from __future__ import annotations

import re
import unicodedata

from passes.barcode import expand, number_forms

Sameness = tuple[str, str, str, str]
_RETAIL = {"EAN_13", "UPC_A", "UPC_E"}  # a UPC-A is the EAN-13 with a 0 in front
_SUFFIX = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


def folded(shop_name: str) -> str:
    """Fold case, accents and punctuation; a last suffix in brackets is left out."""
    bare = _SUFFIX.sub("", shop_name) or shop_name
    plain = unicodedata.normalize("NFKD", bare).casefold()
    kept = "".join(character for character in plain if character.isalnum())
    return kept or plain.strip()  # a name of signs only is compared as it is


def same(shop_name: str, number: str, value: str, barcode_format: str) -> Sameness:
    """Return what two cards have in common when they are the same."""
    code = expand(barcode_format, value)
    if barcode_format in _RETAIL:
        barcode_format, code = "EAN_13", code.zfill(13)
    return folded(shop_name), max(number_forms(number), key=len), barcode_format, code
