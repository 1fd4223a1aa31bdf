"""Reads CSV as it comes: records by RFC 4180, whatever separator and encoding a spreadsheet chose.

Only the record being read is held. A record that cannot be read costs its first line: reading goes
on at the next, so that an open quotation mark loses no other row.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

RECORD_MAX = 16 * 1024  # bytes of one record, quoted line breaks included
SEPARATORS = (b";", b",", b"\t")
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, which no spreadsheet calls CSV
_NAMES_SEPARATOR = b"sep="  # a first line that Excel reads and writes


class Record(msgspec.Struct, frozen=True):
    """A record; `row`: the line where it begins, from 1. `cells` None: it cannot be read."""

    row: int
    cells: tuple[str, ...] | None


class NotText(Exception):
    """The file is in an encoding of 16 bits."""


class Records:
    """Takes chunks of bytes as they come and gives whole records, the header first.

    UTF-8 with or without a BOM; from the first record on that is not, Windows-1252, which holds
    Latin-1. `is_utf8` says which it was.
    """

    def __init__(self) -> None:
        self.is_utf8 = True
        self._separator: bytes | None = None
        self._rest = b""  # of a line that has not ended
        self._is_skipping = False  # within a line that is longer than any record
        self._line = 0
        self._held: list[tuple[int, bytes]] = []  # lines of a record whose quote is open
        self._held_size = 0
        self._cells: list[bytes] = []
        self._field = b""
        self._is_open = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Give the records that end in this chunk. Raises NotText."""
        parts = chunk.split(b"\n")
        for part in parts[:-1]:
            yield from self._end(part)
        self._keep(parts[-1])

    def close(self) -> Iterator[Record]:
        """Give what is left when the file ends."""
        if self._rest or self._is_skipping:
            yield from self._end(b"")
        while self._held:  # a quotation mark that is never closed
            yield from self._resume()

    def _keep(self, part: bytes) -> None:
        if self._is_skipping:
            return
        self._rest += part
        if len(self._rest) > RECORD_MAX:
            self._rest, self._is_skipping = b"", True

    def _end(self, part: bytes) -> Iterator[Record]:
        self._keep(part)
        line, is_long = self._rest, self._is_skipping
        self._rest, self._is_skipping = b"", False
        self._line += 1
        if self._line == 1:
            if line.startswith(_WIDE_BOMS):
                raise NotText
            line = line.removeprefix(_BOM)
        if is_long:
            while self._held:
                yield from self._resume()
            yield Record(self._line, None)
            return
        yield from self._take(self._line, line.removesuffix(b"\r"))

    def _take(self, number: int, line: bytes) -> Iterator[Record]:
        if not self._held:
            if not line.strip():
                return
            if self._separator is None:
                named = line[:4].lower() == _NAMES_SEPARATOR and line[4:5] in SEPARATORS
                self._separator = line[4:5] if named else _separator_of(line)
                if named:
                    return
            self._cells, self._field, self._is_open = [], b"", False
        self._held.append((number, line))
        self._held_size += len(line) + 1
        is_whole = self._parse(line)
        if is_whole is None or (not is_whole and self._held_size > RECORD_MAX):
            yield from self._resume()
        elif is_whole:
            begun, self._held, self._held_size = self._held[0][0], [], 0
            yield Record(begun, self._decoded())

    def _resume(self) -> Iterator[Record]:
        """Give up the record being read, and read on at its second line."""
        held, self._held, self._held_size = self._held, [], 0
        yield Record(held[0][0], None)
        for number, line in held[1:]:
            yield from self._take(number, line)

    def _parse(self, line: bytes) -> bool | None:
        """Read a line into cells: True where a record ends, None where it breaks the rules."""
        separator, at = self._separator, 0
        assert separator is not None, "the header chose it"
        if not self._is_open and b'"' not in line:
            self._cells = line.split(separator)
            return True
        while True:
            if self._is_open:
                quote = line.find(b'"', at)
                if quote < 0:
                    self._field += line[at:] + b"\n"
                    return False
                self._field += line[at:quote]
                at = quote + 1
                if line[at : at + 1] == b'"':  # two of them mean one
                    self._field, at = self._field + b'"', at + 1
                    continue
                self._is_open = False
                self._cells.append(self._field)
                if at == len(line):
                    return True
                if line[at : at + 1] != separator:
                    return None
                at += 1
            if line[at : at + 1] == b'"':
                self._is_open, self._field, at = True, b"", at + 1
                continue
            end = line.find(separator, at)
            self._cells.append(line[at:] if end < 0 else line[at:end])
            if end < 0:
                return True
            at = end + 1

    def _decoded(self) -> tuple[str, ...]:
        if self.is_utf8:
            try:
                return tuple(cell.decode() for cell in self._cells)
            except UnicodeDecodeError:
                self.is_utf8 = False
        return tuple(_windows(cell) for cell in self._cells)


def _separator_of(header: bytes) -> bytes:
    """Choose what parts the header most often, outside of quotes."""
    bare = b"".join(header.split(b'"')[::2])
    return max(SEPARATORS, key=bare.count)


def _windows(cell: bytes) -> str:
    try:
        return cell.decode("cp1252")
    except UnicodeDecodeError:
        return cell.decode("latin-1")
