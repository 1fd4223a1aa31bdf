"""Zip archives written by hand, so that files which never change are written once (APPNOTE 6.3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import msgspec

_STORED, _DEFLATED = 0, 8
_FILE = struct.Struct("<HHHHHIIIHH")  # §4.3.7 and §4.3.12: what both headers of a file hold
_ENTRY_TAIL = struct.Struct("<HHHII")  # §4.3.12: comment, disk, attributes, offset
_END = struct.Struct("<IHHHHIIH")  # §4.3.16
_LOCAL = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 20)  # made on Unix, version 2.0
_VERSION = 20  # 2.0: deflate
_UTF_8_NAME = 0x0800
_MIDNIGHT, _NEW_YEAR_1980 = 0, 0x21  # an archive of the same files has the same bytes
_PLAIN_FILE = 0o100644 << 16


class Records(msgspec.Struct, frozen=True):
    """Files as they stand in an archive, and the lines of its directory."""

    bodies: bytes
    entries: bytes
    count: int


NOTHING = Records(b"", b"", 0)


def records(files: Iterable[tuple[str, bytes]]) -> Records:
    """Write files from the beginning of an archive, deflated where that is shorter."""
    bodies, entries, offset = [], [], 0
    for name, data in files:
        packed = _deflated(data)
        method = _DEFLATED if len(packed) < len(data) else _STORED
        stored = packed if method == _DEFLATED else data
        header, entry = _headers(name.encode(), data, (method, len(stored)), offset)
        bodies += [header, stored]
        entries.append(entry)
        offset += len(header) + len(stored)
    return Records(b"".join(bodies), b"".join(entries), len(entries))


def archive(begun: Records, files: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Close an archive with further files, stored: deflating 2 kB would cost what signing does."""
    bodies, entries, offset = [begun.bodies], [begun.entries], len(begun.bodies)
    for name, data in files:
        header, entry = _headers(name, data, (_STORED, len(data)), offset)
        bodies += (header, data)
        entries.append(entry)
        offset += len(header) + len(data)
    count = begun.count + len(entries) - 1
    size = sum(map(len, entries))
    end = _END.pack(0x06054B50, 0, 0, count, count, size, offset, 0)
    return b"".join((*bodies, *entries, end))


def _headers(name: bytes, data: bytes, stored: tuple[int, int], offset: int) -> tuple[bytes, bytes]:
    method, size = stored
    file = _FILE.pack(
        *(_VERSION, _UTF_8_NAME, method, _MIDNIGHT, _NEW_YEAR_1980),
        *(zlib.crc32(data), size, len(data), len(name), 0),
    )
    tail = _ENTRY_TAIL.pack(0, 0, 0, _PLAIN_FILE, offset)
    return _LOCAL + file + name, _ENTRY + file + tail + name


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()
