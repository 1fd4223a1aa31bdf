"""The only place that asks zxing-cpp for a symbol: it repairs numbers, so rules come first."""

from __future__ import annotations

import zxingcpp

from passes.barcode import gs1
from passes.barcode.symbologies import SYMBOLOGIES
from passes.barcode.texts import expand


def create(barcode_format: str, value: str) -> zxingcpp.Barcode:
    """Make the native symbol of a value that its format's rules allow.

    Raises `ValueError` when the text overflows the symbol, or GS1 syntax is broken.
    """
    native = SYMBOLOGIES[barcode_format].zxing
    assert native is not None
    match barcode_format:
        case "QR_CODE":
            return _qr_code(value)
        case "CODABAR":
            return zxingcpp.create_barcode(_with_letters(value), native)
        case "GS1_128":
            return zxingcpp.create_barcode(_element_string(value), native, gs1=True)
        case "RSS_EXPANDED":
            return zxingcpp.create_barcode(_element_string(value), native)
        case "RSS_14":
            return zxingcpp.create_barcode(expand(barcode_format, value), native)
        case _:
            return zxingcpp.create_barcode(value, native)


def _qr_code(value: str) -> zxingcpp.Barcode:
    # Level M is what phones show best; the last fifth of the capacity exists at level L only.
    level = "M" if len(value) <= 2_331 else "L"
    return zxingcpp.create_barcode(value, zxingcpp.BarcodeFormat.QRCode, ec_level=level)


def _with_letters(value: str) -> str:
    return value if value[0] in "ABCD" else f"A{value}A"


def _element_string(value: str) -> str:
    parts = gs1.elements(value)
    if parts is None:
        raise ValueError("no GS1 element string")
    return gs1.in_brackets(parts)
