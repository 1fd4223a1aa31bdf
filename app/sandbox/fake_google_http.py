"""A little HTTP over ASGI for the fake Google: reads a request, sends an answer or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import msgspec

from app.sandbox.fake_google_answers import Reply

BODY_MAX = 1024 * 1024


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Cut(httpx2.RemoteProtocolError, ConnectionResetError):
    """The connection is cut: what a server hears of it, and what a client over ASGI sees."""


async def read_request(scope: Any, receive: Any, root: str = "") -> Request | None:
    """Read a whole request below `root`; None: it went away or is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            return None
        if not message.get("more_body"):
            break
    raw = scope.get("raw_path") or scope["path"].encode("latin-1", "replace")
    path = raw.split(b"?", 1)[0].decode("latin-1")
    if root and root in path:
        path = path.partition(root)[2]
    return Request(
        method=scope["method"],
        path=path,
        query=dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        body=body,
    )


async def send_reply(send: Any, reply: Reply) -> None:
    """Send an answer."""
    headers = [
        ("content-type", reply.kind),
        ("content-length", str(len(reply.body))),
        *reply.headers,
    ]
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


async def wait_for_the_end(receive: Any) -> None:
    """Say nothing until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
