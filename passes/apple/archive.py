"""Zip archives written by hand, so that files which never change are written once (APPNOTE 6.3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache

import msgspec

_STORED, _DEFLATED = 0, 8
_FILE = struct.Struct("<HHHHHIIIHH")  # §4.3.7 and §4.3.12: what both headers of a file hold
_HEAD = struct.Struct("<HHHHH")  # its beginning, the same for all stored files
_SUMS = struct.Struct("<III")  # checksum, stored size, size
_NAME = struct.Struct("<HH")  # length of the name, of an extra field
_ENTRY_TAIL = struct.Struct("<HHHI")  # §4.3.12: comment, disk, attributes
_OFFSET = struct.Struct("<I")
_END = struct.Struct("<IHHHHIIH")  # §4.3.16
_LOCAL = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 20)  # made on Unix, version 2.0
_VERSION = 20  # 2.0: deflate
_UTF_8_NAME = 0x0800
_MIDNIGHT, _NEW_YEAR_1980 = 0, 0x21  # an archive of the same files has the same bytes
_PLAIN_FILE = 0o100644 << 16
_STORED_HEAD = _HEAD.pack(_VERSION, _UTF_8_NAME, _STORED, _MIDNIGHT, _NEW_YEAR_1980)
_STORED_LOCAL, _STORED_ENTRY = _LOCAL + _STORED_HEAD, _ENTRY + _STORED_HEAD
_LOCAL_BYTES = len(_LOCAL) + _FILE.size


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
    bodies, entries = [begun.bodies], [begun.entries]
    offset, count = len(begun.bodies), begun.count
    for name, data in files:
        size = len(data)
        sums = _SUMS.pack(zlib.crc32(data), size, size)
        local_end, entry_end = _ends(name)
        bodies += (_STORED_LOCAL, sums, local_end, data)
        entries += (_STORED_ENTRY, sums, entry_end, _OFFSET.pack(offset), name)
        offset += _LOCAL_BYTES + len(name) + size
        count += 1
    directory = b"".join(entries)
    end = _END.pack(0x06054B50, 0, 0, count, count, len(directory), offset, 0)
    return b"".join((*bodies, directory, end))


@lru_cache(maxsize=32)  # the names of the files that differ: three, and those of a bundle
def _ends(name: bytes) -> tuple[bytes, bytes]:
    """Return how a file's header and its line in the directory end, as far as it is the name's."""
    length = _NAME.pack(len(name), 0)
    return length + name, length + _ENTRY_TAIL.pack(0, 0, 0, _PLAIN_FILE)


def _headers(name: bytes, data: bytes, stored: tuple[int, int], offset: int) -> tuple[bytes, bytes]:
    method, size = stored
    file = _FILE.pack(
        *(_VERSION, _UTF_8_NAME, method, _MIDNIGHT, _NEW_YEAR_1980),
        *(zlib.crc32(data), size, len(data), len(name), 0),
    )
    tail = _ENTRY_TAIL.pack(0, 0, 0, _PLAIN_FILE) + _OFFSET.pack(offset)
    return _LOCAL + file + name, _ENTRY + file + tail + name


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()
