"""Patterns of card numbers: what merchants write is taken, what could take long is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.programs.patterns import refusal


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        (r"29\d{11}", "2900000000001"),
        (r"^[0-9]{13}$", "4006381333931"),
        (r"[A-Z]{2}\d{6,8}", "FR1234567"),
        (r"\d+", "1"),
        (r"[A-Z]?\d{4,}", "A12345"),
        (r"FR-\d{4} [A-Z0-9-]{3}", "FR-1234 A-9"),
        (r"\d\d/\d\d", "12/34"),
        (r"9.{3}\*", "9abc*"),
    ],
)
def test_patterns_of_life_are_taken(pattern: str, number: str) -> None:
    assert refusal(pattern) is None
    assert re.fullmatch(pattern, number)


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "^", "^$", "(a+)+", "a|b", "(?i)x", r"(\d)\1", r"\1", r"\w+", r"\Z", "[^0-9]{3}"),
        *("[9-0]", "[", "]", "[]", "[[a]]", "[a&&b]", "[a--b]", "[--]", "{3}", "a{", "a{3"),
        *(r"\d{5,2}", r"\d{1000}", r"\d{2}{3}", "a++", "a*?", "a??", r"\d*\d*\d*", "a?b?c?"),
        *("é{3}", "a" * 41, "a\n", "a\x00", r"\d" * 101, "$1", "1^2", "\\"),
    ],
)
def test_others_are_refused_with_a_sentence(pattern: str) -> None:
    said = refusal(pattern)
    assert said


@given(st.text(alphabet=r"ab19^$\d{}[]-+*?.,()|/ _", max_size=40))
def test_whatever_is_taken_compiles(pattern: str) -> None:
    if refusal(pattern) is None:
        re.compile(pattern)  # a warning is an error here
