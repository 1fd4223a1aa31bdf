"""What each symbology can hold, in words for the person who typed it."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from passes.barcode import gs1
from passes.barcode.digits import check_digit, has_right_check_digit, is_digits, upc_a_to_upc_e
from passes.barcode.symbologies import SYMBOLOGIES
from passes.barcode.symbols import create
from passes.barcode.texts import codabar_body, expand


class Flaw(msgspec.Struct, frozen=True):
    """Why a value does not fit; `suggestion` is another value, to be offered, never taken."""

    reason: str
    suggestion: str | None = None


CODE_128_CHARACTERS_MAX = 80  # ours; 102 symbol characters is the limit of the drawing library
QR_CODE_BYTES_MAX = 2_953  # version 40, level L
_ITF_DIGITS_MAX = 80  # ours, as Code 128; the library stops at 125
_CODABAR_CHARACTERS_MAX = 101  # the library stops at 103 with both letters
_CODE_93_SYMBOLS_MAX = 123  # the library's limit; a character outside the plain set costs two
# Characters that surely fit, so that only longer values pay for a trial drawing.
_SURELY_FIT = {"PDF_417": 150, "AZTEC": 250, "DATA_MATRIX": 250, "MAXICODE": 10}
_BYTES_MAX = {"PDF_417": 1_850, "AZTEC": 1_914, "DATA_MATRIX": 1_556, "MAXICODE": 138}

_CODE_39 = re.compile(r"[0-9A-Z \-.$/+%]{1,43}")
_CODE_39_FOREIGN = re.compile(r"[^0-9A-Za-z \-.$/+%]")
_CODE_93_PLAIN = re.compile(r"[0-9A-Z \-.$/+%]")
_CODABAR_BODY = re.compile(r"[0-9\-$:/.+]{2,}")
_RSS_14 = re.compile(r"(?:01|\(01\)|\[01\])?([0-9]{14})")


def flaw_of(barcode_format: str, value: str) -> Flaw | None:
    """Judge the text of a value; GS1 syntax and overflow are left to `overflow_of`."""
    if not value:
        return Flaw("a value is expected, none given")
    if barcode_format == "none":
        return _plain_text(value)
    if not (value.isascii() and value.isprintable()):
        return Flaw(f"{_name_of_foreign(value)} cannot be in a barcode: only ASCII 32 to 126 can")
    return _RULES[barcode_format](value)


def overflow_of(barcode_format: str, value: str) -> Flaw | None:
    """Judge what only a trial drawing can tell: capacity, and the data of each GS1 identifier."""
    if barcode_format not in {"GS1_128", "RSS_EXPANDED"}:
        if len(value) <= _SURELY_FIT.get(barcode_format, len(value)):
            return None
        reason = f"too long for {SYMBOLOGIES[barcode_format].title}"
    else:
        reason = f"application identifiers do not allow this in {SYMBOLOGIES[barcode_format].title}"
    try:
        create(barcode_format, value)
    except ValueError:
        return Flaw(reason)
    return None


def _plain_text(value: str) -> Flaw | None:
    if len(value) > QR_CODE_BYTES_MAX:
        return Flaw(f"at most {QR_CODE_BYTES_MAX} characters, {len(value)} given")
    for character in value:
        point = ord(character)
        if point < 32 or 127 <= point < 160 or 0xD800 <= point < 0xE000:
            return Flaw(f"{_name_of(character)} cannot be in a number")
    return None


def _with_check_digit(digits: int) -> Callable[[str], Flaw | None]:
    def rule(value: str) -> Flaw | None:
        if not is_digits(value):
            return Flaw(f"digits only, {_name_of_foreign(value, _NOT_A_DIGIT)} is none")
        if len(value) != digits:
            return _wrong_length(value, digits)
        expected = check_digit(value[:-1])
        return None if value[-1] == expected else _wrong_check_digit(expected, value[-1])

    return rule


_NOT_A_DIGIT = re.compile(r"[^0-9]")


def _wrong_length(value: str, digits: int) -> Flaw:
    reason = f"{digits} digits expected, {len(value)} given"
    if len(value) != digits - 1:
        return Flaw(reason)
    missing = check_digit(value)
    return Flaw(f"{reason}; did you mean …{missing}?", value + missing)


def _wrong_check_digit(expected: str, given: str) -> Flaw:
    return Flaw(f"check digit is {expected}, not {given}")


def _upc_e(value: str) -> Flaw | None:
    if not is_digits(value):
        return Flaw(f"digits only, {_name_of_foreign(value, _NOT_A_DIGIT)} is none")
    if value[0] not in "01":
        return Flaw("UPC-E begins with 0 or 1")
    if len(value) == 7:
        missing = check_digit(expand("UPC_E", value + "0")[:-1])
        whole = value + missing
        if upc_a_to_upc_e(expand("UPC_E", whole)) != whole:  # no printer writes a number so
            return Flaw("8 digits expected, 7 given")
        return Flaw(f"8 digits expected, 7 given; did you mean …{missing}?", whole)
    if len(value) != 8:
        return Flaw(f"8 digits expected, {len(value)} given")
    upc_a = expand("UPC_E", value)
    expected = check_digit(upc_a[:-1])
    if value[-1] != expected:
        return _wrong_check_digit(expected, value[-1])
    # Zeros are left out by the first rule that fits; readers and printers know no other way.
    shortest = upc_a_to_upc_e(upc_a)
    return None if shortest == value else Flaw("UPC-E writes this number otherwise", shortest)


def _code_128(value: str) -> Flaw | None:
    if len(value) > CODE_128_CHARACTERS_MAX:
        return Flaw(f"at most {CODE_128_CHARACTERS_MAX} characters, {len(value)} given")
    return None


def _code_39(value: str) -> Flaw | None:
    if _CODE_39.fullmatch(value):
        return None
    foreign = _CODE_39_FOREIGN.search(value)
    if foreign:
        return Flaw(f"{_name_of(foreign[0])} is not in Code 39")
    if value != value.upper():
        return Flaw("lower-case letters are not in Code 39")
    return Flaw(f"at most 43 characters, {len(value)} given")


def _code_93(value: str) -> Flaw | None:
    symbols = 2 * len(value) - len(_CODE_93_PLAIN.findall(value))
    return Flaw("too long for Code 93") if symbols > _CODE_93_SYMBOLS_MAX else None


def _itf(value: str) -> Flaw | None:
    if not is_digits(value):
        return Flaw(f"digits only, {_name_of_foreign(value, _NOT_A_DIGIT)} is none")
    if len(value) > _ITF_DIGITS_MAX:
        return Flaw(f"at most {_ITF_DIGITS_MAX} digits, {len(value)} given")
    if len(value) % 2 == 0 and len(value) >= 4:
        return None
    return Flaw("even number of digits, at least 4", "0" + value if len(value) >= 3 else None)


def _codabar(value: str) -> Flaw | None:
    body = codabar_body(value)
    if not _CODABAR_BODY.fullmatch(body):
        return Flaw(
            "Codabar holds at least two of 0-9 - $ : / . +, "
            "between two of the capitals A to D or without any"
        )
    return Flaw("too long for Codabar") if len(body) > _CODABAR_CHARACTERS_MAX else None


def _bytes_at_most(barcode_format: str, limit: int) -> Callable[[str], Flaw | None]:
    def rule(value: str) -> Flaw | None:
        if len(value) > limit:
            title = SYMBOLOGIES[barcode_format].title
            return Flaw(f"{title} holds at most {limit} characters, {len(value)} given")
        return None

    return rule


def _gs1_128(value: str) -> Flaw | None:
    # A wrong check digit inside is real on some cards and drawn as it is: a notice, no refusal.
    if gs1.elements(value) is None:
        return Flaw("GS1-128 begins with an application identifier, such as [8018]")
    return None


def _rss_14(value: str) -> Flaw | None:
    found = _RSS_14.fullmatch(value)
    if found is None:
        digits = is_digits(value)
        return _wrong_length(value, 14) if digits else Flaw("14 digits expected, or 01 and 14")
    if has_right_check_digit(found[1]):
        return None
    return _wrong_check_digit(check_digit(found[1][:-1]), found[1][-1])


def _rss_expanded(value: str) -> Flaw | None:
    parts = gs1.elements(value)
    if parts is None:
        return Flaw("DataBar Expanded begins with an application identifier, such as [01]")
    # The symbol has no room for the digit of (01): the drawing library would repair it.
    for identifier, data in parts:
        if gs1.wrong_check_digit(((identifier, data),), "01"):
            return _wrong_check_digit(check_digit(data[:-1]), data[-1])
    return None


def _name_of_foreign(value: str, foreign: re.Pattern[str] = re.compile(r"[^ -~]")) -> str:
    found = foreign.search(value)
    assert found is not None
    return _name_of(found[0])


def _name_of(character: str) -> str:
    is_visible = character.isascii() and character.isprintable() and character != " "
    return f"“{character}”" if is_visible else f"U+{ord(character):04X}"


_RULES: dict[str, Callable[[str], Flaw | None]] = {
    "EAN_13": _with_check_digit(13),
    "EAN_8": _with_check_digit(8),
    "UPC_A": _with_check_digit(12),
    "UPC_E": _upc_e,
    "CODE_128": _code_128,
    "CODE_39": _code_39,
    "CODE_93": _code_93,
    "ITF": _itf,
    "CODABAR": _codabar,
    "QR_CODE": _bytes_at_most("QR_CODE", QR_CODE_BYTES_MAX),
    "GS1_128": _gs1_128,
    "RSS_14": _rss_14,
    "RSS_EXPANDED": _rss_expanded,
    **{name: _bytes_at_most(name, limit) for name, limit in _BYTES_MAX.items()},
}
