"""One TLS connection to APNs: carries the bytes of a conversation, joins small writes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from app.apple import frames
from app.apple.conversation import Conversation
from app.clock import Clock

READ_BYTES = 65_536
UNSENT_BYTES_MAX = 1 << 20  # beyond that we stop reading until the server takes what is there
CONNECT_SECONDS = 20

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class OpenStream(Protocol):
    """Opens a TLS stream, as `asyncio.open_connection` does."""

    def __call__(
        self, host: str, port: int, *, ssl: ssl.SSLContext, server_hostname: str
    ) -> Awaitable[Streams]:
        """Connect. Raises OSError."""


class Link:
    """A conversation and the stream under it."""

    def __init__(
        self, streams: Streams, conversation: Conversation, *, on_news: Callable[[Link], None]
    ) -> None:
        self.conversation = conversation
        self.answers = 0
        self._reader, self._writer = streams
        self._on_news = on_news
        self._is_flush_due = False
        self._writer.transport.set_write_buffer_limits(high=UNSENT_BYTES_MAX)

    async def run(self) -> None:
        """Read until the connection ends, however it ends."""
        try:
            while data := await self._reader.read(READ_BYTES):
                self.conversation.receive(data)
                self._on_news(self)
                self._flush()
                await self._writer.drain()
        except frames.ProtocolError as error:
            self.conversation.close(error.code)
            self._flush()
        except OSError:
            pass  # reset, TLS alert: what was under way is sent again by whoever waits for us
        finally:
            self._writer.close()

    def flush_soon(self) -> None:
        """Send what is written in this turn of the loop, as one write."""
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def close(self) -> None:
        """Say goodbye and close."""
        self.conversation.close()
        self._flush()
        self._writer.close()

    def abort(self) -> None:
        """Cut the connection; `run` ends."""
        self.conversation.is_closing = True
        self._writer.transport.abort()

    def _flush(self) -> None:
        self._is_flush_due = False
        output = self.conversation.output
        if output and not self._writer.is_closing():
            self._writer.write(bytes(output))
        output.clear()


async def dial(
    open_stream: OpenStream, address: tuple[str, int], context: ssl.SSLContext, *, clock: Clock
) -> Streams:
    """Open a TLS stream that speaks h2. Raises OSError, also after CONNECT_SECONDS."""
    host, port = address
    opening = asyncio.ensure_future(open_stream(host, port, ssl=context, server_hostname=host))
    timer = asyncio.ensure_future(clock.sleep(CONNECT_SECONDS))
    try:
        await asyncio.wait({opening, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not opening.done():
            raise TimeoutError("no connection in time")
        streams = opening.result()
    finally:
        await _cancelled(opening, timer)
    secured = streams[1].get_extra_info("ssl_object")
    if secured is not None and secured.selected_alpn_protocol() != "h2":
        streams[1].close()
        raise ConnectionError("the server does not speak HTTP/2")
    return streams


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task
