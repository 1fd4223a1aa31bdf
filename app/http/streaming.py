"""Answers that are written while the request is still being read.

The framework's own stream waits for messages of the client beside the answer, and so would take
the request's body away from whoever reads it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from app.errors import TooBig


async def body_of(receive: Receive) -> AsyncIterator[bytes]:
    """Give a request's body as it comes; a client that goes away ends it."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        if message["body"]:
            yield message["body"]
        if not message.get("more_body"):
            return


def at_most(receive: Receive, limit: int) -> Receive:
    """Wrap what receives a body, for routes whose limit depends on the type that was sent.

    More than so many bytes raise TooBig.
    """
    seen = 0

    async def counted() -> Any:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message["body"])
            if seen > limit:
                raise TooBig(f"at most {limit} bytes are taken here")
        return message

    return counted


def streamed(parts: AsyncGenerator[bytes, None], *, media_type: str) -> ASGIApp:
    """Make the response that sends 200 and then each part when it is there."""

    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", media_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(parts):
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return respond
