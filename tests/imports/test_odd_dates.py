"""Dates that no calendar writes: the card is kept, the date is not, and nothing breaks later."""

from __future__ import annotations

import pytest

from app.clock import rfc3339
from app.imports.values import moment, written_moment

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999  # milliseconds


@pytest.mark.parametrize("text", [str(FIRST - 1), str(LAST + 1), "-99999999999999", "9" * 18])
def test_a_date_outside_the_years_1_to_9999_is_bad(text: str) -> None:
    assert moment(text) == (None, "bad-date")


@pytest.mark.parametrize("milliseconds", [FIRST, -(10**11), 10**11, LAST])
def test_any_other_date_can_be_written_again(milliseconds: int) -> None:
    at, remark = moment(str(milliseconds))
    assert remark is None
    assert at is not None
    assert written_moment(rfc3339(at)) == at


def test_a_moment_that_a_zone_takes_out_of_the_calendar_is_none() -> None:
    assert written_moment("0001-01-01T00:00:00+05:00") is None
    assert written_moment("0001-01-01T00:00:00Z") is not None
    assert rfc3339(FIRST * 1000) == "0001-01-01T00:00:00Z"
