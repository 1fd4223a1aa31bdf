"""Webhooks while developing: a receiver on this machine that forwards what it hears.

The server's own worker delivers to it as to any endpoint, signed, in order and with its tries; what
your program answers is what the worker hears.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import httpx2
import msgspec

from app.commands import hooking, operator
from app.commands.hooking import Listening, ListenOrder, Resent, Triggered, TriggerOrder
from app.commands.speaking import Sentence
from app.http.ports import Ports
from app.main import open_ports
from app.settings import Settings

T = TypeVar("T")
Say = Callable[[str], None]
FORWARD_SECONDS = 14.0  # the worker waits 15
HEAD_MAX, BODY_MAX = 16_384, 65_536
_SENT_ON = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")


class Heard(msgspec.Struct, frozen=True):
    """A message from the worker."""

    headers: dict[str, str]
    body: bytes


class _Type(msgspec.Struct, frozen=True):
    type: str = "?"


async def listen(
    settings: Settings,
    url: str,
    *,
    merchant: str | None,
    say: Say,
    until: asyncio.Event | None = None,
) -> None:
    """Forward until a signal asks to stop; the secret is the same the next time."""
    if not url.startswith(("http://", "https://")):
        raise Sentence("--forward-to takes http://… or https://…")
    if operator.file_beside(settings) is not None and not operator.is_served(settings):
        raise Sentence("No server is running here: start it with `portecarte up`.")
    stop = until or _stopped_by_signals()
    async with httpx2.AsyncClient(timeout=FORWARD_SECONDS, trust_env=False) as client:
        serve = partial(_serve, client=client, url=url, say=say)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=HEAD_MAX)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        order = ListenOrder(address, merchant)
        listening = await _ordered(settings, order)
        say(f"Events of {listening.merchant} go to {url}. Ctrl-C ends it.")
        say(f"Secret: {listening.secret}")
        try:
            await stop.wait()
        finally:
            await _ordered(settings, ListenOrder(address, merchant, is_on=False))
            server.close()


async def trigger(settings: Settings, order: TriggerOrder) -> str:
    """Record an event that did not happen, and say which."""
    found = await _done(
        settings,
        "triggers",
        msgspec.json.encode(order),
        Triggered,
        alone=lambda ports: hooking.triggered(ports, order),
    )
    return f"{found.event} {order.type} of {found.card}"


async def resend(settings: Settings, event: str) -> str:
    """Send an event or a delivery once more, and say to how many endpoints."""
    found = await _done(
        settings,
        "resends",
        b"",
        Resent,
        alone=lambda ports: hooking.resent(ports, event),
        event=event,
    )
    return f"{event} goes to {found.count} endpoint{'s' if found.count > 1 else ''} once more."


async def _ordered(settings: Settings, order: ListenOrder) -> Listening:
    return await _done(
        settings,
        "listeners",
        msgspec.json.encode(order),
        Listening,
        alone=lambda ports: hooking.listened(ports, order),
    )


async def _done(
    settings: Settings,
    path: str,
    content: bytes,
    kind: type[T],
    *,
    alone: Callable[[Ports], Awaitable[T]],
    **query: str,
) -> T:
    """Have the running server do it, or do it here where the database takes many writers."""
    if operator.is_served(settings):
        return await asyncio.to_thread(lambda: operator.ask(settings, path, content, kind, **query))
    async with open_ports(settings) as ports:
        return await alone(ports)


def _stopped_by_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    client: httpx2.AsyncClient,
    url: str,
    say: Say,
) -> None:
    """Answer one message with what the program said to it."""
    with contextlib.suppress(
        asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError
    ):
        heard = await _read(reader)
        status, word = await _forwarded(client, url, heard)
        kind = msgspec.json.decode(heard.body, type=_Type).type
        say(f"{kind:16} {heard.headers.get('webhook-id', '')} → {word}")
        head = f"HTTP/1.1 {status} Forwarded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
    writer.close()


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in head if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = min(int(headers.get("content-length", "0")), BODY_MAX)
    return Heard(headers, await reader.readexactly(length))


async def _forwarded(client: httpx2.AsyncClient, url: str, heard: Heard) -> tuple[int, str]:
    headers = {name: heard.headers[name] for name in _SENT_ON if name in heard.headers}
    try:
        answer = await client.post(url, content=heard.body, headers=headers)
    except httpx2.HTTPError as error:
        return 503, f"no answer ({type(error).__name__})"
    return answer.status_code, str(answer.status_code)
