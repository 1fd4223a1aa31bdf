"""Whose address a request comes from: the peer's, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

UNKNOWN = "0.0.0.0"  # noqa: S104  # no address to listen on: a socket without a peer


def client_address(scope: Any, trusted_proxies: Sequence[str]) -> str:
    """Return the client's address; headers count only as far as each sender is trusted.

    `X-Forwarded-For` is read from its end: the last one a trusted proxy added is the client.
    """
    peer = (scope.get("client") or (UNKNOWN,))[0]
    if not trusted_proxies or not _is_trusted(peer, trusted_proxies):
        return str(peer)
    for hop in reversed(list(_hops(scope["headers"]))):
        if not _is_address(hop):
            return str(peer)
        if not _is_trusted(hop, trusted_proxies):
            return hop
        peer = hop
    return str(peer)


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    for name, value in headers:
        if name == b"x-forwarded-for":
            yield from (hop.strip() for hop in value.decode("latin-1").split(","))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(address: str, trusted_proxies: Sequence[str]) -> bool:
    if not _is_address(address):
        return False
    found = ipaddress.ip_address(address)
    return any(found in ipaddress.ip_network(proxy) for proxy in trusted_proxies)
