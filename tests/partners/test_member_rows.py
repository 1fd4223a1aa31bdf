"""One row of a file of members, judged by itself: what is read, and what is told of what is not."""

from __future__ import annotations

import pytest

from app.partners import member_cells as cells
from app.partners.member_cells import BadCell
from app.partners.member_reasons import FailedReason

NOON = 1_790_078_400_000_000  # 2026-09-22T12:00:00Z


@pytest.mark.parametrize(
    ("text", "units"), [("0", 0), ("1250", 1250), ("1 250", 1250), ("12,00", 12), ("7.0", 7)]
)
def test_a_balance_is_a_whole_number_of_units(text: str, units: int) -> None:
    assert cells.units(cells.plain(text)) == units


@pytest.mark.parametrize(
    "text", ["-5", "12,5", "1,250", "1.250", "x", "٣", "9" * 17, "9007199254740993"]
)
def test_what_may_mean_another_balance_is_refused(text: str) -> None:
    with pytest.raises(BadCell) as refused:
        cells.units(text)
    assert refused.value.reason == "bad-balance"


@pytest.mark.parametrize(
    ("text", "birthday"),
    [("05-31", "05-31"), ("1984-02-29", "02-29"), ("3/7/1984", "07-03"), ("31.12.1990", "12-31")],
)
def test_a_birthday_is_kept_without_its_year(text: str, birthday: str) -> None:
    assert cells.birthday(text) == birthday


@pytest.mark.parametrize("text", ["02-30", "2026-13-01", "31/02/1990", "tomorrow", "1/1/90"])
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    for read in (cells.birthday, lambda day: cells.last_moment(day, "Europe/Paris")):
        with pytest.raises(BadCell) as refused:
            read(text)
        assert refused.value.reason == "bad-date"


def test_units_valid_through_a_day_die_at_the_midnight_after_it() -> None:
    assert cells.last_moment("2026-09-22", "Europe/Paris") == NOON + 10 * 3_600_000_000
    assert cells.last_moment("22/09/2026", "UTC") == NOON + 12 * 3_600_000_000
    assert cells.last_moment("2026-09-22T12:00:00Z", "UTC") == NOON
    with pytest.raises(BadCell):
        cells.last_moment("9999-12-31", "UTC")


def test_nobody_enrolled_tomorrow() -> None:
    assert cells.first_moment("2026-09-22", "UTC", now=NOON) == NOON - 12 * 3_600_000_000
    with pytest.raises(BadCell):
        cells.first_moment("2026-09-23", "UTC", now=NOON)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("4.00638E+12", "rounded-number"),
        ("4,00638e+12", "rounded-number"),
        ("4006381333931.0", "rounded-number"),
        ("x" * 129, "too-long"),
    ],
)
def test_a_number_that_a_spreadsheet_rounded_is_refused(text: str, reason: FailedReason) -> None:
    with pytest.raises(BadCell) as refused:
        cells.number(text)
    assert refused.value.reason == reason


def test_a_cell_made_text_keeps_its_zeros_and_a_line_break_is_a_blank() -> None:
    assert cells.plain('="00123"') == "00123"
    assert cells.plain(" Ana\n  Martin\xa0") == "Ana Martin"
    with pytest.raises(BadCell):
        cells.plain("a\x00b")
    assert cells.looks_like_formula("=HYPERLINK(1)") and not cells.looks_like_formula("Ana")
