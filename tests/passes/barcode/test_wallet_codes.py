"""Which codes a pass carries in each wallet, for all formats and all that tills may accept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
import zxingcpp

from passes.barcode import (
    FORMATS,
    READABLE,
    apple_barcodes,
    apple_old_barcode,
    apple_warning,
    expand,
    from_import_name,
    from_zxing,
    google_barcode,
    notices,
)
from tests.passes.barcode.values import DRAWABLE, values

NUMBER = "0 12-é"
ACCEPTS = [
    None,
    (),
    *((name,) for name in FORMATS),
    *combinations(("EAN_13", "CODE_39", "CODE_128", "QR_CODE"), 2),
    *combinations(("EAN_13", "CODE_39", "CODE_128", "QR_CODE"), 3),
]
NATIVE = {
    "EAN_13": "PKBarcodeFormatEAN13",
    "UPC_A": "PKBarcodeFormatEAN13",
    "UPC_E": "PKBarcodeFormatEAN13",
    "CODE_128": "PKBarcodeFormatCode128",
    "CODE_39": "PKBarcodeFormatCode39",
    "ITF": "PKBarcodeFormatI2of5",
    "CODABAR": "PKBarcodeFormatCodabar",
    "QR_CODE": "PKBarcodeFormatQR",
    "PDF_417": "PKBarcodeFormatPDF417",
    "AZTEC": "PKBarcodeFormatAztec",
}
IOS_27 = {f"PKBarcodeFormat{name}" for name in ("EAN13", "Code39", "Codabar", "I2of5")}
OLD_NAMES = {"PKBarcodeFormatCode128": "CODE_128", "PKBarcodeFormatQR": "QR_CODE"}
BOTH = ["PKBarcodeFormatCode128", "PKBarcodeFormatQR"]
TWO_DIMENSIONS = {"QR_CODE", "PDF_417", "AZTEC"}
ZXING = {
    "PKBarcodeFormatEAN13": zxingcpp.BarcodeFormat.EAN13,
    "PKBarcodeFormatCode128": zxingcpp.BarcodeFormat.Code128,
    "PKBarcodeFormatCode39": zxingcpp.BarcodeFormat.Code39,
    "PKBarcodeFormatI2of5": zxingcpp.BarcodeFormat.ITF,
    "PKBarcodeFormatCodabar": zxingcpp.BarcodeFormat.Codabar,
    "PKBarcodeFormatQR": zxingcpp.BarcodeFormat.QRCode,
    "PKBarcodeFormatPDF417": zxingcpp.BarcodeFormat.PDF417,
    "PKBarcodeFormatAztec": zxingcpp.BarcodeFormat.Aztec,
}
GOOGLE = {
    "EAN_13": "EAN_13",
    "EAN_8": "EAN_8",
    "UPC_A": "UPC_A",
    "UPC_E": "UPC_A",
    "CODE_128": "CODE_128",
    "CODE_39": "CODE_39",
    "CODABAR": "CODABAR",
    "QR_CODE": "QR_CODE",
    "PDF_417": "PDF_417",
    "AZTEC": "AZTEC",
    "DATA_MATRIX": "DATA_MATRIX",
}


@pytest.mark.parametrize("accepts", ACCEPTS, ids=str)
def test_native_comes_first_and_qr_last(accepts: tuple[str, ...] | None) -> None:
    for barcode_format, value in some(12):
        entries = apple_barcodes(barcode_format, value, number=NUMBER, accepts=accepts)
        formats = [entry["format"] for entry in entries]
        native = [NATIVE[barcode_format]] if barcode_format in NATIVE else []
        fallbacks = formats[len(native) :]
        assert formats[: len(native)] == native
        assert fallbacks in ([], ["PKBarcodeFormatCode128"], ["PKBarcodeFormatQR"], BOTH)
        assert len(set(formats)) == len(formats)
        for name in fallbacks:
            assert accepts is None or OLD_NAMES[name] in accepts
        if barcode_format not in TWO_DIMENSIONS and (accepts is None or "QR_CODE" in accepts):
            assert formats[-1] == "PKBarcodeFormatQR"


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_a_new_format_is_followed_by_those_that_older_phones_show(barcode_format: str) -> None:
    for value in values(barcode_format, 40):
        entries = apple_barcodes(barcode_format, value, number=NUMBER, accepts=None)
        formats = [entry["format"] for entry in entries]
        assert formats[-1] not in IOS_27
        if formats[0] in IOS_27:
            short_enough = len(entries[-1]["message"]) <= 24
            assert formats[1:] == (BOTH if short_enough else ["PKBarcodeFormatQR"])


def some(count: int) -> Iterator[tuple[str, str]]:
    return ((name, value) for name in DRAWABLE for value in values(name, count))


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_each_entry_scans_as_its_text_and_shows_the_bare_number(barcode_format: str) -> None:
    for value in values(barcode_format, 25):
        for entry in apple_barcodes(barcode_format, value, number=NUMBER, accepts=None):
            assert entry["altText"] == NUMBER
            assert entry["messageEncoding"] == "iso-8859-1"
            expected = (
                "0" + expand(barcode_format, value) if is_upc(barcode_format, entry) else None
            )
            assert scanned(entry) == entry["message"]
            assert entry["message"] == expected or expected is None
            if expected is None:
                assert entry["message"] in {value, bare(value)}


def is_upc(barcode_format: str, entry: dict[str, str]) -> bool:
    return barcode_format in {"UPC_A", "UPC_E"} and entry["format"] == "PKBarcodeFormatEAN13"


def bare(value: str) -> str:
    without_brackets = value.replace("[", "").replace("]", "")
    return value[1:-1] if value[0] in "ABCD" else without_brackets


def scanned(entry: dict[str, str]) -> str:
    """Draw an entry as a phone would, with the reader's own library, and read it back."""
    text, zxing = entry["message"], ZXING[entry["format"]]
    is_codabar = zxing == zxingcpp.BarcodeFormat.Codabar
    symbol = zxingcpp.create_barcode(f"A{text}A" if is_codabar else text, zxing)
    picture = symbol.to_image(scale=3, add_quiet_zones=True)
    found = zxingcpp.read_barcodes(picture, formats=READABLE, text_mode=zxingcpp.TextMode.Plain)
    assert len(found) == 1
    return found[0].text[1:-1] if is_codabar else found[0].text


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_the_old_key_is_written_for_the_three_formats_it_knows(barcode_format: str) -> None:
    value = next(values(barcode_format, 1))
    old = apple_old_barcode(barcode_format, value, number=NUMBER)
    assert (old is not None) == (barcode_format in TWO_DIMENSIONS)
    if old:
        assert old["format"] == NATIVE[barcode_format]


def test_a_card_without_a_code_has_no_barcodes() -> None:
    assert apple_barcodes("none", "12", number="12", accepts=None) == []
    assert apple_old_barcode("none", "12", number="12") is None
    assert google_barcode("none", "12", number="12", accepts=None) == {
        "type": "TEXT_ONLY",
        "value": "12",
        "alternateText": "12",
    }


def test_a_value_its_format_refuses_is_shown_as_text_only() -> None:
    assert apple_barcodes("EAN_13", "12345", number="12345", accepts=None) == []
    assert google_barcode("EAN_13", "12345", number="12345", accepts=None)["type"] == "TEXT_ONLY"


@pytest.mark.parametrize("accepts", ACCEPTS, ids=str)
def test_google_shows_the_native_type_or_the_first_fallback_that_tills_accept(
    accepts: tuple[str, ...] | None,
) -> None:
    for barcode_format, value in some(12):
        shown = google_barcode(barcode_format, value, number=NUMBER, accepts=accepts)
        assert shown["alternateText"] == NUMBER
        if barcode_format in GOOGLE:
            assert shown["type"] == GOOGLE[barcode_format]
        elif shown["type"] in {"CODE_128", "QR_CODE"}:
            assert accepts is None or shown["type"] in accepts
        else:
            assert shown["type"] in {"TEXT_ONLY", "ITF_14"}
            assert shown["value"] == (NUMBER if shown["type"] == "TEXT_ONLY" else value)


@pytest.mark.parametrize(
    ("barcode_format", "value", "expected"),
    [
        ("ITF", "123456789012", ("CODE_128", "123456789012")),
        ("ITF", "12345678901231", ("ITF_14", "12345678901231")),
        ("ITF", "12345678901232", ("CODE_128", "12345678901232")),
        ("UPC_A", "036000291452", ("UPC_A", "036000291452")),
        ("UPC_E", "04252614", ("UPC_A", "042100005264")),
        ("CODABAR", "A40156B", ("CODABAR", "40156")),
        ("GS1_128", "[8018]123456789012345678", ("CODE_128", "8018123456789012345678")),
        ("CODE_93", "a" * 25, ("QR_CODE", "a" * 25)),
    ],
)
def test_googles_value_is_what_the_type_wants(
    barcode_format: str, value: str, expected: tuple[str, str]
) -> None:
    shown = google_barcode(barcode_format, value, number="1", accepts=None)
    assert (shown["type"], shown["value"]) == expected


def test_a_upc_a_is_an_ean_13_with_a_zero_in_front() -> None:
    entries = apple_barcodes("UPC_A", "036000291452", number="036000291452", accepts=None)
    assert [(entry["format"], entry["message"]) for entry in entries] == [
        ("PKBarcodeFormatEAN13", "0036000291452"),
        ("PKBarcodeFormatCode128", "036000291452"),
        ("PKBarcodeFormatQR", "036000291452"),
    ]


def test_the_merchant_hears_when_older_phones_show_nothing() -> None:
    assert apple_warning("EAN_13", None) is None
    assert apple_warning("EAN_13", ("EAN_13", "CODE_128")) is None
    assert "iOS 27" in (apple_warning("EAN_13", ("EAN_13",)) or "")
    assert "No iPhone" in (apple_warning("EAN_8", ("EAN_8",)) or "")
    assert apple_warning("none", ()) is None
    assert "iOS 27" in (apple_warning("CODE_39", ("CODE_128",), value="A" * 30) or "")


def test_notices_say_what_wallets_change() -> None:
    def codes(barcode_format: str, value: str) -> list[str]:
        return [notice.code for notice in notices(barcode_format, value)]

    assert codes("EAN_13", "4006381333931") == []
    assert codes("CODE_128", "a" * 25) == ["code-128-long"]
    assert codes("GS1_128", "[8018]123456789012345675") == ["no-fnc1"]
    assert codes("GS1_128", "[8018]123456789012345678") == ["no-fnc1", "gs1-check-digit"]
    assert codes("RSS_14", "12345678901231") == ["no-wallet-format"]
    assert [notice.code for notice in notices("EAN_13", "4006381333931", accepts=("EAN_13",))] == [
        "nothing-before-ios-27"
    ]


def test_names_of_other_apps_are_understood() -> None:
    assert from_import_name("RSS_DATABAR_EXPANDED") == "RSS_EXPANDED"
    assert from_import_name("PKBarcodeFormatI2of5") == "ITF"
    assert from_import_name("PKBarcodeFormatITF") is None
    assert from_import_name("") is None
    assert from_zxing("Code128", "]C1") == "GS1_128"
    assert from_zxing("Code128", "]C0") == "CODE_128"
    assert from_zxing("unheard of") == "none"
