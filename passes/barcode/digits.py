"""Arithmetic on digits: check digits, UPC-E, payment cards, leading zeros."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[ -]")

# Issuer prefixes of payment cards, with the lengths each scheme uses (ISO/IEC 7812 ranges as
# the schemes publish them). Ranges that loyalty cards use too, such as 60 and 63, stay narrow.
_PAYMENT_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa: 13, 16, 19
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # MC
    r"|3[47][0-9]{13}"  # American Express: 15
    r"|(?:30[0-5]|309|36[0-9]|3[89][0-9])[0-9]{11,16}"  # Diners Club: 14 to 19
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover: 16 to 19
    r"|(?:352[89]|35[3-8][0-9])[0-9]{12,15}"  # JCB: 16 to 19
    r"|62[0-9]{14,17}"  # UnionPay: 16 to 19
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{9,15}"  # Maestro: 13 to 19
    r"|220[0-4][0-9]{12,15}"  # Mir: 16 to 19
    r"|(?:508[5-9]|8[12][0-9]{2})[0-9]{12}"  # RuPay: 16
    r"|(?:5019|4571)[0-9]{12}"  # Dankort: 16
    r"|9792[0-9]{12}"  # Troy: 16
)


def is_digits(text: str) -> bool:
    """Tell whether the text is 0 to 9 only; `str.isdigit` alone takes other scripts too."""
    return text.isascii() and text.isdigit()


def check_digit(body: str) -> str:
    """Return the GS1 check digit of the digits before it: from the right, weights 3, 1, 3, …"""
    digits = body.encode()
    # The code point of "0" is 48; each weight counts it once too often.
    odd, even = digits[-1::-2], digits[-2::-2]
    total = 3 * (sum(odd) - 48 * len(odd)) + sum(even) - 48 * len(even)
    return str(-total % 10)


def has_right_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the GS1 check digit of the others."""
    return digits[-1] == check_digit(digits[:-1])


def upc_e_to_upc_a(digits: str) -> str:
    """Expand the 8 digits of a UPC-E (number system, six, check digit) to the 12 of its UPC-A."""
    system, six, check = digits[0], digits[1:7], digits[7]
    match six[5]:
        case "0" | "1" | "2":
            body = six[:2] + six[5] + "0000" + six[2:5]
        case "3":
            body = six[:3] + "00000" + six[3:5]
        case "4":
            body = six[:4] + "00000" + six[4]
        case _:
            body = six[:5] + "0000" + six[5]
    return system + body + check


def upc_a_to_upc_e(digits: str) -> str:
    """Write the 12 digits of a UPC-A that has a UPC-E as its 8, by the first rule that fits."""
    system, maker, item, check = digits[0], digits[1:6], digits[6:11], digits[11]
    if maker[2:] in {"000", "100", "200"}:
        six = maker[:2] + item[2:] + maker[2]
    elif maker[3:] == "00":
        six = maker[:3] + item[3:] + "3"
    elif maker[4] == "0":
        six = maker[:4] + item[4] + "4"
    else:
        six = maker + item[4]
    return system + six + check


def number_forms(number: str) -> tuple[str, ...]:
    """Return the forms of a number to search for, the given one first.

    A UPC-A is read from a photo as the EAN-13 with a 0 in front, so each finds the other.
    """
    if not is_digits(number) or len(number) not in {12, 13} or not has_right_check_digit(number):
        return (number,)
    if len(number) == 12:
        return (number, "0" + number)
    return (number, number[1:]) if number[0] == "0" else (number,)


def looks_like_payment_card(number: str) -> bool:
    """Tell whether a number may be a bank card's: never store one as a loyalty card.

    13 to 19 digits, spaces and hyphens ignored, a scheme's prefix and length, and the Luhn digit;
    13 digits with a right EAN check digit are an article number.
    """
    digits = _SEPARATORS.sub("", number)
    if not _PAYMENT_CARD.fullmatch(digits) or not _has_right_luhn_digit(digits):
        return False
    return not (len(digits) == 13 and has_right_check_digit(digits))


def _has_right_luhn_digit(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[-1::-2])) % 10 == 0
