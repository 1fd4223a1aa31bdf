"""One HTTP/2 connection as a client of APNs sees it: bytes in, answers out, no socket."""

from __future__ import annotations

import hpack

from app.apple import frames
from app.apple.answers import ACCEPTED, answer_of, reason_in
from app.apple.exchange import Exchange
from app.apple.frames import ProtocolError
from app.apple.push import PushAnswer
from app.apple.push_headers import Constants, PushHeaders

STREAMS_MAX = 1_000  # of ours, also where the server allows more
HEADER_BLOCK_BYTES_MAX = 65_536
ANSWER_BYTES_MAX = 16_384  # Apple's have about 60; the stream is given up beyond

_BODY = b"{}"
_OPENING = frames.PREFACE + frames.settings(
    {frames.HEADER_TABLE_SIZE: 0, frames.ENABLE_PUSH: 0}  # so that answers need no memory
)
_STATUS_200 = b"\x88"  # static entry 8, alone or first
_WHOLE_ANSWER = frames.END_STREAM | frames.END_HEADERS
_WINDOW_STEP = frames.WINDOW_BYTES // 2  # give back what was read when half is used


class Conversation:
    """Frames of one connection. After `receive`, look into `answered`, `returned`, `output`."""

    def __init__(
        self, authority: str, *, is_one_first: bool = False, first_stream: int = 1
    ) -> None:
        self.output = bytearray(_OPENING)
        self.answered: list[tuple[Exchange, PushAnswer]] = []
        self.returned: list[Exchange] = []  # reset or not processed: to be sent again
        self.streams: dict[int, Exchange] = {}  # in the order they were sent
        self.is_ready = False  # the server's first SETTINGS have come
        self.is_closing = False  # no new streams here
        self.goaway_reason: str | None = None
        self._is_one_first = is_one_first  # one stream until the first accepted request
        self._limit = STREAMS_MAX
        self._next_stream = first_stream
        self._rest = b""
        self._headers = PushHeaders(authority)
        self._decoder = hpack.Decoder()
        self._decoder.max_allowed_table_size = self._decoder.header_table_size = 0
        self._block: tuple[int, int, bytes] | None = None  # stream, flags, an unfinished block
        self._window = frames.WINDOW_BYTES  # bytes we may send
        self._stream_window = frames.WINDOW_BYTES  # … on each new stream
        self._owed: dict[int, int] = {}  # stream → its window, while that is too small for a body
        self._unreturned = 0  # bytes read and not given back

    def room(self) -> int:
        """Return how many pushes may be sent now."""
        if not self.is_ready or self.is_closing:
            return 0
        limit = 1 if self._is_one_first else self._limit
        return max(0, min(limit - len(self.streams), self._window // len(_BODY)))

    def start(self, exchange: Exchange, constants: Constants, *, at: float) -> None:
        """Send a push; there must be room. `at` in monotonic seconds."""
        stream = self._next_stream
        self._next_stream += 2
        if self._next_stream > frames.STREAM_ID_MAX:
            self.is_closing = True  # the ids have run out
        exchange.begin(constants.authorization, at=at)
        self.streams[stream] = exchange
        block = self._headers.block(exchange.path, exchange.topic, constants)
        self.output += frames.frame(frames.HEADERS, frames.END_HEADERS, stream, block)
        if self._stream_window >= len(_BODY):
            self._send_body(stream)
        else:
            self._owed[stream] = self._stream_window

    def close(self, code: int = frames.NO_ERROR) -> None:
        """Say goodbye."""
        self.is_closing = True
        self.output += frames.goaway(0, code)

    def receive(self, data: bytes) -> None:
        """Take what the server sent. Raises ProtocolError: nothing of this connection counts."""
        received, self._rest = frames.split(self._rest + data if self._rest else data)
        for kind, flags, stream, payload in received:
            if self._block is not None and kind != frames.CONTINUATION:
                raise ProtocolError(frames.PROTOCOL_ERROR, "a header block was interrupted")
            if kind == frames.HEADERS:
                is_plain = flags == _WHOLE_ANSWER and self.is_ready
                if is_plain and payload[:1] == _STATUS_200 and stream in self.streams:
                    self._finish(stream, ACCEPTED)
                else:
                    self._on_headers(stream, flags, frames.unpadded(flags, payload))
            else:
                self._on_other(kind, flags, stream, payload)

    def _on_other(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if not self.is_ready and kind not in {frames.SETTINGS, frames.GOAWAY}:
            raise ProtocolError(frames.PROTOCOL_ERROR, "SETTINGS come first")
        if kind in _OF_CONNECTION and stream:
            raise ProtocolError(frames.PROTOCOL_ERROR, "a frame of the connection on a stream")
        match kind:
            case frames.DATA:
                self._on_data(stream, flags, payload)
            case frames.CONTINUATION:
                self._on_continuation(stream, flags, payload)
            case frames.SETTINGS:
                self._on_settings(flags, payload)
            case frames.WINDOW_UPDATE:
                self._on_window_update(stream, frames.read_number(payload))
            case frames.RST_STREAM:
                self._on_reset(stream, payload)
            case frames.PING:
                self._on_ping(flags, payload)
            case frames.GOAWAY:
                self._on_goaway(payload)
            case frames.PUSH_PROMISE:
                raise ProtocolError(frames.PROTOCOL_ERROR, "a push was promised")
            case _:
                pass  # PRIORITY and types that RFC 9113 does not know mean nothing to us

    def _on_headers(self, stream: int, flags: int, block: bytes) -> None:
        self._must_be_started(stream)
        if not flags & frames.END_HEADERS:
            self._block = (stream, flags, block)
            return
        exchange = self.streams.get(stream)
        if exchange is None:
            return  # an answer that nobody waits for any more
        status = self._status_in(block)
        if status >= 200 and not exchange.status:  # 1xx announces; a second block is a trailer
            exchange.status = status
        if flags & frames.END_STREAM:
            self._end(stream, exchange)

    def _on_continuation(self, stream: int, flags: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != stream:
            raise ProtocolError(frames.PROTOCOL_ERROR, "a continuation of nothing")
        _, first_flags, begun = self._block
        if len(begun) + len(payload) > HEADER_BLOCK_BYTES_MAX:
            raise ProtocolError(frames.COMPRESSION_ERROR, "endless headers")
        self._block = (stream, first_flags, begun + payload)
        if flags & frames.END_HEADERS:
            _, _, whole = self._block
            self._block = None
            self._on_headers(stream, first_flags | frames.END_HEADERS, whole)

    def _status_in(self, block: bytes) -> int:
        """Return the status of a header block; 0 of trailers."""
        if block[:1] == _STATUS_200:
            return ACCEPTED.status
        try:
            fields = self._decoder.decode(block, raw=True)
        except (hpack.HPACKError, ValueError, IndexError) as error:
            raise ProtocolError(frames.COMPRESSION_ERROR, "unreadable headers") from error
        for name, value in fields:
            if bytes(name) == b":status":
                text = bytes(value)
                if len(text) != 3 or not text.isdigit():
                    raise ProtocolError(frames.PROTOCOL_ERROR, "a status that is no number")
                return int(text)
        return 0

    def _on_data(self, stream: int, flags: int, payload: bytes) -> None:
        self._must_be_started(stream)
        self._unreturned += len(payload)
        if self._unreturned > _WINDOW_STEP:
            self.output += frames.window_update(0, self._unreturned)
            self._unreturned = 0
        exchange = self.streams.get(stream)
        if exchange is None:
            return
        if not exchange.status:
            raise ProtocolError(frames.PROTOCOL_ERROR, "a body without headers")
        exchange.body += frames.unpadded(flags & ~frames.WITH_PRIORITY, payload)
        if flags & frames.END_STREAM:
            self._end(stream, exchange)
        elif len(exchange.body) > ANSWER_BYTES_MAX:
            self.output += frames.rst_stream(stream, frames.CANCEL)
            self._end(stream, exchange)

    def _end(self, stream: int, exchange: Exchange) -> None:
        if not exchange.status:
            raise ProtocolError(frames.PROTOCOL_ERROR, "an answer without a status")
        self._finish(stream, answer_of(exchange.status, exchange.body))

    def _finish(self, stream: int, answer: PushAnswer) -> None:
        if answer.status != 403:  # whoever is refused otherwise was let in
            self._is_one_first = False
        if self._owed.pop(stream, None) is not None:  # answered before it was asked in full
            self.output += frames.rst_stream(stream, frames.CANCEL)
        self.answered.append((self.streams.pop(stream), answer))

    def _on_reset(self, stream: int, payload: bytes) -> None:
        frames.read_number(payload)
        self._must_be_started(stream)
        self._owed.pop(stream, None)
        exchange = self.streams.pop(stream, None)
        if exchange is not None:
            self.returned.append(exchange)

    def _on_ping(self, flags: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise ProtocolError(frames.FRAME_SIZE_ERROR, "a PING has eight bytes")
        if not flags & frames.ACK:
            self.output += frames.frame(frames.PING, frames.ACK, 0, payload)

    def _on_goaway(self, payload: bytes) -> None:
        last, _, debug = frames.read_goaway(payload)
        self.is_closing = True
        self.goaway_reason = reason_in(debug) or self.goaway_reason
        for stream in [number for number in self.streams if number > last]:
            self._owed.pop(stream, None)
            self.returned.append(self.streams.pop(stream))

    def _on_settings(self, flags: int, payload: bytes) -> None:
        if flags & frames.ACK:
            if payload:
                raise ProtocolError(frames.FRAME_SIZE_ERROR, "an acknowledgement with content")
            return
        for name, value in frames.read_settings(payload):
            self._set(name, value)
        self.is_ready = True
        self.output += frames.frame(frames.SETTINGS, frames.ACK, 0)
        self._send_owed()

    def _set(self, name: int, value: int) -> None:
        match name:
            case frames.HEADER_TABLE_SIZE:
                self._headers.resize(value)
            case frames.MAX_CONCURRENT_STREAMS:
                self._limit = min(value, STREAMS_MAX)
            case frames.INITIAL_WINDOW_SIZE if value > frames.WINDOW_BYTES_MAX:
                raise ProtocolError(frames.FLOW_CONTROL_ERROR, "a window beyond its limit")
            case frames.INITIAL_WINDOW_SIZE:
                change, self._stream_window = value - self._stream_window, value
                for stream in self._owed:
                    self._owed[stream] += change
            case frames.MAX_FRAME_SIZE if not frames.FRAME_BYTES_MAX <= value < 2**24:
                raise ProtocolError(frames.PROTOCOL_ERROR, "a frame size beyond its limits")
            case frames.ENABLE_PUSH if value:
                raise ProtocolError(frames.PROTOCOL_ERROR, "a server that asks for pushes")
            case _:
                pass  # our frames are far below any MAX_FRAME_SIZE

    def _on_window_update(self, stream: int, size: int) -> None:
        self._must_be_started(stream or 1)
        if not size:
            raise ProtocolError(frames.PROTOCOL_ERROR, "a window that grows by nothing")
        if not stream:
            self._window += size
            if self._window > frames.WINDOW_BYTES_MAX:
                raise ProtocolError(frames.FLOW_CONTROL_ERROR, "a window beyond its limit")
        elif stream in self._owed:
            self._owed[stream] += size
        self._send_owed()

    def _send_owed(self) -> None:
        """Send the bodies that waited for a window."""
        due = [stream for stream, window in self._owed.items() if window >= len(_BODY)]
        for stream in due[: self._window // len(_BODY)]:
            del self._owed[stream]
            self._send_body(stream)

    def _send_body(self, stream: int) -> None:
        self._window -= len(_BODY)
        self.output += frames.frame(frames.DATA, frames.END_STREAM, stream, _BODY)

    def _must_be_started(self, stream: int) -> None:
        if not self.is_ready or not stream % 2 or stream >= max(self._next_stream, 2):
            raise ProtocolError(frames.PROTOCOL_ERROR, "a frame of a stream that nobody opened")


_OF_CONNECTION = {frames.SETTINGS, frames.PING, frames.GOAWAY}
