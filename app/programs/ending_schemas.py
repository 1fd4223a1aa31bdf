"""What merchants send and get about the end of a program."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.fields import LongText

NOTICE_MAX = 1_000
Day = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\s\S])", examples=["2026-12-31"])
]
# A text, or one per language. The string carries no pattern (see LocalText in app/http/fields.py).
Notice = (
    Annotated[str, Meta(min_length=1, max_length=NOTICE_MAX)]
    | Annotated[dict[Literal["fr", "en"], LongText], Meta(min_length=1)]
)


class NewEnding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a program ends: its last day, in its own zone, and what its cards say of it."""

    last_day: Day
    notice: Notice


class EndingOut(msgspec.Struct, frozen=True, kw_only=True):
    """An end that is announced; `ended_at` null: the day is not over, or not noticed yet."""

    last_day: str
    notice: str | dict[str, str]
    ended_at: str | None
