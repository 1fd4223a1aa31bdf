"""Answers that are written while the request is still being read.

The framework's own stream waits for messages of the client beside the answer, and so would take
the request's body away from whoever reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from app.errors import TooBig

EVENTS = "text/event-stream"
_AT_ONCE = ((b"x-accel-buffering", b"no"),)  # nginx would hold events back until it has some


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


def streamed(
    parts: AsyncGenerator[bytes, None],
    *,
    media_type: str,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> ASGIApp:
    """Make the response that sends 200 and then each part when it is there; `more`: headers."""

    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", media_type.encode()), *more]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(parts):
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return respond


def followed(parts: AsyncGenerator[bytes, None], *, ended: Callable[[], None]) -> ASGIApp:
    """Make the response that sends events until there are no more, or the client goes away.

    `ended` is called in either case, also when not one part was sent.
    """

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        async def answer() -> None:
            await streamed(parts, media_type=EVENTS, more=_AT_ONCE)(scope, receive, send)

        loop = asyncio.get_running_loop()
        sending = loop.create_task(answer())
        leaving = loop.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                await sending  # raises what ended it
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            ended()

    return respond


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
