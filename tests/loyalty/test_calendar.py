"""Periods on local calendars, where clocks change and months end early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty import calendar
from app.loyalty.calendar import parse_instant, write_instant

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
ZONES = st.sampled_from(
    [PARIS, NEW_YORK, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "Asia/Beirut"]
)
INSTANTS = st.integers(
    parse_instant("1975-01-01T00:00:00Z"), parse_instant("2100-01-01T00:00:00Z")
).map(lambda at: at // 1_000_000 * 1_000_000)


def added(at: str, period: str, tz: str = PARIS, align: str = "none") -> str:
    return write_instant(calendar.add(parse_instant(at), period, tz, align))


def taken(at: str, period: str, tz: str = PARIS) -> str:
    return write_instant(calendar.subtract(parse_instant(at), period, tz))


def test_moments_are_read_with_any_offset_and_written_in_utc() -> None:
    assert parse_instant("1970-01-01T00:00:01Z") == 1_000_000
    assert parse_instant("1970-01-01T01:00:00.25+01:00") == 250_000
    assert parse_instant("2026-01-01t00:00:00z") == parse_instant("2025-12-31T19:00:00-05:00")
    assert write_instant(parse_instant("2026-07-01T08:00:59.999999Z")) == "2026-07-01T08:00:59Z"
    assert write_instant(-1) == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00Z\n",
        "2026-01-01 00:00:00Z",
        "\uff12026-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-01-01T00:00:00+99:99",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"moment|day|year"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "P", "P1DT", "1D", "P1D\n", "PT1S", "P1.5D", "P1H", "P-1D"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="period"):
        calendar.parse_period(text)


@pytest.mark.parametrize(
    "tz", ["", "Mars/Base", "../etc/passwd", "Europe", "a\x00b", "/etc", "x" * 300]
)
def test_what_is_no_time_zone_is_refused(tz: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar.zone(tz)


def test_a_day_that_the_month_lacks_is_the_months_last() -> None:
    assert added("2024-02-29T12:00:00Z", "P12M") == "2025-02-28T12:00:00Z"
    assert added("2026-01-31T12:00:00Z", "P1M") == "2026-02-28T12:00:00Z"
    assert added("2024-01-31T12:00:00Z", "P1M1D") == "2024-03-01T12:00:00Z"
    assert taken("2026-03-31T12:00:00Z", "P1M") == "2026-02-28T13:00:00Z"
    assert taken("2024-02-29T12:00:00Z", "P1Y") == "2023-02-28T12:00:00Z"


def test_the_wall_time_stays_across_a_change_of_the_clocks() -> None:
    assert added("2026-03-28T12:00:00Z", "P1D") == "2026-03-29T11:00:00Z"
    assert added("2026-03-28T12:00:00Z", "PT24H") == "2026-03-29T12:00:00Z"
    assert added("2026-03-28T12:00:00Z", "P1DT1H") == "2026-03-29T12:00:00Z"


def test_a_wall_time_that_does_not_exist_moves_forward_by_the_gap() -> None:
    assert added("2026-03-28T01:30:00Z", "P1D") == "2026-03-29T01:30:00Z"  # 02:30 becomes 03:30
    assert added("2026-10-03T15:15:00Z", "P0D", "Australia/Lord_Howe") == "2026-10-03T15:15:00Z"
    # Half an hour is skipped there: 02:15 becomes 02:45 by the new clock.
    assert added("2026-10-02T15:45:00Z", "P1D", "Australia/Lord_Howe") == "2026-10-03T15:45:00Z"


def test_a_wall_time_that_exists_twice_is_the_first() -> None:
    assert added("2026-10-24T00:30:00Z", "P1D") == "2026-10-25T00:30:00Z"  # 02:30 summer time
    assert added("2026-10-24T00:30:00Z", "P1DT1H") == "2026-10-25T01:30:00Z"  # 02:30 again


def test_minutes_are_elapsed_time_in_an_hour_that_exists_twice() -> None:
    assert added("2026-10-25T01:30:00Z", "PT10M") == "2026-10-25T01:40:00Z"
    assert taken("2026-10-25T01:30:00Z", "PT10M") == "2026-10-25T01:20:00Z"


def test_an_end_is_the_next_local_midnight_of_its_kind() -> None:
    at = "2026-06-30T22:00:00Z"  # 1 July 00:00 in Paris
    assert added(at, "P1D", PARIS, "end_of_day") == "2026-07-02T22:00:00Z"
    assert added(at, "P1D", PARIS, "end_of_month") == "2026-07-31T22:00:00Z"
    assert added(at, "P1D", PARIS, "end_of_year") == "2026-12-31T23:00:00Z"
    assert added("2026-12-15T12:00:00Z", "P1D", NEW_YORK, "end_of_month") == "2027-01-01T05:00:00Z"


def test_an_end_comes_before_hours_are_added() -> None:
    assert added("2026-06-30T12:00:00Z", "PT2H", PARIS, "end_of_day") == "2026-07-01T00:00:00Z"


def test_a_day_without_midnight_starts_after_the_gap() -> None:
    assert (
        write_instant(calendar.midnight(date(2026, 3, 29), "Asia/Beirut")) == "2026-03-28T22:00:00Z"
    )
    assert calendar.local_hhmm(parse_instant("2026-03-28T22:00:00Z"), "Asia/Beirut") == "01:00"


def test_fractions_of_a_second_stay_but_not_through_an_alignment() -> None:
    at = parse_instant("2026-01-01T10:00:00.5Z")
    assert calendar.add(at, "P1D", PARIS) == parse_instant("2026-01-02T10:00:00.5Z")
    assert calendar.add(at, "P1D", PARIS, "end_of_day") == parse_instant("2026-01-02T23:00:00Z")


def test_periods_longer_than_any_calendar_end_at_its_edge() -> None:
    now = parse_instant("2026-01-01T00:00:00Z")
    for period in ("P9999Y", "P999999999999D", "PT999999999999999999H", "P123456789012345678M"):
        assert calendar.add(now, period, PARIS) == calendar.LATEST
        assert calendar.subtract(now, period, PARIS) == calendar.EARLIEST
    assert calendar.add(calendar.LATEST, "P1D", PARIS, "end_of_year") == calendar.LATEST
    assert write_instant(calendar.LATEST) == "9999-12-30T00:00:00Z"
    for edge in (calendar.EARLIEST, calendar.LATEST):
        assert calendar.local_date(edge, PARIS).year in (1, 9999)


def test_local_days_and_hours_are_the_zones() -> None:
    at = parse_instant("2026-03-01T23:30:00Z")  # a Sunday; Monday in Paris
    assert calendar.local_date(at, PARIS) == date(2026, 3, 2)
    assert calendar.iso_weekday(at, PARIS) == 1
    assert calendar.iso_weekday(at, NEW_YORK) == 7
    assert calendar.local_hhmm(at, PARIS) == "00:30"
    assert calendar.local_minutes(at, NEW_YORK) == 18 * 60 + 30


def test_the_next_day_month_and_year_start_at_local_midnight() -> None:
    at = parse_instant("2026-12-31T22:59:59Z")
    for each in ("day", "month", "year"):
        assert write_instant(calendar.period_after(at, each, PARIS)) == "2026-12-31T23:00:00Z"
    assert (
        write_instant(calendar.period_after(at + 1_000_000, "month", PARIS))
        == "2027-01-31T23:00:00Z"
    )


def test_a_yearly_day_comes_strictly_after_the_moment() -> None:
    def following(after: str, month_day: str) -> str:
        return write_instant(calendar.next_month_day(parse_instant(after), month_day, PARIS))

    assert following("2026-02-28T22:59:59Z", "03-01") == "2026-02-28T23:00:00Z"
    assert following("2026-02-28T23:00:00Z", "03-01") == "2027-02-28T23:00:00Z"
    assert following("2026-12-31T23:30:00Z", "01-01") == "2027-12-31T23:00:00Z"
    assert following("2026-01-01T00:00:00Z", "02-29") == "2026-02-27T23:00:00Z"
    assert following("2028-01-01T00:00:00Z", "02-29") == "2028-02-28T23:00:00Z"


def by_the_book(at: int, months: int, days: int, tz: str) -> int:
    """Do the same with steps of one minute: slow, and plainly what is written down."""
    zone = ZoneInfo(tz)
    wall = datetime.fromtimestamp(at // 1_000_000, zone).replace(tzinfo=None)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    wall = wall.replace(year=year, month=month + 1, day=min(wall.day, last)) + timedelta(days=days)
    guess = wall.replace(tzinfo=UTC) - timedelta(days=1)
    hits = [
        each
        for step in range(2 * 24 * 12 + 1)
        if (each := guess + timedelta(minutes=5 * step)).astimezone(zone).replace(tzinfo=None)
        == wall
    ]
    if hits:
        return int(hits[0].timestamp()) * 1_000_000
    for gap in range(5, 121, 5):  # forward to the first that exists, by as much as is missing
        skipped = wall + timedelta(minutes=gap)
        before = wall - timedelta(minutes=gap)
        offset_before = before.replace(tzinfo=zone).utcoffset()
        if (skipped.replace(tzinfo=zone).utcoffset() or timedelta()) != offset_before:
            break
    assert offset_before is not None
    return int((wall - offset_before).replace(tzinfo=UTC).timestamp()) * 1_000_000


@given(INSTANTS, st.integers(0, 30), st.integers(1, 400), ZONES)
def test_adding_does_what_is_written_down(at: int, months: int, days: int, tz: str) -> None:
    at = at // 300_000_000 * 300_000_000  # whole five minutes
    assert calendar.add(at, f"P{months}M{days}D", tz) == by_the_book(at, months, days, tz)


@given(INSTANTS, INSTANTS, st.sampled_from(["P1M", "P12M", "P30D", "P1W", "P1Y2M3W4D"]), ZONES)
def test_a_later_local_time_never_leads_to_an_earlier_one(
    first: int, second: int, period: str, tz: str
) -> None:
    first, second = sorted((first, second))
    gap = 4 * 86_400 * 1_000_000
    assert calendar.add(first, period, tz) <= calendar.add(second, period, tz) + gap
    assert calendar.add(first, period, tz) > first


@given(INSTANTS, ZONES, st.sampled_from(["end_of_day", "end_of_month", "end_of_year"]))
def test_an_aligned_moment_is_a_local_start_of_day_after_the_moment(
    at: int, tz: str, align: str
) -> None:
    end = calendar.add(at, "P0D", tz, align)
    assert end > at
    assert calendar.midnight(calendar.local_date(end, tz), tz) == end
    assert calendar.local_date(end - 1_000_000, tz) < calendar.local_date(end, tz)
