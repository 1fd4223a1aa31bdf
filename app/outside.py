"""Guarded calls to addresses that others gave us: nothing inside is ever reached.

specs: security.md §8. https on port 443 or 8443; the name is resolved once, every address it has
must be public, and the connection goes to that very address while TLS and `Host` keep the name. No
redirect is followed and no proxy asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpcore2
import httpx2
import msgspec

from app.clock import Clock

T = TypeVar("T")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]  # (name, port) → addresses

URL_MAX = 2_000
PORTS = (443, 8443)
LOOPBACK = "127.0.0.1"  # the one name of the inside that a sandbox may allow
ANSWER_MAX = 64 * 1024
ADDRESSES_TRIED_MAX = 3
CONNECTIONS_MAX = 300
CONNECTIONS_KEPT, KEPT_SECONDS = 20, 30.0

_LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)(?!.*\.\d+$)(?!0x|\d+$){_LABEL}(\.{_LABEL})*", re.A)
_SPACE = re.compile(r"[\x00-\x20\x7f\\]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")
_UNICAST6 = ipaddress.ip_network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "3fff::/20"),  # Teredo among them
    )
)


class OutsideRefused(Exception):
    """The address is none of the outside's; the message says why, without naming who asked."""


class OutsideFailed(Exception):
    """Nobody answered properly; `kind`: timeout, connection, tls or protocol."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Place(msgspec.Struct, frozen=True):
    """An address taken apart once, so that nobody reads it another way. `host`: without []."""

    scheme: str
    host: str
    port: int
    target: str


class Heard(msgspec.Struct, frozen=True):
    """What was answered; `body`: its first 64 KiB as sent, never unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def judge(url: str, *, allow_loopback: bool = False) -> Place:
    """Take an address apart. Raises OutsideRefused for one that may not be called.

    `allow_loopback`: http://127.0.0.1 with any port may be, for the sandbox.
    """
    if len(url) > URL_MAX or _SPACE.search(url) or not url.isascii():
        raise OutsideRefused("an address of printable ASCII is expected, a name as xn--…")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise OutsideRefused("this is no address") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise OutsideRefused("no user part is taken")
    if "#" in url:
        raise OutsideRefused("no fragment is taken")
    if allow_loopback and host == LOOPBACK and parts.scheme == "http":
        return Place("http", host, port if port is not None else 80, target)
    if parts.scheme != "https":
        raise OutsideRefused("https:// is expected")
    if port is not None and port not in PORTS:
        raise OutsideRefused("port 443 or 8443 is expected")
    if not _is_host(host, parts.netloc):
        raise OutsideRefused("a host name of the public internet is expected")
    return Place("https", host, port or 443, target)


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the outside, seen through what wraps IPv4 in IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    address = _unwrapped(address)
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST6:
        return False
    if any(address.version == network.version and address in network for network in _REFUSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


async def resolve(name: str, port: int) -> list[str]:
    """Ask the system for a name's addresses. Raises OutsideFailed."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutsideFailed("connection") from None
    return [str(each[4][0]) for each in found]


class Guard(httpcore2.AsyncNetworkBackend):
    """Opens connections: each name is resolved here, judged, and nowhere else once more."""

    def __init__(
        self, *, resolve: Resolve, network: httpcore2.AsyncNetworkBackend, has_loopback: bool
    ) -> None:
        """`has_loopback`: 127.0.0.1, so written, may be connected to; `judge` says by whom."""
        self._resolve = resolve
        self._network = network
        self._has_loopback = has_loopback

    async def connect_tcp(
        self, host: str, port: int, *how: Any, **named: Any
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a name that takes it. Raises OutsideRefused."""
        failure: Exception = OutsideFailed("connection")
        for address in (await self._addresses(host, port))[:ADDRESSES_TRIED_MAX]:
            try:
                return await self._network.connect_tcp(address, port, *how, **named)
            except httpcore2.ConnectError as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        if host == LOOPBACK and self._has_loopback:
            return [host]
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = list(dict.fromkeys(await self._resolve(host, port)))
        if not all(map(is_public, found)):
            raise OutsideRefused("the name leads to an address that is not public")
        return found


class Outside:
    """Calls addresses of the outside over kept connections, one pool for all."""

    def __init__(
        self,
        *,
        clock: Clock,
        has_loopback: bool = False,
        resolve: Resolve = resolve,
        network: httpcore2.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`has_loopback`: calls may be allowed to http://127.0.0.1; `tls` None: public roots."""
        self._clock = clock
        self._tls = tls
        self._guard = Guard(
            resolve=resolve,
            network=network or httpcore2.AnyIOBackend(),
            has_loopback=has_loopback,
        )
        self._pool: httpcore2.AsyncConnectionPool | None = None

    async def post(
        self,
        url: str,
        content: bytes,
        *,
        headers: Mapping[str, str],
        seconds: float,
        allow_loopback: bool = False,
    ) -> Heard:
        """Send and hear, within so many seconds in all. Raises OutsideRefused, OutsideFailed."""
        place = judge(url, allow_loopback=allow_loopback)
        return await self._within(seconds, self._send(place, content, headers))

    async def close(self) -> None:
        """Hang up."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _send(self, place: Place, content: bytes, headers: Mapping[str, str]) -> Heard:
        sent = [(b"Host", _authority(place)), (b"Content-Length", str(len(content)).encode())]
        sent += [(name.encode(), value.encode()) for name, value in headers.items()]
        url = httpcore2.URL(
            scheme=place.scheme.encode(),
            host=place.host.encode(),
            port=place.port,
            target=place.target.encode(),
        )
        try:
            async with self._opened().stream("POST", url, headers=sent, content=content) as answer:
                body = await _beginning(answer)
                named = {name.decode("latin-1").lower(): value.decode("latin-1")
                         for name, value in answer.headers}  # fmt: skip
                return Heard(answer.status, named, body)
        except httpcore2.ConnectError as error:
            raise OutsideFailed("tls" if _is_tls(error) else "connection") from error
        except (httpcore2.NetworkError, httpcore2.TimeoutException, OSError) as error:
            raise OutsideFailed("connection") from error
        except (httpcore2.ProtocolError, ValueError) as error:
            raise OutsideFailed("protocol") from error

    def _opened(self) -> httpcore2.AsyncConnectionPool:
        if self._pool is None:  # made late: the roots take their time, and a loop is needed
            self._pool = httpcore2.AsyncConnectionPool(
                ssl_context=self._tls or httpx2.create_ssl_context(),
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=CONNECTIONS_KEPT,
                keepalive_expiry=KEPT_SECONDS,
                network_backend=self._guard,
            )
        return self._pool

    async def _within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work, no longer than so many seconds of our clock. Raises OutsideFailed."""
        loop = asyncio.get_running_loop()
        task, alarm = loop.create_task(work), loop.create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise OutsideFailed("timeout")
            return task.result()
        finally:
            for each in (task, alarm):
                if not each.done():
                    each.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await each


async def _beginning(answer: httpcore2.Response) -> bytes:
    """Read an answer's first 64 KiB; the rest is never asked for."""
    body = b""
    async for chunk in answer.aiter_stream():
        body += chunk
        if len(body) >= ANSWER_MAX:
            break
    return body[:ANSWER_MAX]


def _authority(place: Place) -> bytes:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return (host if place.port in {80, 443} else f"{host}:{place.port}").encode()


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _is_host(host: str, netloc: str) -> bool:
    """Tell a name, or a public address written in full, from what resolvers read as numbers."""
    if "[" in netloc or ":" in host:
        return "%" not in host and is_public(host)
    try:
        return is_public(str(ipaddress.IPv4Address(host)))
    except ValueError:
        return _NAME.fullmatch(host) is not None


def _unwrapped(address: Address) -> Address:
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _6TO4:
        return ipaddress.IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    return address
