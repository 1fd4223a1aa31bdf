"""Reads RFC 4180 text record by record and never stumbles: a broken record is named, the rest kept.

Python's own reader takes everything after a lost quotation mark for one field, and so loses every
row that follows.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

# Characters of a quoted field: twice the longest text that is kept, each character a quotation
# mark, so that a lost one costs little to find on a hostile file.
FIELD_MAX = 16_384
FIELDS_MAX = 20_000  # of one record: a line with more is no table's


class Record(msgspec.Struct, frozen=True):
    """The fields of one record and the line it starts on, from 1. `fields` None: broken quotes."""

    line: int
    fields: tuple[str, ...] | None

    @property
    def is_empty(self) -> bool:
        """Whether the line is blank: an empty record ends a section."""
        return self.fields == ("",)


class _Broken(Exception):
    """A quotation mark stands where none may, none closes the field, or there are too many."""


def read_records(text: str, *, separator: str = ",") -> Iterator[Record]:
    """Yield all records; after a broken one, go on at the line below its first."""
    at, line = 0, 1
    while at < len(text):
        try:
            fields, end = _record(text, at, separator)
        except _Broken:
            yield Record(line, None)
            at, line = _next_line(text, at), line + 1
            continue
        yield Record(line, tuple(fields))
        line += text.count("\n", at, end) or 1
        at = end


def _record(text: str, at: int, separator: str) -> tuple[list[str], int]:
    fields = []
    line_end = -1  # of the line that `at` is on; looked for once, however many fields it has
    while True:
        if text.startswith('"', at):
            field, at = _quoted(text, at, separator)
        else:
            if line_end < at:
                line_end = text.find("\n", at)
                line_end = len(text) if line_end < 0 else line_end
            field, at = _plain(text, at, separator, line_end)
        fields.append(field)
        if len(fields) > FIELDS_MAX:
            raise _Broken
        if text.startswith(separator, at):
            at += 1
            continue
        if text.startswith("\r\n", at):
            at += 1
        return fields, min(at + 1, len(text))


def _plain(text: str, at: int, separator: str, line_end: int) -> tuple[str, int]:
    """Read up to the next separator or line end; a lone CR inside is a character like others."""
    end = text.find(separator, at, line_end)
    if end >= 0:
        return text[at:end], end
    end = line_end - 1 if line_end > at and text[line_end - 1] == "\r" else line_end
    return text[at:end], end


def _quoted(text: str, at: int, separator: str) -> tuple[str, int]:
    parts, begin = [], at + 1
    while True:
        end = text.find('"', begin, at + FIELD_MAX)
        if end < 0:
            raise _Broken
        parts.append(text[begin:end])
        if not text.startswith('"', end + 1):
            break
        begin = end + 2
    after = end + 1
    if after < len(text) and not text.startswith((separator, "\n", "\r\n"), after):
        raise _Broken
    return '"'.join(parts), after


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
