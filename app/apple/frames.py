"""HTTP/2 frames: bytes in, frames out, and back (RFC 9113 §4, §6)."""

from __future__ import annotations

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9

ACK = END_STREAM = 0x01  # one bit, two meanings: of SETTINGS and PING, of DATA and HEADERS
END_HEADERS = 0x04
PADDED = 0x08
WITH_PRIORITY = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 4, 5, 6

NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR = 0, 1, 3, 6
CANCEL, COMPRESSION_ERROR = 8, 9

FRAME_BYTES_MAX = 16_384  # what everybody must take, and all that we announce
WINDOW_BYTES = 65_535  # where each window begins
WINDOW_BYTES_MAX = 2**31 - 1
STREAM_ID_MAX = 2**31 - 1

_HEAD = struct.Struct(">HBBBI")  # 16 + 8 bits of length, type, flags, stream
_HEAD_BYTES = 9
_SETTING = struct.Struct(">HI")
_GOAWAY = struct.Struct(">II")
_NUMBER = struct.Struct(">I")

Frame = tuple[int, int, int, bytes]  # type, flags, stream, payload


class ProtocolError(Exception):
    """The other side broke HTTP/2; `code` is what RFC 9113 §7 calls it."""

    def __init__(self, code: int, what: str) -> None:
        super().__init__(what)
        self.code = code


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Write a frame."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def split(buffer: bytes) -> tuple[list[Frame], bytes]:
    """Cut whole frames off the front; return them and the rest.

    Raises ProtocolError for a frame longer than we announced.
    """
    frames: list[Frame] = []
    at, end = 0, len(buffer)
    while end - at >= _HEAD_BYTES:
        high, low, kind, flags, stream = _HEAD.unpack_from(buffer, at)
        size = high << 8 | low
        if size > FRAME_BYTES_MAX:
            raise ProtocolError(FRAME_SIZE_ERROR, f"a frame of {size} bytes")
        begin = at + _HEAD_BYTES
        if begin + size > end:
            break
        at = begin + size
        frames.append((kind, flags, stream & STREAM_ID_MAX, buffer[begin:at]))
    return frames, buffer[at:]


def unpadded(flags: int, payload: bytes) -> bytes:
    """Return what a DATA or HEADERS frame carries, without padding and priority."""
    end = len(payload)
    begin = 0
    if flags & PADDED:
        if not payload or payload[0] >= end:
            raise ProtocolError(PROTOCOL_ERROR, "more padding than frame")
        begin, end = 1, end - payload[0]
    if flags & WITH_PRIORITY:
        begin += 5  # an exclusive bit, a stream and a weight that nobody uses any more
        if begin > end:
            raise ProtocolError(FRAME_SIZE_ERROR, "a priority without its bytes")
    return payload[begin:end]


def settings(values: dict[int, int]) -> bytes:
    """Write a SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*pair) for pair in values.items()))


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """Read the pairs of a SETTINGS frame, in their order."""
    if len(payload) % _SETTING.size:
        raise ProtocolError(FRAME_SIZE_ERROR, "a setting cut short")
    return list(_SETTING.iter_unpack(payload))


def window_update(stream: int, size: int) -> bytes:
    """Write a WINDOW_UPDATE frame."""
    return frame(WINDOW_UPDATE, 0, stream, _NUMBER.pack(size))


def rst_stream(stream: int, code: int) -> bytes:
    """Write a RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream, _NUMBER.pack(code))


def goaway(last_stream: int, code: int, debug: bytes = b"") -> bytes:
    """Write a GOAWAY frame."""
    return frame(GOAWAY, 0, 0, _GOAWAY.pack(last_stream, code) + debug)


def read_number(payload: bytes) -> int:
    """Read the one number of a WINDOW_UPDATE (without its reserved bit) or RST_STREAM."""
    if len(payload) != _NUMBER.size:
        raise ProtocolError(FRAME_SIZE_ERROR, "four bytes were due")
    number: int = _NUMBER.unpack(payload)[0]
    return number & WINDOW_BYTES_MAX


def read_goaway(payload: bytes) -> tuple[int, int, bytes]:
    """Read the last stream that was processed, the error code and the debug data."""
    if len(payload) < _GOAWAY.size:
        raise ProtocolError(FRAME_SIZE_ERROR, "a GOAWAY cut short")
    last, code = _GOAWAY.unpack_from(payload)
    return last & STREAM_ID_MAX, code, payload[_GOAWAY.size :]
