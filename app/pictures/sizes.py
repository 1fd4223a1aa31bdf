"""How big a picture is, by its first bytes: nothing is decoded, any bytes may come."""

from __future__ import annotations

import struct

from app.errors import InvalidPicture, TooBig

BYTES_MAX = 5 * 1024 * 1024
PIXELS_MAX = 4_000_000
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG = b"\xff\xd8\xff"
_SEGMENTS_MAX = 1_000  # a photo has some 20 before its pixels
# Start of frame: every number from C0 on but the tables (C4, C8, CC).
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


def is_picture(data: bytes) -> bool:
    """Tell a PNG, JPEG or WebP by its first bytes."""
    return data.startswith((_PNG, _JPEG)) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def require_small(data: bytes) -> None:
    """Refuse what is no picture, or a bigger one than we decode. Raises TooBig, InvalidPicture."""
    if len(data) > BYTES_MAX:
        raise TooBig(f"a picture has at most {BYTES_MAX:,} bytes")
    if not is_picture(data):
        raise InvalidPicture("a PNG, JPEG or WebP is expected")
    found = _size(data)
    if found is None or not found[0] or not found[1]:
        raise InvalidPicture("it has no size")
    if found[0] * found[1] > PIXELS_MAX:
        asked = found[0] * found[1]
        raise TooBig(f"a picture has at most {PIXELS_MAX:,} pixels, this one {asked:,}")


def _size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(_PNG):
        place = len(_PNG)
        return struct.unpack_from(">II", data, place) if len(data) >= place + 8 else None
    return _jpeg_size(data) if data.startswith(_JPEG) else _webp_size(data)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments to the start of frame (ITU T.81, B.2.2)."""
    place = 2
    for _ in range(_SEGMENTS_MAX):
        while data[place : place + 2] == b"\xff\xff":  # any number of fill bytes
            place += 1
        if place + 9 > len(data) or data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 if marker in _ALONE else 2 + struct.unpack_from(">H", data, place + 2)[0]
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Read the first chunk: lossy, lossless or extended (RFC 9649 §2)."""
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = data[24:27], data[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width_16, height_16 = struct.unpack_from("<HH", data, 26)
        return width_16 & 0x3FFF, height_16 & 0x3FFF
    return None
