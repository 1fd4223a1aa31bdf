"""Which codes a pass carries in each wallet, and what a merchant should know about them."""

from __future__ import annotations

import msgspec

from passes.barcode import gs1
from passes.barcode.checking import check
from passes.barcode.digits import has_right_check_digit, is_digits
from passes.barcode.symbologies import SYMBOLOGIES, Symbology
from passes.barcode.texts import codabar_body, expand

# Longer Code 128s are hard to scan on a phone's screen.
CODE_128_ON_PHONE_MAX = 24
_APPLE_NAMES = {"CODE_128": "PKBarcodeFormatCode128", "QR_CODE": "PKBarcodeFormatQR"}
_OLD_KEY_FORMATS = {"PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec"}
_SHOWN_BY_ALL = {"QR_CODE", "PDF_417", "AZTEC"}  # iPhones and watches, so no fallback is needed


class Notice(msgspec.Struct, frozen=True):
    """Something true about a card's code that its merchant should see; `code` is stable."""

    code: str
    text: str


def apple_barcodes(
    barcode_format: str, value: str, *, number: str, accepts: tuple[str, ...] | None
) -> list[dict[str, str]]:
    """Return the `barcodes` of a pass: native, Code 128, QR; the first one drawable wins.

    Empty for `none`, for a value its format refuses, and when `accepts` leaves nothing.
    """
    if barcode_format == "none" or check(barcode_format, value):
        return []
    symbology, text = SYMBOLOGIES[barcode_format], _text(barcode_format, value)
    entries = []
    if symbology.apple:
        entries.append(_entry(symbology.apple, _native_text(symbology, text, value), number))
    fallbacks = _fallbacks(symbology, text, accepts)
    return entries + [_entry(_APPLE_NAMES[fallback], text, number) for fallback in fallbacks]


def apple_old_barcode(barcode_format: str, value: str, *, number: str) -> dict[str, str] | None:
    """Return the old `barcode` key, only for QR, PDF417 and Aztec: some readers prefer it."""
    if barcode_format == "none" or SYMBOLOGIES[barcode_format].apple not in _OLD_KEY_FORMATS:
        return None
    return next(iter(apple_barcodes(barcode_format, value, number=number, accepts=None)), None)


def apple_warning(
    barcode_format: str, accepts: tuple[str, ...] | None, *, value: str | None = None
) -> str | None:
    """Say in words that iPhones before iOS 27 will show no code; None when they will.

    Without a value it speaks of the program: of values short enough for a Code 128.
    """
    symbology = SYMBOLOGIES[barcode_format]
    if barcode_format == "none" or (symbology.apple and not symbology.is_ios_27):
        return None
    if _fallbacks(symbology, "" if value is None else _text(barcode_format, value), accepts):
        return None
    shown = "Only iOS 27 and later shows" if symbology.apple else "No iPhone shows"
    return (
        f"{shown} a code for {symbology.title}: what the tills accept leaves out both Code 128 "
        "and QR. The number stays readable on the pass."
    )


def google_barcode(
    barcode_format: str, value: str, *, number: str, accepts: tuple[str, ...] | None
) -> dict[str, str]:
    """Return the one `barcode` of a loyaltyObject; TEXT_ONLY when no code can be shown."""
    if barcode_format == "none" or check(barcode_format, value):
        return _google("TEXT_ONLY", number, number)
    symbology, text = SYMBOLOGIES[barcode_format], _text(barcode_format, value)
    if symbology.google and not (barcode_format == "ITF" and not _is_itf_14(value)):
        native = expand(barcode_format, value) if barcode_format == "UPC_E" else text
        return _google(symbology.google, native, number)
    fallbacks = _fallbacks(symbology, text, accepts)
    return (
        _google(fallbacks[0], text, number) if fallbacks else _google("TEXT_ONLY", number, number)
    )


def notices(
    barcode_format: str, value: str, *, accepts: tuple[str, ...] | None = None
) -> tuple[Notice, ...]:
    """List what a merchant or an importer should be told about a valid value."""
    found = []
    if barcode_format == "CODE_128" and len(value) > CODE_128_ON_PHONE_MAX:
        text = f"more than {CODE_128_ON_PHONE_MAX} characters of Code 128 scan badly on a phone"
        found.append(Notice("code-128-long", text))
    if barcode_format == "GS1_128":
        text = "wallets cannot show the leading FNC1: tills see another code than the printed one"
        found.append(Notice("no-fnc1", text))
        if gs1.wrong_check_digit(gs1.elements(value) or ()):
            found.append(Notice("gs1-check-digit", "a check digit inside is wrong"))
    if barcode_format in {"RSS_14", "RSS_EXPANDED", "MAXICODE"}:
        title = SYMBOLOGIES[barcode_format].title
        text = f"no wallet shows {title}: another code of the same text is used"
        found.append(Notice("no-wallet-format", text))
    warning = apple_warning(barcode_format, accepts, value=value)
    if warning:
        found.append(Notice("nothing-before-ios-27", warning))
    return tuple(found)


def _fallbacks(symbology: Symbology, text: str, accepts: tuple[str, ...] | None) -> tuple[str, ...]:
    if symbology.name in _SHOWN_BY_ALL:
        return ()
    fits_code_128 = symbology.is_linear and len(text) <= CODE_128_ON_PHONE_MAX
    if fits_code_128 and symbology.name != "CODE_128":
        fallbacks: tuple[str, ...] = ("CODE_128", "QR_CODE")
    else:
        fallbacks = ("QR_CODE",)
    return fallbacks if accepts is None else tuple(name for name in fallbacks if name in accepts)


def _text(barcode_format: str, value: str) -> str:
    match barcode_format:
        case "CODABAR":
            return codabar_body(value)
        case "GS1_128" | "RSS_EXPANDED":
            return gs1.bare(value)
        case "RSS_14" if value[0] in "([":
            return gs1.bare(value)
        case _:
            return value


def _native_text(symbology: Symbology, text: str, value: str) -> str:
    if symbology.name in {"UPC_A", "UPC_E"}:
        return "0" + expand(symbology.name, value)
    return text


def _is_itf_14(value: str) -> bool:
    return len(value) == 14 and is_digits(value) and has_right_check_digit(value)


def _entry(apple_name: str, message: str, number: str) -> dict[str, str]:
    return {
        "format": apple_name,
        "message": message,
        "messageEncoding": "iso-8859-1",
        "altText": number,
    }


def _google(google_name: str, value: str, number: str) -> dict[str, str]:
    return {"type": google_name, "value": value, "alternateText": number}
