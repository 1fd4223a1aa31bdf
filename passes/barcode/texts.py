"""What a reader tells of a code: one canonical text for each symbology."""

from __future__ import annotations

from passes.barcode import gs1
from passes.barcode.digits import is_digits, upc_e_to_upc_a

_RETAIL = {"EAN_13", "UPC_A", "UPC_E"}
_CODABAR_LETTERS = "ABCD"


def expand(barcode_format: str, value: str) -> str:
    """Return the text that identifies a code, whatever was kept around it.

    UPC-E becomes the 12 digits of its UPC-A, Codabar loses start and stop letters, RSS-14 its
    `01`, GS1 values their brackets. A value that does not fit its format comes back as given.
    """
    match barcode_format:
        case "UPC_E":
            is_compressed = len(value) == 8 and is_digits(value)
            return upc_e_to_upc_a(value) if is_compressed else value
        case "CODABAR":
            return codabar_body(value)
        case "RSS_14":
            text = gs1.bare(value) if value[:1] in {"[", "("} else value
            return text[2:] if len(text) == 16 and text.startswith("01") else text
        case "GS1_128" | "RSS_EXPANDED":
            return gs1.bare(value)
        case _:
            return value


def same_code(barcode_format: str, value: str, other_format: str, other_value: str) -> bool:
    """Tell whether a till could not tell the two apart: a UPC-A is the EAN-13 with a 0 in front."""
    one, other = expand(barcode_format, value), expand(other_format, other_value)
    if barcode_format in _RETAIL and other_format in _RETAIL:
        return _as_ean_13(one) == _as_ean_13(other)
    return barcode_format == other_format and one == other


def codabar_body(value: str) -> str:
    """Return a Codabar value without its start and stop letters, which are scanner framing."""
    if len(value) > 1 and value[0] in _CODABAR_LETTERS and value[-1] in _CODABAR_LETTERS:
        return value[1:-1]
    return value


def _as_ean_13(text: str) -> str:
    return "0" + text if len(text) == 12 else text
