"""A fake APNs: true HTTP/2 over TLS, strict like Apple's, with a memory and open to orders."""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path

import h2.settings
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.clock import Clock, SystemClock
from app.sandbox.certificates import (
    PUSH_KEY_ID,
    TEAM,
    DevelopmentCertificates,
    make_development_certificates,
)
from app.sandbox.fake_apple_connection import Connection, Settings
from app.sandbox.fake_apple_orders import Answer, Goaway, Order, Orders, Reset
from app.sandbox.fake_apple_rules import PushRequest, token_of
from app.sandbox.fake_apple_tokens import TeamKey, TokenJudge

MEMORY = 200_000  # pushes kept, the newest
VIOLATIONS = 1_000  # broken rules kept
_CODES = h2.settings.SettingCodes


class Push(msgspec.Struct, frozen=True):
    """A push that was accepted."""

    token: str
    topic: str
    at: int  # microseconds


class FakeApple:
    """Run it with `start` and `close`; read `pushes` and `violations`; give `order`s."""

    def __init__(
        self,
        certificates: DevelopmentCertificates,
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 0,
        max_streams: int = 100,
        on_push: Callable[[Push], None] | None = None,
    ) -> None:
        """Port 0: any free one, see `url`. `on_push` hears of each accepted push at once."""
        self.clock = clock
        self.on_push = on_push
        self.orders = Orders()
        self.delay_seconds = 0.0  # distance: each answer comes so much later
        self.split_bytes = 0  # write so many bytes at a time; 0: all at once
        self.pushes: deque[Push] = deque(maxlen=MEMORY)
        self.violations: deque[str] = deque(maxlen=VIOLATIONS)
        self.connections: set[Connection] = set()
        self.connections_made = 0
        self.settings: Settings = {
            _CODES.MAX_CONCURRENT_STREAMS: max_streams,
            _CODES.ENABLE_CONNECT_PROTOCOL: 0,
        }
        self._certificates = certificates
        self._address = (host, port)
        self._server: asyncio.Server | None = None
        self._ids = 0
        key = load_pem_private_key(certificates.push_token_key.read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        self.token_judge = TokenJudge({PUSH_KEY_ID: TeamKey(TEAM, key.public_key())}, clock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{self._address[0]}:{self._address[1]}"

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        context = _tls_context(self._certificates)
        host, port = self._address
        self._server = await loop.create_server(self._accept, host, port, ssl=context)
        self._address = (host, self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and cut all connections; `start` listens on the same port again."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self.connections):
            connection.cut()
        await asyncio.sleep(0)  # the transports hear of it in the next turn of the loop

    def order(self, *orders: Order, token: str | None = None) -> None:
        """Have the next pushes (of a token) treated so, one order each."""
        self.orders.add(*orders, token=token)

    def set_max_streams(self, streams: int) -> None:
        """Change MAX_CONCURRENT_STREAMS, here and now."""
        self._set(_CODES.MAX_CONCURRENT_STREAMS, streams)

    def set_header_table(self, size: int) -> None:
        """Change HEADER_TABLE_SIZE, here and now."""
        self._set(_CODES.HEADER_TABLE_SIZE, size)

    def set_stream_window(self, size: int) -> None:
        """Change INITIAL_WINDOW_SIZE, here and now."""
        self._set(_CODES.INITIAL_WINDOW_SIZE, size)

    def goaway(self, reason: str = "") -> None:
        """Send all connections away; what they have asked so far is answered."""
        for connection in tuple(self.connections):
            connection.goaway(2**31 - 1, reason)

    def topics_of(self, team: str) -> set[str]:
        """Return what a team's token may push."""
        return {it.pass_type for it in self._certificates.signers if it.team == team}

    def remember(self, request: PushRequest) -> None:
        """Keep an accepted push and tell whoever listens."""
        topic = request.header("apns-topic") or ""
        push = Push(token_of(request), topic, self.clock.wall())
        self.pushes.append(push)
        if self.on_push is not None:
            self.on_push(push)

    def next_id(self) -> str:
        """Return a new `apns-id`."""
        self._ids += 1
        return str(uuid.UUID(int=self._ids)).upper()

    def _set(self, code: h2.settings.SettingCodes, value: int) -> None:
        self.settings[code] = value
        for connection in tuple(self.connections):
            connection.update({code: value})

    def _accept(self) -> Connection:
        self.connections_made += 1
        return Connection(self)


def _tls_context(certificates: DevelopmentCertificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.apns_certificate, certificates.apns_key)
    context.load_verify_locations(certificates.root)
    context.load_verify_locations(certificates.wwdr)
    context.verify_mode = ssl.CERT_OPTIONAL  # without a certificate, a token must speak
    context.set_alpn_protocols(["h2"])
    return context


_FAULTS: dict[str, Order] = {
    "goaway": Goaway(),
    "429": Answer(429, "TooManyRequests"),
    "503": Answer(503, "ServiceUnavailable"),
    "reset": Reset(),
}


async def _serve(options: argparse.Namespace) -> None:
    """Run until standard input ends; say where it listens, and in the end what came."""
    clock = SystemClock()
    certificates = make_development_certificates(options.folder, now=clock.wall())
    apple = FakeApple(certificates, clock=clock, port=options.port, max_streams=options.max_streams)
    apple.delay_seconds = options.delay_ms / 1000
    for index in range(options.faults):
        fault = _FAULTS[options.kinds[index % len(options.kinds)]]
        apple.order(fault, token=f"{index * options.every:064x}")
    await apple.start()
    _say({"url": apple.url, "folder": str(options.folder)})
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    devices = len({push.token for push in apple.pushes})
    _say(
        {
            "pushes": len(apple.pushes),
            "devices": devices,
            "connections": apple.connections_made,
            "violations": list(apple.violations),
        }
    )
    await apple.close()


def _say(content: dict[str, object]) -> None:
    sys.stdout.write(msgspec.json.encode(content).decode() + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.sandbox.fake_apple", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("certs/dev"), help="certificates")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--max-streams", type=int, default=100)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="distance of each answer")
    parser.add_argument("--faults", type=int, default=0, help="how many, in turn of their kinds")
    parser.add_argument("--kinds", nargs="+", choices=_FAULTS, default=list(_FAULTS))
    parser.add_argument("--every", type=int, default=100, help="… one to so many devices")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
