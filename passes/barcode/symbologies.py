"""The table of symbologies: our names, how each is drawn, and what others call them."""

from __future__ import annotations

import msgspec
import zxingcpp
from zxingcpp import BarcodeFormat


class Symbology(msgspec.Struct, frozen=True):
    """One barcode format; `zxing`, `apple` and `google` are None where it cannot be shown."""

    name: str
    title: str
    zxing: BarcodeFormat | None
    is_linear: bool = False
    apple: str | None = None
    is_ios_27: bool = False
    google: str | None = None


_F = BarcodeFormat
_TABLE = (
    Symbology("EAN_13", "EAN-13", _F.EAN13, True, "PKBarcodeFormatEAN13", True, "EAN_13"),
    Symbology("EAN_8", "EAN-8", _F.EAN8, True, google="EAN_8"),
    # UPC-A has the bars of the EAN-13 with a 0 in front; UPC-E is shown as its UPC-A.
    Symbology("UPC_A", "UPC-A", _F.UPCA, True, "PKBarcodeFormatEAN13", True, "UPC_A"),
    Symbology("UPC_E", "UPC-E", _F.UPCE, True, "PKBarcodeFormatEAN13", True, "UPC_A"),
    Symbology(
        "CODE_128", "Code 128", _F.Code128, True, "PKBarcodeFormatCode128", google="CODE_128"
    ),
    Symbology("CODE_39", "Code 39", _F.Code39, True, "PKBarcodeFormatCode39", True, "CODE_39"),
    Symbology("CODE_93", "Code 93", _F.Code93, True),
    Symbology("ITF", "ITF", _F.ITF, True, "PKBarcodeFormatI2of5", True, "ITF_14"),
    Symbology("CODABAR", "Codabar", _F.Codabar, True, "PKBarcodeFormatCodabar", True, "CODABAR"),
    Symbology("QR_CODE", "QR code", _F.QRCode, apple="PKBarcodeFormatQR", google="QR_CODE"),
    Symbology("PDF_417", "PDF417", _F.PDF417, apple="PKBarcodeFormatPDF417", google="PDF_417"),
    Symbology("AZTEC", "Aztec", _F.Aztec, apple="PKBarcodeFormatAztec", google="AZTEC"),
    Symbology("DATA_MATRIX", "Data Matrix", _F.DataMatrix, google="DATA_MATRIX"),
    Symbology("GS1_128", "GS1-128", _F.Code128, True),
    Symbology("RSS_14", "GS1 DataBar", _F.DataBarOmni, True),
    Symbology("RSS_EXPANDED", "GS1 DataBar Expanded", _F.DataBarExp, True),
    Symbology("MAXICODE", "MaxiCode", _F.MaxiCode),
    Symbology("none", "number only", None),
)
SYMBOLOGIES = {symbology.name: symbology for symbology in _TABLE}
FORMATS = tuple(SYMBOLOGIES)

# What a reader should ask for: `Code39` alone would turn pairs such as "+U" into Code 39 Extended.
READABLE = zxingcpp.barcode_formats_from_str(
    "EAN13,EAN8,UPCA,UPCE,Code128,Code39Std,Code93,ITF,Codabar,DataBar,DataBarExp,DataBarLtd,"
    "QRCode,MicroQRCode,RMQRCode,PDF417,CompactPDF417,MicroPDF417,Aztec,DataMatrix,MaxiCode"
)

_ZXING_NAMES = {
    **{s.zxing.name: s.name for s in _TABLE if s.zxing and s.name not in {"GS1_128"}},
    "Code39Std": "CODE_39",
    "Code39Ext": "CODE_39",
    "ITF14": "ITF",
    "ISBN": "EAN_13",
    # Other shapes of one symbology: tills read the same text from the one that we draw.
    "DataBar": "RSS_14",
    "DataBarStk": "RSS_14",
    "DataBarStkOmni": "RSS_14",
    "DataBarLtd": "RSS_14",
    "DataBarExpStk": "RSS_EXPANDED",
    "QRCodeModel1": "QR_CODE",
    "QRCodeModel2": "QR_CODE",
    "MicroQRCode": "QR_CODE",
    "RMQRCode": "QR_CODE",
    "CompactPDF417": "PDF_417",
    "MicroPDF417": "PDF_417",
    "AztecCode": "AZTEC",
}

_IMPORT_NAMES = {
    **{name: name for name in FORMATS},
    # Stocard
    "RSS_DATABAR_EXPANDED": "RSS_EXPANDED",
    # Voucher Vault
    "CODE128": "CODE_128",
    "CODE39": "CODE_39",
    "EAN13": "EAN_13",
    "PDF417": "PDF_417",
    "QR": "QR_CODE",
    "TEXT": "none",
    # pkpass
    "PKBarcodeFormatQR": "QR_CODE",
    "PKBarcodeFormatPDF417": "PDF_417",
    "PKBarcodeFormatAztec": "AZTEC",
    "PKBarcodeFormatCode128": "CODE_128",
    "PKBarcodeFormatEAN13": "EAN_13",
    "PKBarcodeFormatCode39": "CODE_39",
    "PKBarcodeFormatCodabar": "CODABAR",
    "PKBarcodeFormatI2of5": "ITF",
}


def from_zxing(name: str, symbology_identifier: str = "") -> str:
    """Return our name of what zxing-cpp read (`barcode.format.name`), `none` if we have none.

    The identifier `]C1` tells GS1-128 from plain Code 128 (ISO/IEC 15424).
    """
    if name == "Code128" and symbology_identifier == "]C1":
        return "GS1_128"
    return _ZXING_NAMES.get(name, "none")


def from_import_name(name: str) -> str | None:
    """Return our name of what Catima, Stocard, Voucher Vault or a pkpass calls a format.

    None means unknown; an empty name means different things to each app and is unknown here.
    """
    return _IMPORT_NAMES.get(name)
