"""The few DER encodings a CMS signature needs (ITU-T X.690)."""

from __future__ import annotations

SEQUENCE, SET, OCTETS, OBJECT, UTC_TIME = 0x30, 0x31, 0x04, 0x06, 0x17
CONTEXT_0 = 0xA0
NULL = b"\x05\x00"
_SHORT_MAX = 0x7F  # longer lengths are written as a count of bytes and the bytes


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write a value under its tag, with its length."""
    return header(tag, sum(map(len, parts))) + b"".join(parts)


def header(tag: int, length: int) -> bytes:
    """Write tag and length of a value that follows."""
    if length <= _SHORT_MAX:
        return bytes((tag, length))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_MAX + 1 + len(size))) + size


def integer(value: int) -> bytes:
    """Write a number of zero or more."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Write an object identifier."""
    first, second, *rest = map(int, dotted.split("."))
    return tlv(OBJECT, b"".join(map(_base_128, [40 * first + second, *rest])))


def _base_128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
