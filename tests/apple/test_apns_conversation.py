"""The client's side of HTTP/2, without a socket; h2 is the judge of what it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
import h2.settings
import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.apple import frames
from app.apple.conversation import STREAMS_MAX, Conversation
from app.apple.exchange import Exchange
from app.apple.frames import ProtocolError
from app.apple.push import PushAnswer
from app.apple.push_headers import Constants, expiration, path_field

TOPIC = "pass.example.portecarte"
CONSTANTS = Constants(expiration=1_790_208_000)
OK = PushAnswer(200)


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def exchange(loop, token: str = "ab" * 32, topic: str = TOPIC) -> Exchange:
    return Exchange(path_field(token), topic, loop.create_future())


def ready(**options) -> Conversation:
    conversation = Conversation("apple.example", **options)
    conversation.receive(frames.settings({}))
    conversation.output.clear()
    return conversation


def started(loop, count: int = 1, **options) -> Conversation:
    conversation = ready(**options)
    for _ in range(count):
        conversation.start(exchange(loop), CONSTANTS, at=0)
    conversation.output.clear()
    return conversation


def answer(stream: int, status: int, body: bytes = b"", **flags) -> bytes:
    block = hpack.Encoder().encode([(":status", str(status))])
    end = 0 if body else frames.END_STREAM
    head = frames.frame(frames.HEADERS, frames.END_HEADERS | end, stream, block)
    return head + (frames.frame(frames.DATA, frames.END_STREAM, stream, body) if body else b"")


class Judge:
    """An h2 server in memory that answers every push with 200."""

    def __init__(self, **settings) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.seen: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    def talk(self, conversation: Conversation) -> None:
        """Pass bytes both ways until nobody has more to say."""
        while True:
            data, _ = bytes(conversation.output), conversation.output.clear()
            for event in self.h2.receive_data(data):
                self._on(event)
            back = self.h2.data_to_send()
            if not back:
                return
            conversation.receive(back)

    def _on(self, event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self.seen.append(dict(event.headers))
        if isinstance(event, h2.events.DataReceived):
            self.bodies.append(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if isinstance(event, h2.events.StreamEnded):
            self.h2.send_headers(event.stream_id, [(":status", "200")], end_stream=True)


def test_a_push_says_what_apple_wants_to_hear(loop) -> None:
    judge, conversation = Judge(), Conversation("apple.example")
    judge.talk(conversation)
    for _ in range(3):
        conversation.start(exchange(loop), CONSTANTS, at=0)
    judge.talk(conversation)
    assert judge.seen == 3 * [
        {
            ":method": "POST",
            ":scheme": "https",
            ":path": "/3/device/" + "ab" * 32,
            ":authority": "apple.example",
            "apns-topic": TOPIC,
            "apns-push-type": "background",
            "apns-priority": "5",
            "apns-expiration": "1790208000",
        }
    ]
    assert judge.bodies == 3 * [b"{}"]
    assert [said for _, said in conversation.answered] == 3 * [OK]


def test_constant_headers_are_one_byte_each_from_the_third_push_on(loop) -> None:
    conversation = ready()
    sizes = []
    for _ in range(4):
        conversation.start(exchange(loop), CONSTANTS, at=0)
        sizes.append(len(conversation.output))
        conversation.output.clear()
    path = 2 + 2 + len("/3/device/") + 64
    assert sizes[2] == sizes[3] == 9 + path + 5 + 9 + 2
    assert sizes[0] > sizes[2] + 60


@pytest.mark.parametrize("digits", [2, 64, 116, 118, 180, 200])
def test_a_path_of_any_length_arrives_whole(loop, digits: int) -> None:
    judge, conversation = Judge(), Conversation("apple.example")
    judge.talk(conversation)
    token = "5" * digits  # 117 digits and more make a path above 126 bytes
    conversation.start(exchange(loop, token), CONSTANTS, at=0)
    judge.talk(conversation)
    assert judge.seen[0][":path"] == f"/3/device/{token}"


def test_topics_tokens_and_days_may_change_between_pushes(loop) -> None:
    judge, conversation = Judge(), Conversation("apple.example")
    judge.talk(conversation)
    said = []
    for turn in range(400):
        constants = Constants(
            expiration=turn // 50, authorization=f"bearer {turn // 90}" + 200 * "x"
        )
        topic = f"pass.example.{turn % 7}"
        for _ in range(2):
            conversation.start(exchange(loop, topic=topic), constants, at=0)
            said.append((topic, str(turn // 50), constants.authorization))
        judge.talk(conversation)
    heard = [(it["apns-topic"], it["apns-expiration"], it["authorization"]) for it in judge.seen]
    assert heard == said


@given(sizes=st.lists(st.sampled_from([0, 40, 100, 200, 300, 4096, 65536]), max_size=8))
@settings(deadline=None)
def test_header_table_changes_are_obeyed(sizes: list[int]) -> None:
    loop = asyncio.new_event_loop()
    judge, conversation = Judge(), Conversation("apple.example")
    judge.talk(conversation)
    for size in sizes:
        judge.h2.update_settings({h2.settings.SettingCodes.HEADER_TABLE_SIZE: size})
        conversation.receive(judge.h2.data_to_send())
        for _ in range(3):
            conversation.start(exchange(loop), CONSTANTS, at=0)
        judge.talk(conversation)
    assert all(it["apns-topic"] == TOPIC for it in judge.seen)
    assert len(judge.seen) == 3 * len(sizes) == len(conversation.answered)
    loop.close()


def test_nothing_is_sent_before_the_servers_settings(loop) -> None:
    conversation = Conversation("apple.example")
    assert conversation.room() == 0
    conversation.receive(frames.settings({frames.MAX_CONCURRENT_STREAMS: 7}))
    assert conversation.room() == 7
    assert frames.frame(frames.SETTINGS, frames.ACK, 0) in bytes(conversation.output)


def test_max_streams_is_obeyed_as_it_changes(loop) -> None:
    conversation = started(loop, 3)
    assert conversation.room() == STREAMS_MAX - 3
    conversation.receive(frames.settings({frames.MAX_CONCURRENT_STREAMS: 2}))
    assert conversation.room() == 0
    conversation.receive(answer(1, 200) + answer(3, 200))
    assert conversation.room() == 1
    conversation.receive(frames.settings({frames.MAX_CONCURRENT_STREAMS: 0}))
    assert conversation.room() == 0


def test_only_one_stream_goes_first_where_a_token_must_be_accepted(loop) -> None:
    conversation = started(loop, is_one_first=True)
    assert conversation.room() == 0
    conversation.receive(answer(1, 403, b'{"reason":"InvalidProviderToken"}'))
    assert conversation.room() == 1
    conversation.start(exchange(loop), CONSTANTS, at=0)
    conversation.receive(answer(3, 200))
    assert conversation.room() == STREAMS_MAX


def test_the_connections_window_is_never_exceeded(loop) -> None:
    conversation = ready()
    sent = 0
    while conversation.room():
        conversation.start(exchange(loop), CONSTANTS, at=0)
        conversation.receive(answer(1 + 2 * sent, 200))
        sent += 1
    assert sent == 65_535 // 2
    conversation.receive(frames.window_update(0, 9))
    assert conversation.room() == 5


def test_a_body_waits_for_the_streams_window(loop) -> None:
    conversation = ready()
    conversation.receive(frames.settings({frames.INITIAL_WINDOW_SIZE: 0}))
    conversation.output.clear()
    body = frames.frame(frames.DATA, frames.END_STREAM, 1, b"{}")
    conversation.start(exchange(loop), CONSTANTS, at=0)
    assert not conversation.output.endswith(body)
    conversation.receive(frames.window_update(1, 1))
    assert not conversation.output.endswith(body)
    conversation.receive(frames.window_update(1, 1))
    assert conversation.output.endswith(body)
    conversation.start(exchange(loop), CONSTANTS, at=0)
    conversation.receive(frames.settings({frames.INITIAL_WINDOW_SIZE: 100}))
    assert frames.frame(frames.DATA, frames.END_STREAM, 3, b"{}") in bytes(conversation.output)


def test_what_is_read_is_given_back_to_the_servers_window(loop) -> None:
    conversation = started(loop, 10)
    for stream in range(1, 20, 2):
        conversation.receive(answer(stream, 400, b"x" * 5_000))
    grown = [
        it for it in frames.split(bytes(conversation.output))[0] if it[0] == frames.WINDOW_UPDATE
    ]
    assert [int.from_bytes(payload, "big") for *_, payload in grown] == [35_000]


def test_a_ping_is_answered(loop) -> None:
    conversation = ready()
    conversation.receive(frames.frame(frames.PING, 0, 0, b"12345678"))
    assert conversation.output == frames.frame(frames.PING, frames.ACK, 0, b"12345678")


def test_answers_are_read_however_they_are_cut(loop) -> None:
    conversation = started(loop, 3)
    data = (
        answer(5, 200)
        + answer(1, 410, b'{"reason":"Unregistered","timestamp":1790000000123}')
        + answer(3, 400, b'{"reason":"BadDeviceToken"}')
    )
    for at in range(len(data)):
        conversation.receive(data[at : at + 1])
    assert [said for _, said in conversation.answered] == [
        OK,
        PushAnswer(410, "Unregistered", 1_790_000_000_123),
        PushAnswer(400, "BadDeviceToken"),
    ]


def test_continuations_padding_hints_and_trailers_are_read(loop) -> None:
    conversation = started(loop, 2)
    block = hpack.Encoder().encode([(":status", "503"), ("apns-id", "x" * 50)])
    padded = b"\x03" + b"\0\0\0\0\x05" + block[:9] + b"\0\0\0"
    conversation.receive(answer(1, 103)[:4] + b"\x04" + answer(1, 103)[5:])  # a hint: no end yet
    conversation.receive(
        frames.frame(frames.HEADERS, frames.PADDED | frames.WITH_PRIORITY, 1, padded)
        + frames.frame(frames.CONTINUATION, 0, 1, block[9:20])
        + frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, block[20:])
    )
    conversation.receive(frames.frame(frames.DATA, frames.PADDED, 1, b'\x02{"reason":"Shut\0\0'))
    conversation.receive(frames.frame(frames.DATA, 0, 1, b'down"}'))
    trailer = hpack.Encoder().encode([("grpc", "no")])
    conversation.receive(
        frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, trailer)
    )
    assert [said for _, said in conversation.answered] == [PushAnswer(503, "Shutdown")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 16_000,
        b'{"reason":7}',
        b'{"reason":"a b\\n"}',
        b'{"a":' * 900,
    ],
)
def test_an_answer_without_json_resolves_by_its_status(loop, body: bytes) -> None:
    conversation = started(loop)
    conversation.receive(answer(1, 429, body))
    assert [said for _, said in conversation.answered] == [PushAnswer(429)]


def test_an_endless_body_is_given_up(loop) -> None:
    conversation = started(loop)
    head = hpack.Encoder().encode([(":status", "500")])
    conversation.receive(frames.frame(frames.HEADERS, frames.END_HEADERS, 1, head))
    for _ in range(2):
        conversation.receive(frames.frame(frames.DATA, 0, 1, b"x" * 9_000))
    assert [said for _, said in conversation.answered] == [PushAnswer(500)]
    assert bytes(conversation.output).endswith(frames.rst_stream(1, frames.CANCEL))
    conversation.receive(frames.frame(frames.DATA, 0, 1, b"x" * 9_000))  # still on its way


def test_a_goaway_returns_what_was_not_processed_and_waits_for_the_rest(loop) -> None:
    conversation = started(loop, 4)
    conversation.receive(frames.goaway(2**31 - 1, 0))
    assert (len(conversation.returned), conversation.room()) == (0, 0)
    conversation.receive(frames.goaway(3, 0, b'{"reason":"BadCertificate"}'))
    assert len(conversation.returned) == 2
    assert list(conversation.streams) == [1, 3]
    assert conversation.goaway_reason == "BadCertificate"
    conversation.receive(answer(1, 200))
    assert len(conversation.answered) == 1


def test_a_reset_stream_is_returned(loop) -> None:
    conversation = started(loop, 2)
    conversation.receive(frames.rst_stream(3, 7))
    assert len(conversation.returned) == 1
    conversation.receive(answer(1, 200))
    assert len(conversation.answered) == 1


def test_a_new_connection_is_due_before_stream_ids_run_out(loop) -> None:
    conversation = ready(first_stream=2**31 - 3)
    assert conversation.room()
    conversation.start(exchange(loop), CONSTANTS, at=0)
    assert conversation.room()
    conversation.start(exchange(loop), CONSTANTS, at=0)
    assert conversation.is_closing
    assert list(conversation.streams) == [2**31 - 3, 2**31 - 1]
    conversation.receive(answer(2**31 - 1, 200))
    assert len(conversation.answered) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        frames.frame(frames.DATA, 0, 1, bytes(16_385)),
        frames.frame(frames.PING, 0, 0, b"short"),
        frames.frame(frames.PING, 0, 1, bytes(8)),
        frames.frame(frames.SETTINGS, 0, 0, b"short"),
        frames.frame(frames.SETTINGS, 0, 1),
        frames.frame(frames.SETTINGS, frames.ACK, 0, bytes(6)),
        frames.settings({frames.INITIAL_WINDOW_SIZE: 2**31}),
        frames.settings({frames.MAX_FRAME_SIZE: 100}),
        frames.settings({frames.ENABLE_PUSH: 1}),
        frames.frame(frames.GOAWAY, 0, 0, b"short"),
        frames.frame(frames.RST_STREAM, 0, 0, bytes(4)),
        frames.rst_stream(99, 0),
        frames.window_update(0, 0),
        frames.window_update(0, 2**31 - 1),
        frames.window_update(2, 1),
        frames.frame(frames.PUSH_PROMISE, 4, 1, bytes(4)),
        frames.frame(frames.CONTINUATION, 4, 1, b""),
        frames.frame(frames.HEADERS, 0, 1, b"\x88") + frames.frame(frames.PING, 0, 0, bytes(8)),
        frames.frame(frames.HEADERS, 5, 2, b"\x88"),
        frames.frame(frames.HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
        frames.frame(frames.HEADERS, 5, 1, b"\x48\x03abc"),
        frames.frame(frames.HEADERS, 5, 1, b""),
        frames.frame(frames.HEADERS, 0xD, 1, b"\x09\x88"),
        frames.frame(frames.DATA, 1, 1, b"x"),
        frames.frame(frames.HEADERS, 0, 1)
        + 5 * frames.frame(frames.CONTINUATION, 0, 1, bytes(16_000)),
    ],
)
def test_a_server_that_breaks_http2_is_told_apart_from_an_answer(loop, data: bytes) -> None:
    conversation = started(loop)
    with pytest.raises(ProtocolError):
        conversation.receive(data)


PIECES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        frames.frame,
        st.integers(0, 11),
        st.integers(0, 255),
        st.integers(0, 9),
        st.binary(max_size=30),
    ),
    st.sampled_from(
        [answer(1, 200), answer(3, 500, b"{}"), frames.goaway(1, 0), frames.settings({3: 1})]
    ),
)


@given(pieces=st.lists(PIECES, max_size=12), is_ready=st.booleans())
@settings(max_examples=1_500, deadline=None)
def test_no_bytes_raise_anything_but_a_protocol_error(pieces: list[bytes], is_ready: bool) -> None:
    loop = asyncio.new_event_loop()
    conversation = started(loop, 3) if is_ready else Conversation("apple.example")
    try:
        for piece in pieces:
            conversation.receive(piece)
    except ProtocolError:
        pass
    loop.close()
    accounted = len(conversation.streams) + len(conversation.answered) + len(conversation.returned)
    assert accounted == (3 if is_ready else 0)


def test_the_expiration_stays_the_same_all_day() -> None:
    day = 20_000 * 86_400
    assert expiration(day) == expiration(day + 86_399) == day + 2 * 86_400
    assert expiration(day + 86_400) == day + 3 * 86_400
