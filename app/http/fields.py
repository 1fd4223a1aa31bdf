"""Types of fields that many inputs share, each with its bounds: texts, numbers, moments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from app.clock import DAY, microseconds
from app.errors import invalid

AHEAD_MAX = DAY  # clocks of tills go wrong by hours and zones, not by more

INTEGER_MAX = 2**53  # what every JSON reader holds exactly
# Ends with a look-ahead, because `$` also matches before a last newline.
_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]+(?![\s\S])"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*(?![\s\S])"
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)(?![\s\S])", re.ASCII
)

Integer = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Natural = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Positive = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=_LINE)]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]
LongText = Annotated[str, Meta(max_length=4000, pattern=_LINES)]  # may hold line breaks
Key = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(?![\s\S])")]
Slug = Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*(?![\s\S])")]
CardNumber = Annotated[str, Meta(min_length=1, max_length=128, pattern=_LINE)]
# What a code holds may be long and may hold control characters (GS1's separator).
BarcodeValue = Annotated[str, Meta(min_length=1, max_length=4096)]
Color = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}(?![\s\S])", examples=["#2e7d32"])]
Email = Annotated[
    str,
    Meta(min_length=3, max_length=254, pattern=r"^[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+(?![\s\S])"),
]
Phone = Annotated[str, Meta(min_length=3, max_length=32, pattern=r"^[+0-9 ().-]+(?![\s\S])")]
Birthday = Annotated[
    str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?![\s\S])", examples=["05-31"])
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?![\s\S])", examples=["EUR"])]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])", examples=["FR"])]
Language = Annotated[str, Meta(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*(?![\s\S])")]
Link = Annotated[str, Meta(max_length=2000, pattern=r"^https?://[^\x00-\x20\x7f]+(?![\s\S])")]
Token = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+(?![\s\S])")]
PublicId = Annotated[
    str,
    Meta(max_length=64, pattern=r"^[a-z]+_[0-9a-f]{32}(?![\s\S])", examples=["card_" + "0" * 32]),
]
# Read with `moment`, which also refuses days that do not exist.
Rfc3339 = Annotated[str, Meta(min_length=20, max_length=40, examples=["2026-11-21T20:05:00Z"])]
# A text shown to users: one string, or one per language. The string carries no pattern, because
# msgspec 0.22 frees memory twice where a patterned string meets a dict or a list in a union;
# control characters are refused for whole bodies in body.py.
LocalText = (
    Annotated[str, Meta(min_length=1, max_length=500)]
    | Annotated[dict[Language, Text], Meta(min_length=1, max_length=10)]
)


def moment(path: str, text: str) -> int:
    """Read RFC 3339 with `Z` or an offset into Unix microseconds. Raises InvalidInput."""
    at = parse_rfc3339(text)
    if at is None:
        raise invalid(path, "a moment like 2026-11-21T20:05:00Z expected")
    return at


def occurrence(text: str, *, now: int) -> int:
    """Read an event's `occurred_at`. Raises InvalidInput where no till's clock can be so wrong."""
    at = moment("occurred_at", text)
    if not 0 <= at <= now + AHEAD_MAX:
        raise invalid("occurred_at", "from 1970 on, and at most a day ahead")
    return at


def parse_rfc3339(text: str) -> int | None:
    """Read a moment into Unix microseconds; None when it is none. Finer digits are cut off."""
    found = _MOMENT.match(text)
    if found is None:
        return None
    zone = "+00:00" if found[2] in "Zz" else found[2]
    fraction = (found[1] or ".0")[1:7].ljust(6, "0")
    try:
        read = datetime.fromisoformat(f"{text[:10]}T{text[11:19]}.{fraction}{zone}")
        return microseconds(read.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def parse_day(text: str) -> int | None:
    """Read a calendar day `YYYY-MM-DD` into Unix microseconds of its first moment, UTC."""
    return parse_rfc3339(f"{text}T00:00:00Z")
