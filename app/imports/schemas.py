"""What callers of the import get (specs: api.md §4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from app.cards.schemas import CardOut


class SharedLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One card in a link that another app shared."""

    link: Annotated[str, Meta(min_length=1, max_length=16_384)]


class RemarkOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said about a row; `row`: the line where its record starts."""

    row: int | str
    reason: str
    detail: str


class ImportedOut(msgspec.Struct, frozen=True, kw_only=True):
    """How it went: two counts, three lists, and the cards that were added."""

    imported: int
    skipped: int
    skipped_rows: list[RemarkOut]
    failed: list[RemarkOut]
    warnings: list[RemarkOut]
    cards: list[CardOut]


class CodeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A code on a picture; `valid`: whether a card may hold it as it is."""

    format: str
    value: str
    valid: bool


class PhotoRead(CodeOut, frozen=True, kw_only=True):
    """The best code of a picture, and the others."""

    others: list[CodeOut]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is, for callers that accept lines (application/x-ndjson)."""

    done: int
    of: int
