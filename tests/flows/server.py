"""A small HTTP/1.1 server in the test's own loop, so that real HTTP meets a clock moved by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import h11

CHUNK = 64 * 1024


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on a free port of 127.0.0.1, its lifespan included; yield its address."""
    connections: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await _Connection(app, reader, writer).run()
        finally:
            connections.discard(task)
            writer.close()

    async with _living(app):
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in list(connections):
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)


@contextlib.asynccontextmanager
async def _living(app: Any) -> AsyncIterator[None]:
    """Keep the app's lifespan in one task: fixtures begin and end in two."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        await task  # raises why it did not start
    try:
        yield
    finally:
        stop.set()
        await task


class _Connection:
    def __init__(self, app: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._app = app
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        """Answer requests until the client goes."""
        with contextlib.suppress(ConnectionError, h11.RemoteProtocolError):
            while True:
                request = await self._next()
                if not isinstance(request, h11.Request):
                    return
                await self._app(self._scope(request), self._receive, self._send)
                while self._http.their_state is h11.SEND_BODY:
                    await self._next()
                if self._http.our_state is not h11.DONE:
                    return
                if self._http.their_state is not h11.DONE:
                    return
                self._http.start_next_cycle()

    async def _next(self) -> Any:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._http.they_are_waiting_for_100_continue:
                self._writer.write(
                    self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
                )
            self._http.receive_data(await self._reader.read(CHUNK))

    def _scope(self, request: h11.Request) -> dict[str, Any]:
        target, _, query = request.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method.decode(),
            "scheme": "http",
            "path": target.decode("latin-1"),
            "raw_path": target,
            "query_string": query,
            "root_path": "",
            "headers": [(bytes(name), bytes(value)) for name, value in request.headers],
            "client": self._writer.get_extra_info("peername")[:2],
            "server": self._writer.get_extra_info("sockname")[:2],
            "state": {},
        }

    async def _receive(self) -> dict[str, Any]:
        if self._http.their_state is not h11.SEND_BODY:
            while data := await self._reader.read(CHUNK):
                self._http.receive_data(data)
            return {"type": "http.disconnect"}
        event = await self._next()
        if isinstance(event, h11.Data):
            return {"type": "http.request", "body": bytes(event.data), "more_body": True}
        if isinstance(event, h11.EndOfMessage):
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            events: list[Any] = [
                h11.Response(status_code=message["status"], headers=message["headers"])
            ]
        else:
            events = [h11.Data(data=message.get("body", b""))]
            if not message.get("more_body"):
                events.append(h11.EndOfMessage())
        for event in events:
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()
