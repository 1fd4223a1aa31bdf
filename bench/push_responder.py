"""A bare HTTP/2 server that answers every push with 200, after a distance; for bench/pushes.py.

It judges nothing (the fake APNs does): it must only never be the slower side.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import measure  # noqa: F401 - puts the project's folder on the search path
import uvloop

from app.apple import frames  # isort: skip

_PREFACE = len(frames.PREFACE)
_ANSWER = frames.frame(frames.HEADERS, frames.END_STREAM | frames.END_HEADERS, 0, b"\x88")


class Responder(asyncio.Protocol):
    """One connection."""

    pushes = 0

    def __init__(self, streams: int, delay_seconds: float) -> None:
        self.opening = frames.settings({frames.MAX_CONCURRENT_STREAMS: streams})
        self.delay_seconds = delay_seconds
        self.rest = b""
        self.is_begun = False
        self.unreturned = 0

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self.opening)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        if not self.is_begun:
            if len(data) < _PREFACE:
                self.rest = data
                return
            self.is_begun = True
            data = data[_PREFACE:]
        received, self.rest = frames.split(data)
        out = []
        for kind, flags, stream, payload in received:
            if kind == frames.DATA:
                self.unreturned += len(payload)
                if flags & frames.END_STREAM:
                    out.append(_ANSWER[:5] + stream.to_bytes(4, "big") + b"\x88")
            elif kind == frames.SETTINGS and not flags & frames.ACK:
                self.transport.write(frames.frame(frames.SETTINGS, frames.ACK, 0))
        Responder.pushes += len(out)
        if self.unreturned > 8_192:
            self.transport.write(frames.window_update(0, self.unreturned))
            self.unreturned = 0
        if not out:
            return
        answers = b"".join(out)
        if self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds, self.answer, answers)
        else:
            self.answer(answers)

    def answer(self, answers: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answers)


async def main(folder: Path, streams: int, delay_ms: float) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "apns.pem", folder / "apns.key")
    context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Responder(streams, delay_ms / 1000), "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"https://127.0.0.1:{port}"}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"pushes": Responder.pushes}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
