"""Texts are cut at words, long ones told in parts, and nothing is lost on the way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.google.texts import cut, identifier, localized, member, modules_of_long_text
from passes.moments import spoken_day, spoken_moment
from passes.money import written

SIMPLE = st.text("abc \n", min_size=1, max_size=6_000).filter(str.strip)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Points", 9, "Points"),
        ("Points de fidélité", 9, "Points…"),
        ("Wochenpunkte", 9, "Wochenpu…"),
        ("Boulangerie du Coin", 19, "Boulangerie du Coin"),
        ("Boulangerie du Coins", 19, "Boulangerie du…"),
        ("Café, thé et chocolat", 9, "Café…"),
        ("a" * 30, 20, "a" * 19 + "…"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@given(st.text(), st.integers(5, 40))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit


@given(SIMPLE, SIMPLE, st.integers(1, 8))
def test_a_long_text_fits_its_parts(french: str, english: str, limit: int) -> None:
    header, body = {"fr": "Conditions", "en": "Terms"}, {"fr": french, "en": english}
    parts = modules_of_long_text("terms", header, body, limit=limit)
    assert 1 <= len(parts) <= limit
    assert len({part["id"] for part in parts}) == len(parts)
    for part in parts:
        assert 1 <= len(part["body"]) <= 500
        assert len(part["header"]) <= 35


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=400))
def test_no_word_of_a_long_text_is_lost(given_words: list[str]) -> None:
    text = {"fr": " ".join(given_words)}
    parts = modules_of_long_text("terms", {"fr": "Conditions"}, text, limit=20)
    found = " ".join(part["body"] for part in parts).split()
    assert [word for word in found if word != "-"] == given_words


def test_a_text_of_one_language_needs_no_translations() -> None:
    assert member("header", {"fr": "Carte"}) == {"header": "Carte"}
    assert member("header", {"fr": "Bon", "en": "Bon"}) == {"header": "Bon"}
    assert localized({"fr": "Carte"}) == {"defaultValue": {"language": "fr", "value": "Carte"}}


@given(st.lists(st.text(max_size=8), unique=True, max_size=20))
def test_ids_are_plain_and_each_its_own(keys: list[str]) -> None:
    made = [identifier("field", key) for key in keys]
    assert len(set(made)) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", each) for each in made)


def test_money_and_days_are_written_as_people_do() -> None:
    assert written(125050, "EUR", "fr") == "1\u00a0250,50 €"
    assert written(125050, "EUR", "en") == "1,250.50 EUR"
    assert written(-5, "JPY", "en") == "-5 JPY"
    assert written(30, None, "fr", is_signed=True) == "+30"
    at = 1_801_436_400_000_000  # 2027-01-31T23:00:00Z
    assert spoken_day(at, "Europe/Paris", "fr") == "1er février 2027"
    assert spoken_day(at - 1, "Europe/Paris", "en") == "31 January 2027"
    assert spoken_moment(at, "Europe/Paris", "de") == "2027-02-01, 00:00"
