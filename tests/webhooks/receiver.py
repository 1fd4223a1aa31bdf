"""A merchant's own server on 127.0.0.1: it remembers what it heard and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: int, *headers: str, body: str = "") -> bytes:
    """Write an answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


class Message(msgspec.Struct, frozen=True):
    """A message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """Read the body."""
        return msgspec.json.decode(self.body)

    @property
    def data(self) -> Any:
        """Return what happened."""
        return self.document["data"]

    def signed_by(self, secret: str) -> bool:
        """Verify as receivers do but for the age: the clock of tests stands in another year."""
        stamp = int(self.headers["webhook-timestamp"])
        key = Webhook(secret)
        given = self.headers["webhook-signature"].split(" ")
        return _sign(key, self.headers["webhook-id"], stamp, self.body) in given


def _sign(key: Webhook, message: str, stamp: int, body: bytes) -> str:
    return key.sign(message, datetime.fromtimestamp(stamp, tz=UTC), body.decode())


class Receiver:
    """`says`: what it answers to a message; None: nothing, until the caller hangs up."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.says: Callable[[Message], bytes | None] = lambda _message: OK
        self.came = asyncio.Condition()
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        """Listen until it ends."""
        await self.start()
        try:
            yield self
        finally:
            await self.kill()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._server = None

    async def until(self, count: int) -> None:
        """Wait until so many messages have come."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.heard) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await _read(reader)
                self.heard.append(message)
                async with self.came:
                    self.came.notify_all()
                said = self.says(message)
                if said is None:
                    await reader.read()
                    break
                writer.write(said)
                await writer.drain()
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers["content-length"]))
    return Message(head[0].split(" ")[1], headers, body)
