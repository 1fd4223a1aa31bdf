"""What the server and its worker processes say to each other about pictures."""

from __future__ import annotations

import struct

import msgspec

HEAD = struct.Struct(">cI")  # a task or an outcome, and how many bytes follow
CODES, PHOTO, ICON = b"c", b"p", b"i"  # tasks
DONE, FAILED = b"+", b"-"


class ReadCode(msgspec.Struct, frozen=True):
    """A code that was read; `valid`: whether a card may hold it as it is."""

    format: str
    value: str
    valid: bool
