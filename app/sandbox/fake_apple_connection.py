"""One connection to the fake APNs, on h2: judges requests, answers, misbehaves when told."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast, final

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from cryptography import x509
from cryptography.x509.oid import NameOID
from hyperframe.frame import GoAwayFrame

from app.sandbox import fake_apple_rules
from app.sandbox.fake_apple_orders import Answer, Drop, Goaway, Order, Reset, Stall
from app.sandbox.fake_apple_rules import PushRequest

if TYPE_CHECKING:
    from app.sandbox.fake_apple import FakeApple

Settings = dict[h2.settings.SettingCodes, int]
_CONFIG = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
_BODY_WINDOW = 16  # given to a stream whose window began too small for a body
_BODY_BYTES_MAX = 16_384


@final
class Connection(asyncio.Protocol):
    """Lives as long as the TCP connection."""

    def __init__(self, apple: FakeApple) -> None:
        self._apple = apple
        self._h2 = h2.connection.H2Connection(_CONFIG)
        self._headers: dict[int, list[tuple[str, str]]] = {}
        self._bodies: dict[int, bytearray] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._topic: str | None = None  # of the client certificate
        self._team: str | None = None  # of the token
        self._is_accepted = False  # a request has been let in, and the client could know
        self._is_let_in = False  # … but the answer is not written yet
        self._unaccepted = 0  # streams that were opened before that
        self._last: int | None = None  # the last stream to be processed, once a GOAWAY is sent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open with our SETTINGS."""
        self._transport = cast(asyncio.Transport, transport)
        self._topic = _certificate_topic(transport.get_extra_info("ssl_object"))
        self._apple.connections.add(self)
        self._h2.local_settings = h2.settings.Settings(
            client=False, initial_values=self._apple.settings
        )
        self._h2.initiate_connection()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was under way."""
        self._apple.connections.discard(self)
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a client that breaks HTTP/2 is told so and cut off."""
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            self._apple.violations.append(f"{type(error).__name__}: {error}")
            self._send()  # h2 has written the GOAWAY
            self._transport.close()
            return
        for event in events:
            self._on_event(event)
        self._send()
        self._unaccepted = len(self._headers)

    def update(self, settings: Settings) -> None:
        """Change SETTINGS under way."""
        self._h2.update_settings(cast(dict[h2.settings.SettingCodes | int, int], settings))
        self._send()

    def goaway(self, last_stream: int, reason: str = "", code: int = 0) -> None:
        """Announce the end; h2's own way would forbid answering what is under way."""
        debug = Answer(0, reason).body() if reason else b""
        frame = GoAwayFrame(last_stream_id=last_stream, error_code=code, additional_data=debug)
        self._send()
        self._write(frame.serialize())
        self._last = last_stream
        self._close_if_done()

    def cut(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _on_event(self, event: h2.events.Event) -> None:
        if self._transport.is_closing():
            return
        match event:
            case h2.events.RequestReceived(stream_id=stream, headers=headers):
                self._on_request(stream, cast(list[tuple[str, str]], headers))
            case h2.events.DataReceived(stream_id=stream, data=data, flow_controlled_length=size):
                self._on_data(stream, data or b"", size or 0)
            case h2.events.StreamEnded(stream_id=stream) if stream in self._headers:
                request = PushRequest(self._headers[stream], bytes(self._bodies[stream]))
                self._later(stream, self._decide(request))
            case h2.events.StreamReset(stream_id=stream) if stream in self._headers:
                self._end(stream)
            case _:
                pass

    def _on_request(self, stream: int, headers: list[tuple[str, str]]) -> None:
        if self._last is not None and stream > self._last:
            return  # not processed, and the client knows
        self._headers[stream], self._bodies[stream] = headers, bytearray()
        self._unaccepted += 1
        if self._topic is None and not self._is_accepted and self._unaccepted > 1:
            self._apple.violations.append("a second stream before the first was accepted")
            self.goaway(0, code=1)
            self._transport.close()
        elif self._h2.local_settings.initial_window_size < _BODY_WINDOW:
            self._h2.increment_flow_control_window(_BODY_WINDOW, stream)

    def _on_data(self, stream: int, data: bytes, size: int) -> None:
        self._h2.acknowledge_received_data(size, stream)
        body = self._bodies.get(stream)
        if body is not None and len(body) <= _BODY_BYTES_MAX:
            body += data

    def _decide(self, request: PushRequest) -> tuple[PushRequest, Order]:
        """Say what happens to a request: its own faults first, then what was ordered."""
        refusal = self._judge(request)
        if refusal is not None:
            return request, refusal
        order = self._apple.orders.take(fake_apple_rules.token_of(request))
        return request, order if order is not None else Answer(200)

    def _judge(self, request: PushRequest) -> Answer | None:
        refusal = fake_apple_rules.judge(request, now=self._apple.clock.wall())
        if refusal is not None:
            return refusal
        topics: set[str] = set()
        if self._topic is None:
            team = self._apple.token_judge.judge(request.header("authorization") or "")
            if isinstance(team, Answer):
                return team
            if self._team not in {None, team}:
                return Answer(403, "InvalidProviderToken")  # two teams on one connection
            self._team = team
            topics = self._apple.topics_of(team)
        return fake_apple_rules.judge_topic(
            request.header("apns-topic"), certificate_topic=self._topic, team_topics=topics
        )

    def _later(self, stream: int, decided: tuple[PushRequest, Order]) -> None:
        """Act now, or after the distance that was ordered."""
        request, order = decided
        if isinstance(order, Goaway):
            self._forget_from(stream)
            self.goaway(stream - 2, order.reason)
        elif not self._apple.delay_seconds:
            self._act(stream, request, order)
        else:
            task = asyncio.get_running_loop().create_task(self._act_late(stream, request, order))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _act_late(self, stream: int, request: PushRequest, order: Order) -> None:
        await self._apple.clock.sleep(self._apple.delay_seconds)
        if stream in self._headers and not self._transport.is_closing():
            self._act(stream, request, order)
            self._send()

    def _act(self, stream: int, request: PushRequest, order: Order) -> None:
        match order:
            case Answer():
                if order.status == 200:
                    self._apple.remember(request)
                self._end(stream)
                self._answer(stream, order)
            case Reset():
                if order.is_seen:
                    self._apple.remember(request)
                self._end(stream)
                self._h2.reset_stream(stream, order.code)
            case Drop():
                self.cut()
            case Stall() | Goaway():
                pass
        self._close_if_done()

    def _answer(self, stream: int, answer: Answer) -> None:
        self._is_let_in = self._is_let_in or answer.status != 403
        body = answer.body()
        headers = [(":status", str(answer.status)), ("apns-id", self._apple.next_id())]
        self._h2.send_headers(stream, headers, end_stream=not body)
        if body:
            self._h2.send_data(stream, body, end_stream=True)

    def _end(self, stream: int) -> None:
        del self._headers[stream], self._bodies[stream]

    def _forget_from(self, stream: int) -> None:
        for later in [number for number in self._headers if number >= stream]:
            self._end(later)

    def _close_if_done(self) -> None:
        if self._last is not None and not self._headers:
            self._send()
            self._transport.close()

    def _send(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._write(data)
            self._is_accepted = self._is_let_in

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        step = self._apple.split_bytes or len(data)
        for begin in range(0, len(data), step):
            self._transport.write(data[begin : begin + step])


def _certificate_topic(secured: ssl.SSLObject) -> str | None:
    """Return the UID of the client's certificate; None when it showed none."""
    encoded = secured.getpeercert(binary_form=True)
    if not encoded:
        return None
    subject = x509.load_der_x509_certificate(encoded).subject
    found = subject.get_attributes_for_oid(NameOID.USER_ID)
    return str(found[0].value) if found else ""
