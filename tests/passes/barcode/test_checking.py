"""What is refused, in which words, and what is offered instead."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passes.barcode import (
    FORMATS,
    Undrawable,
    check,
    draw_png,
    draw_svg,
    guess,
    looks_like_payment_card,
    number_forms,
)
from passes.barcode.digits import check_digit, upc_a_to_upc_e, upc_e_to_upc_a
from tests.passes.barcode.values import DRAWABLE, values, with_check_digit

FOREIGN = {
    "a newline": "\n",
    "NUL": "\0",
    "a tab": "\t",
    "DEL": "\x7f",
    "an accent": "é",
    "a full-width digit": "\uff11",
    "an Arabic digit": "\u0661",
    "an emoji": "🙂",
    "a lone surrogate": "\ud800",
}


@pytest.mark.parametrize("body", ["400638133393", "201234567890", "020000000000"])
def test_an_ean_13_is_taken_with_its_check_digit_also_in_store_numbers(body: str) -> None:
    assert check("EAN_13", with_check_digit(body)) is None


@pytest.mark.parametrize(
    ("barcode_format", "value"),
    [
        ("EAN_13", "4006381333931"),
        ("EAN_8", "40170725"),
        ("UPC_A", "036000291452"),
        ("ITF", "12345678901231"),
        ("UPC_E", "04252614"),
        ("CODE_128", "abc"),
        ("CODE_39", "A-Z $/+%."),
        ("CODABAR", "A40156B"),
        ("CODABAR", "40156"),
        ("GS1_128", "[8018]123456789012345678"),
        ("RSS_14", "12345678901231"),
        ("none", "Carte n° 12"),
    ],
)
def test_the_vectors_of_the_standards_are_taken(barcode_format: str, value: str) -> None:
    assert check(barcode_format, value) is None


@pytest.mark.parametrize("barcode_format", DRAWABLE)
@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=list(FOREIGN))
def test_a_code_holds_nothing_but_printable_ascii(barcode_format: str, foreign: str) -> None:
    good = next(value for value in values(barcode_format, 50) if len(value) > 4)
    for bad in (foreign + good, good[:3] + foreign + good[3:], good + foreign, foreign):
        refusal = check(barcode_format, bad)
        assert refusal is not None
        assert refusal.field == "barcode_value"
        assert refusal.suggested_format in {None, "none"}
        with pytest.raises(Undrawable):
            draw_svg(barcode_format, bad)
        with pytest.raises(Undrawable):
            draw_png(barcode_format, bad, scale=1)


@pytest.mark.parametrize("digit", ["\uff11", "\u0661", "²", "①"])
def test_digits_of_other_scripts_are_no_digits(digit: str) -> None:
    assert check("EAN_13", digit * 13) is not None
    assert check("ITF", digit * 4) is not None


@pytest.mark.parametrize(
    ("barcode_format", "value", "reason", "suggestion"),
    [
        (
            "EAN_13",
            "400638133393",
            "13 digits expected, 12 given; did you mean …1?",
            "4006381333931",
        ),
        ("EAN_8", "4017072", "8 digits expected, 7 given; did you mean …5?", "40170725"),
        ("UPC_A", "03600029145", "12 digits expected, 11 given; did you mean …2?", "036000291452"),
        ("UPC_E", "0425261", "8 digits expected, 7 given; did you mean …4?", "04252614"),
        ("EAN_13", "4006381333932", "check digit is 1, not 2", None),
        ("EAN_13", "12345", "13 digits expected, 5 given", None),
        ("EAN_13", "1" * 19, "13 digits expected, 19 given", None),
        ("UPC_E", "24252614", "UPC-E begins with 0 or 1", None),
        ("UPC_E", "04252615", "check digit is 4, not 5", None),
        ("ITF", "12345", "even number of digits, at least 4", "012345"),
        ("ITF", "12", "even number of digits, at least 4", None),
        ("CODE_39", "abc", "lower-case letters are not in Code 39", None),
        ("CODE_39", "A_B", "“_” is not in Code 39", None),
        ("CODE_39", "A" * 44, "at most 43 characters, 44 given", None),
        ("CODE_128", "1" * 81, "at most 80 characters, 81 given", None),
        ("EAN_13", "400638133393a", "digits only, “a” is none", None),
        ("EAN_13", "400638 1333931", "digits only, U+0020 is none", None),
        ("QR_CODE", "1" * 2954, "QR code holds at most 2953 characters, 2954 given", None),
        ("PDF_417", "1" * 1851, "PDF417 holds at most 1850 characters, 1851 given", None),
        ("AZTEC", "a" * 1915, "Aztec holds at most 1914 characters, 1915 given", None),
        ("DATA_MATRIX", "a" * 1557, "Data Matrix holds at most 1556 characters, 1557 given", None),
        ("CODE_128", "a\nb", "U+000A cannot be in a barcode: only ASCII 32 to 126 can", None),
        ("EAN_13", "", "a value is expected, none given", None),
        ("none", "", "a value is expected, none given", None),
        ("none", "a\0", "U+0000 cannot be in a number", None),
    ],
)
def test_a_refusal_says_why_in_words(
    barcode_format: str, value: str, reason: str, suggestion: str | None
) -> None:
    refusal = check(barcode_format, value)
    assert refusal is not None
    assert (refusal.reason, refusal.suggestion) == (reason, suggestion)


@pytest.mark.parametrize("value", ["A", "1", "A1B", "E12E", "a12b", "12A", "A12", "1A2", "AA12BB"])
def test_a_codabar_is_two_signs_between_two_letters_or_none(value: str) -> None:
    assert check("CODABAR", value) is not None


@pytest.mark.parametrize("barcode_format", ["", "EAN13", "ean_13", "PKBarcodeFormatITF", "NONE"])
def test_an_unknown_format_names_the_other_field(barcode_format: str) -> None:
    refusal = check(barcode_format, "4006381333931")
    assert refusal is not None
    assert refusal.field == "barcode_format"


@pytest.mark.parametrize(
    ("barcode_format", "value", "other"),
    [
        ("EAN_13", "4006381333932", "CODE_128"),
        ("CODE_39", "abc", "CODE_128"),
        ("EAN_13", "036000291452", "UPC_A"),
        ("EAN_8", "é", "none"),
        ("CODE_128", "1" * 81, "QR_CODE"),
    ],
)
def test_a_refusal_offers_a_format_that_takes_the_value(
    barcode_format: str, value: str, other: str
) -> None:
    refusal = check(barcode_format, value)
    assert refusal is not None
    assert refusal.suggested_format == other
    assert check(other, value) is None


@pytest.mark.parametrize("barcode_format", ["EAN_13", "EAN_8", "UPC_A", "UPC_E"])
def test_every_wrong_check_digit_is_refused(barcode_format: str) -> None:
    for value in values(barcode_format, 20):
        for last in set(string.digits) - {value[-1]}:
            assert check(barcode_format, value[:-1] + last) is not None


@given(st.from_regex(r"[01][0-9]{6}", fullmatch=True))
def test_a_upc_e_has_one_spelling_and_the_others_are_offered_it(body: str) -> None:
    value = body + check_digit(upc_e_to_upc_a(body + "0")[:-1])
    refusal = check("UPC_E", value)
    if refusal is None:
        assert upc_a_to_upc_e(upc_e_to_upc_a(value)) == value
    else:
        assert refusal.suggestion is not None
        assert check("UPC_E", refusal.suggestion) is None
        assert upc_e_to_upc_a(refusal.suggestion) == upc_e_to_upc_a(value)


@given(st.sampled_from(FORMATS), st.text(max_size=60))
def test_a_value_is_refused_or_drawn_and_never_repaired(barcode_format: str, value: str) -> None:
    refusal = check(barcode_format, value)
    if refusal is None and barcode_format != "none":
        assert draw_svg(barcode_format, value).startswith("<svg ")
    elif barcode_format != "none":
        assert refusal is not None
        with pytest.raises(Undrawable) as caught:
            draw_svg(barcode_format, value)
        assert len(value) < 4 or value not in str(caught.value)


@given(st.sampled_from(DRAWABLE), st.text(string.printable, min_size=1, max_size=3000))
def test_no_length_of_ascii_surprises(barcode_format: str, value: str) -> None:
    if check(barcode_format, value) is None:
        assert draw_svg(barcode_format, value)


@example("0000003")  # UPC-E writes 00000030 as 00000000
@given(st.text(string.digits, min_size=1, max_size=20))
def test_a_suggestion_is_always_taken(value: str) -> None:
    for barcode_format in FORMATS:
        refusal = check(barcode_format, value)
        if refusal and refusal.suggestion:
            assert check(barcode_format, refusal.suggestion) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4006381333931", "EAN_13"),
        ("40170725", "EAN_8"),
        ("036000291452", "UPC_A"),
        ("4006381333932", "CODE_128"),
        ("ABC-123", "CODE_128"),
        ("a" * 81, "QR_CODE"),
        ("a" * 2954, "none"),
        ("é", "none"),
        ("12\n", "none"),
    ],
)
def test_a_format_is_guessed_from_the_value(value: str, expected: str) -> None:
    assert guess(value) == expected


def test_the_shops_usual_format_is_guessed_first_if_the_value_fits_it() -> None:
    assert guess("4006381333931", usual="CODE_39") == "CODE_39"
    assert guess("4006381333932", usual="EAN_13") == "CODE_128"
    assert guess("4006381333931", usual="unheard of") == "EAN_13"


@given(st.text(max_size=100))
def test_what_is_guessed_takes_the_value(value: str) -> None:
    found = guess(value)
    assert found == "none" or check(found, value) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("4111111111111111", True),
        ("4111 1111 1111 1111", True),
        ("5500-0000-0000-0004", True),
        ("378282246310005", True),
        ("4111111111111112", False),
        ("4006381333931", False),
        ("123", False),
        ("", False),
    ],
)
def test_a_payment_card_is_recognised(number: str, expected: bool) -> None:
    assert looks_like_payment_card(number) is expected


@given(st.from_regex(r"4[0-9]{11}", fullmatch=True))
def test_an_article_number_is_never_a_payment_card(body: str) -> None:
    assert not looks_like_payment_card(with_check_digit(body))


def test_a_number_is_searched_with_and_without_its_leading_zero() -> None:
    assert number_forms("036000291452") == ("036000291452", "0036000291452")
    assert number_forms("0036000291452") == ("0036000291452", "036000291452")
    assert number_forms("4006381333931") == ("4006381333931",)
    assert number_forms("abc") == ("abc",)


@pytest.mark.parametrize("scale", [0, 11, -1])
def test_a_scale_out_of_range_draws_nothing(scale: int) -> None:
    with pytest.raises(Undrawable, match="1 to 10"):
        draw_svg("EAN_13", "4006381333931", scale=scale)
    with pytest.raises(Undrawable, match="1 to 10"):
        draw_png("EAN_13", "4006381333931", scale=scale)
