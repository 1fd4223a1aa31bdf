"""Cuts a stream of bytes into lines, whatever their length, without keeping a long one."""

from __future__ import annotations

from collections.abc import Iterator

LINE_MAX = 64 * 1024  # bytes; what one JSON body may have elsewhere

TOO_LONG = None  # stands for a line above LINE_MAX, which is read over and not kept


class Lines:
    """Takes chunks as they come, gives whole lines: (number from 1, bytes or TOO_LONG).

    Blank lines are counted, not given.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._is_skipping = False  # within a line that was too long
        self._number = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Give the lines that end in this chunk."""
        parts = chunk.split(b"\n")
        for part in parts[:-1]:
            yield from self._end(part)
        self._keep(parts[-1])

    def close(self) -> Iterator[tuple[int, bytes | None]]:
        """Give the last line, when the stream ends without a line break."""
        if self._rest or self._is_skipping:
            yield from self._end(b"")

    def _keep(self, part: bytes) -> None:
        if self._is_skipping:
            return
        self._rest += part
        if len(self._rest) > LINE_MAX:
            self._rest, self._is_skipping = b"", True

    def _end(self, part: bytes) -> Iterator[tuple[int, bytes | None]]:
        self._keep(part)
        line, is_long = self._rest, self._is_skipping
        self._rest, self._is_skipping = b"", False
        self._number += 1
        if is_long:
            yield self._number, TOO_LONG
        elif line.strip():
            yield self._number, line
