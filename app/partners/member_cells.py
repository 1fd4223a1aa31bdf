"""Reads one cell of a file of members: as spreadsheets write texts, figures and dates."""

from __future__ import annotations

import re
from datetime import date, timedelta

from app.errors import AppError
from app.http.fields import INTEGER_MAX, parse_rfc3339
from app.loyalty import calendar
from app.partners.member_reasons import FailedReason
from app.users.addresses import normalized

NAME_MAX, EMAIL_MAX, PHONE_MAX = 80, 254, 32
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_AS_TEXT = re.compile(r'="([^"]*)"')  # how a spreadsheet is made to keep leading zeros
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE][+-]?\d+|\d+[.,]0+")
_PHONE = re.compile(r"[+0-9 ().-]{3,32}", re.ASCII)
_WHOLE = re.compile(r"(\d+)([.,]0{1,2})?", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_LOCAL_DAY = re.compile(r"(\d\d?)[/.](\d\d?)[/.](\d{4})", re.ASCII)
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_LEAP = 2000  # a year that has a 29 February
_FORMULAS = ("=", "+", "-", "@")


class BadCell(Exception):
    """A cell that cannot be read; the row fails."""

    def __init__(self, reason: FailedReason) -> None:
        super().__init__(reason)
        self.reason: FailedReason = reason


def plain(cell: str) -> str:
    """Return a cell's text on one line. Raises BadCell for a control character."""
    text = " ".join(cell.replace("\xa0", " ").replace("\u202f", " ").split())
    if _CONTROL.search(text):
        raise BadCell("control-character")
    quoted = _AS_TEXT.fullmatch(text)
    return text if quoted is None else quoted[1].strip()


def looks_like_formula(text: str) -> bool:
    """Say whether a spreadsheet would run this text; it is kept as it is."""
    return text.startswith(_FORMULAS)


def number(text: str) -> str:
    """Return a card's number as it stands. Raises BadCell for one that was rounded."""
    if _ROUNDED.fullmatch(text):
        raise BadCell("rounded-number")
    if len(text) > 128:
        raise BadCell("too-long")
    return text


def name(text: str) -> str:
    """Return a name. Raises BadCell."""
    if len(text) > NAME_MAX:
        raise BadCell("too-long")
    return text


def email(text: str, *, is_live: bool) -> str:
    """Return an address in its one spelling. Raises BadCell."""
    try:
        return normalized(text, is_live=is_live)
    except AppError:
        raise BadCell("bad-email") from None


def phone(text: str) -> str:
    """Return a phone. Raises BadCell."""
    text = text.replace("/", " ")
    if not _PHONE.fullmatch(text):
        raise BadCell("bad-phone")
    return text


def birthday(text: str) -> str:
    """Return "MM-DD" of a birthday; the year is not kept. Raises BadCell."""
    found = _MONTH_DAY.fullmatch(text)
    if found is None:
        day = _day(text)
        return f"{day.month:02}-{day.day:02}"
    try:
        date(_LEAP, int(found[1]), int(found[2]))
    except ValueError:
        raise BadCell("bad-date") from None
    return text


def units(text: str) -> int:
    """Return a count of units, 0 for none. Raises BadCell: a broken or negative one."""
    found = _WHOLE.fullmatch(text.replace(" ", ""))
    if found is None or len(found[1]) > 16 or int(found[1]) > INTEGER_MAX:
        raise BadCell("bad-balance")
    return int(found[1])


def last_moment(text: str, tz: str) -> int:
    """Return when what is valid through a day ends: the next midnight there. Raises BadCell."""
    at = parse_rfc3339(text)
    if at is not None:
        return at
    try:
        return calendar.midnight(_day(text) + timedelta(days=1), tz)
    except OverflowError:
        raise BadCell("bad-date") from None


def first_moment(text: str, tz: str, *, now: int) -> int:
    """Return when a day that has come began there. Raises BadCell."""
    at = parse_rfc3339(text)
    if at is None:
        at = calendar.midnight(_day(text), tz)
    if not 0 <= at <= now:
        raise BadCell("bad-date")
    return at


def _day(text: str) -> date:
    iso, local = _ISO_DAY.fullmatch(text), _LOCAL_DAY.fullmatch(text)
    try:
        if iso is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if local is not None:
            return date(int(local[3]), int(local[2]), int(local[1]))
    except ValueError:
        pass
    raise BadCell("bad-date")
