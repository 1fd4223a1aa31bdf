"""Addresses that others gave us reach nothing inside: specs/security.md §8."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpcore2
import pytest

from app.clock import FrozenClock, SystemClock
from app.outside import Outside, OutsideFailed, OutsideRefused, is_public, judge

PUBLIC = "93.184.215.14"
INSIDE_NAMES = {  # what a resolver says of names that others gave us
    "localhost": ["127.0.0.1"],
    "loop.example": ["127.0.0.1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "metadata.example": ["169.254.169.254"],
    "office.example": ["10.1.2.3"],
    "home.example": ["192.168.1.1"],
    "carrier.example": ["100.64.0.1"],
    "multicast.example": ["224.0.0.1"],
    "private6.example": ["fd00::1"],
    "link6.example": ["fe80::1"],
    "nothing.example": ["0.0.0.0"],
    "compatible.example": ["::7f00:1"],
    "teredo.example": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}
ADDRESSES = [
    *(f"https://{name}/" for name in INSIDE_NAMES),
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "http://127.0.0.1/",
    "https://2130706433/",  # decimal
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",  # octal
    "https://127.1/",  # short
    "https://127.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25lo]/",
    "https://[fd12:3456::1]/",
    "https://[ff02::1]/",
    "https://192.0.0.8/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://169.254.169.254/latest/meta-data/",
    "https://198.18.0.1/",
    "https://user@loop.example/",
    "https://user:pass@127.0.0.1/",
    f"https://{PUBLIC}@127.0.0.1/",
    "https://loop.example:22/",
    "https://loop.example:80/",
    "https://loop.example:65536/",
    "https://loop.example\\@a.example/",
    "https://loop.example#@a.example/",
    "https://127.0.0.1.:443/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https:///nobody",
    "http://loop.example/",
    "ftp://loop.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/",
    "//127.0.0.1/",
    "",
]  # fmt: skip


class Network(httpcore2.AsyncNetworkBackend):
    """Takes every connection to the canary instead, and remembers where it should have gone."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._real = httpcore2.AnyIOBackend()
        self.asked: list[str] = []

    async def connect_tcp(self, host: str, port: int, *how: Any, **named: Any) -> Any:
        self.asked.append(host)
        return await self._real.connect_tcp("127.0.0.1", self._port, *how, **named)


class Canary:
    """A server inside that must never hear anything. `answer`: what it would say."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            first = await reader.readexactly(1)
            is_tls = first == b"\x16"  # it speaks none
            self.heard.append(first if is_tls else await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            await writer.drain()
        writer.close()


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    served = Canary()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    yield served
    server.close()
    await server.wait_closed()


async def resolve_inside(name: str, _port: int) -> list[str]:
    return INSIDE_NAMES.get(name, [])


async def tried(outside: Outside, url: str) -> str:
    try:
        await outside.post(url, b"{}", headers={}, seconds=5)
    except OutsideRefused:
        return "refused"
    except OutsideFailed as failed:
        return failed.kind
    return "answered"


async def test_no_address_of_the_inside_is_reached(canary: Canary) -> None:
    assert len(ADDRESSES) >= 40
    network = Network(canary.port)
    outside = Outside(clock=SystemClock(), resolve=resolve_inside, network=network)
    results = {url: await tried(outside, url) for url in ADDRESSES}
    await outside.close()
    assert {url: end for url, end in results.items() if end not in {"refused", "connection"}} == {}
    assert network.asked == [] and canary.heard == []


async def test_a_name_that_answers_twice_differently_is_asked_once(canary: Canary) -> None:
    answers = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]
    asked = []

    async def resolve(name: str, _port: int) -> list[str]:
        asked.append(name)
        return answers[len(asked) - 1]

    network = Network(canary.port)
    outside = Outside(clock=SystemClock(), resolve=resolve, network=network)
    await tried(outside, "https://shop.example/")  # TLS with the canary fails, at the right address
    assert network.asked == [PUBLIC] and asked == ["shop.example"]
    assert await tried(outside, "https://shop.example/") == "refused"
    assert network.asked == [PUBLIC]
    await outside.close()


async def test_a_redirect_to_the_metadata_service_is_not_followed(canary: Canary) -> None:
    canary.answer = (
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    network = Network(canary.port)
    outside = Outside(clock=SystemClock(), network=network, has_loopback=True)
    url = f"http://127.0.0.1:{canary.port}/hooks"
    heard = await outside.post(url, b"{}", headers={}, seconds=5, allow_loopback=True)
    await outside.close()
    assert heard.status == 302
    assert network.asked == ["127.0.0.1"] and len(canary.heard) == 1


async def test_loopback_needs_the_setting_and_is_127_0_0_1_by_that_name_only() -> None:
    assert judge("http://127.0.0.1:9000/a?b=c", allow_loopback=True).target == "/a?b=c"
    for url in ("http://localhost:9000/", "http://127.0.0.2/", "https://127.0.0.1/"):
        with pytest.raises(OutsideRefused):
            judge(url, allow_loopback=True)
    with pytest.raises(OutsideRefused):
        judge("http://127.0.0.1:9000/")


async def test_no_more_than_64_kib_of_an_answer_are_read(canary: Canary) -> None:
    canary.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 200_000
    outside = Outside(clock=SystemClock(), has_loopback=True)
    url = f"http://127.0.0.1:{canary.port}/"
    heard = await outside.post(url, b"{}", headers={}, seconds=5, allow_loopback=True)
    await outside.close()
    assert len(heard.body) == 64 * 1024


async def test_a_receiver_that_trickles_is_left_when_the_time_is_up() -> None:
    clock, connected = FrozenClock(), asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        connected.set()
        await reader.read()  # until the caller hangs up
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    outside = Outside(clock=clock, has_loopback=True)
    call = asyncio.ensure_future(
        outside.post(url, b"{}", headers={}, seconds=15, allow_loopback=True)
    )
    await connected.wait()
    clock.forward(15)
    with pytest.raises(OutsideFailed) as failed:
        await call
    assert failed.value.kind == "timeout"
    await outside.close()
    server.close()
    await server.wait_closed()


async def test_nobody_listening_is_told_from_a_bad_certificate(canary: Canary) -> None:
    outside = Outside(clock=SystemClock(), resolve=resolve_inside, network=Network(canary.port))
    assert await tried(outside, f"https://{PUBLIC}/") == "tls"
    assert await tried(outside, "https://unknown.example/") == "connection"
    await outside.close()


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        (PUBLIC, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        (f"::ffff:{PUBLIC}", True),
        ("64:ff9b::5db8:d70e", True),  # NAT64 of a public address
        ("64:ff9b::7f00:1", False),
        ("192.88.99.1", False),
        ("no address", False),
    ],
)
def test_what_wraps_an_ipv4_address_is_seen_through(address: str, is_good: bool) -> None:
    assert is_public(address) is is_good
