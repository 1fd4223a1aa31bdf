"""Rotating codes: the RFC's vectors, their window, and what is no code of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.google import rotating
from passes.google.rotating import Shown

SECRET = bytes.fromhex("3132333435363738393031323334353637383930")  # RFC 6238, appendix B
CARD = "0123456789abcdef" * 2
VECTORS = [  # the RFC's table for SHA-1
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert rotating.code_at(SECRET, rotating.step_at(seconds)) == code
    assert rotating.value_at(SECRET, CARD, seconds) == f"PC1.{CARD}.{seconds}.{code}"
    assert rotating.verify(SECRET, code, seconds) == seconds // 30


def test_the_first_codes_are_those_of_rfc_4226() -> None:
    codes = [rotating.code_at(SECRET, step, 6) for step in range(4)]
    assert codes == ["755224", "287082", "359152", "969429"]


@given(st.binary(min_size=20, max_size=20), st.integers(0, 10**11), st.integers(-4, 4))
def test_a_code_counts_in_its_step_and_one_to_each_side(
    secret: bytes, seconds: int, away: int
) -> None:
    step = rotating.step_at(seconds)
    at = max(seconds + away * 30, 0)
    assert rotating.is_in_window(step, at) == (abs(at // 30 - step) <= 1)
    code = rotating.code_at(secret, step)
    if rotating.is_in_window(step, at):
        assert rotating.verify(secret, code, at) is not None
    else:
        found = rotating.verify(secret, code, at)
        assert found is None or rotating.code_at(secret, found) == code


@given(st.binary(min_size=20, max_size=20), st.integers(0, 10**11))
def test_what_is_drawn_is_read_back_and_is_right(secret: bytes, seconds: int) -> None:
    shown = rotating.read(rotating.value_at(secret, CARD, seconds))
    assert shown is not None
    assert (shown.card_ref, shown.step) == (CARD, seconds // 30)
    assert rotating.is_right(secret, shown)
    wrong = Shown(CARD, shown.step + 1, shown.code)
    assert rotating.is_right(secret, wrong) == (
        rotating.code_at(secret, shown.step + 1) == shown.code
    )


def test_the_pattern_for_google_gives_what_is_read() -> None:
    pattern = rotating.value_pattern(CARD)
    drawn = pattern.replace("{totp_timestamp_seconds}", "59").replace("{totp_value_0}", "94287082")
    assert rotating.read(drawn) == Shown(CARD, 1, "94287082")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "4006381333931",
        f"PC1.{CARD}.59.9428708",
        f"PC1.{CARD}.59.942870822",
        f"PC1.{CARD}..94287082",
        f"PC1.{CARD}.-59.94287082",
        f"PC1.{CARD}.1234567890123.94287082",
        f"PC1.{CARD.upper()}.59.94287082",
        f"PC2.{CARD}.59.94287082",
        f"PC1.{CARD}.59.94287082\n",
        f" PC1.{CARD}.59.94287082",
        f"PC1.{CARD}.59.9428708²",
        f"PC1.{CARD}.٥٩.94287082",
        f"PC1.{CARD[:-1]}.59.94287082",
    ],
)
def test_anything_else_is_no_rotating_code(value: str) -> None:
    assert rotating.read(value) is None


@given(st.text())
def test_any_text_is_read_or_not(value: str) -> None:
    rotating.read(value)
