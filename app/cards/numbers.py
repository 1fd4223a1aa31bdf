"""What may stand on a card: the number and its barcode judged before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from app.errors import InvalidBarcode, PaymentCard, invalid
from passes.barcode import (
    FORMATS,
    Refusal,
    check,
    guess,
    looks_like_payment_card,
    number_forms,
)
from passes.barcode.digits import check_digit, upc_e_to_upc_a

DRAWN_DIGITS = 12  # fits every symbology that has no length of its own, and ITF's even count
_SERVICE_RELATION = "[8018]"  # GS1 General Specifications §3.9.13: 18 digits
CANDIDATES = 8  # numbers drawn at once: of these one is free, or the program has none left

Digits = Callable[[int], str]


class Code(msgspec.Struct, frozen=True):
    """A number that was judged, with what the till reads."""

    number: str
    barcode_value: str
    barcode_format: str


class Rule(msgspec.Struct, frozen=True):
    """What a program asks of its numbers; a shop of the directory asks nothing."""

    usual_format: str | None = None
    number_pattern: str | None = None


def judge(number: str, *, value: str | None, barcode_format: str | None, rule: Rule) -> Code:
    """Trim what was typed, guess a format that nobody named, and refuse what cannot be a card.

    Raises: InvalidInput, InvalidBarcode, PaymentCard.
    """
    number = number.strip()
    if not number:
        raise invalid("number", "a number is expected")
    if barcode_format is not None and barcode_format not in FORMATS:
        raise invalid("barcode_format", f"one of {', '.join(FORMATS)} expected")
    is_named = _fits_pattern(number, rule)
    is_article = barcode_format == "EAN_13" and value is None and len(number) == 13
    if not is_named and not is_article and _is_payment_card(number, value):
        raise PaymentCard("this looks like the number of a payment card")
    if rule.number_pattern is not None and not is_named:
        raise _refused("number", "this program has no such numbers")
    read = number if value is None else value
    chosen = barcode_format or guess(read, usual=rule.usual_format)
    refusal = check(chosen, read)
    if refusal is not None:
        raise _not_drawable(refusal, "number" if value is None else "barcode_value")
    return Code(number, read, chosen)


def draw(rule: Rule, digits: Digits) -> tuple[Code, ...]:
    """Draw numbers, every digit uniform, that fit the program's format and pattern.

    Of more than one the first free one is taken; none: the program's pattern allows none of ours.
    """
    drawn = (_drawn(rule.usual_format or "none", digits) for _ in range(CANDIDATES))
    return tuple(
        code
        for code in drawn
        if (rule.number_pattern is None or _fits_pattern(code.number, rule))
        and not looks_like_payment_card(code.number)
        and check(code.barcode_format, code.barcode_value) is None
    )


def look_up_key(number: str) -> str:
    """Return the one form under which a number is looked up: a UPC-A is its EAN-13."""
    return max(number_forms(number), key=len)


def _is_payment_card(number: str, value: str | None) -> bool:
    return looks_like_payment_card(number) or looks_like_payment_card(value or "")


def _drawn(barcode_format: str, digits: Digits) -> Code:
    match barcode_format:
        case "EAN_13":  # 2…: numbers of a shop's own (GS1), never an article's
            number = _closed("2" + digits(11))
        case "EAN_8":
            number = _closed(digits(7))
        case "UPC_A":
            number = _closed(digits(11))
        case "UPC_E":
            body = "0" + digits(6)
            number = body + check_digit(upc_e_to_upc_a(body + "0")[:-1])
        case "RSS_14":
            number = _closed(digits(13))
        case "GS1_128" | "RSS_EXPANDED":
            number = _closed(digits(17))
            return Code(number, _SERVICE_RELATION + number, barcode_format)
        case _:
            number = digits(DRAWN_DIGITS)
    return Code(number, number, barcode_format)


def _closed(body: str) -> str:
    return body + check_digit(body)


def _fits_pattern(number: str, rule: Rule) -> bool:
    pattern = rule.number_pattern
    return pattern is not None and re.fullmatch(pattern, number) is not None


def _refused(path: str, message: str) -> InvalidBarcode:
    return InvalidBarcode(f"{path}: {message}", errors=[{"path": path, "message": message}])


def _not_drawable(refusal: Refusal, path: str) -> InvalidBarcode:
    path = "barcode_format" if refusal.field == "barcode_format" else path
    error = _refused(path, refusal.reason)
    if refusal.suggestion is not None:
        error.facts["suggestion"] = refusal.suggestion
    if refusal.suggested_format is not None:
        error.facts["suggested_format"] = refusal.suggested_format
    return error
