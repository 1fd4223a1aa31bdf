"""A thin HTTP/1.1 client, so that the load costs less than what it measures."""

from __future__ import annotations

import asyncio

import msgspec

_LENGTH = b"content-length:"


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> dict[str, object]:
        """Read the body."""
        found: dict[str, object] = msgspec.json.decode(self.body)
        return found

    def header(self, name: str) -> str | None:
        """Return a header's value, None without it."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None


class Wire:
    """One kept connection; one request at a time. `source`: the loopback address it comes from."""

    def __init__(self, host: str, port: int, *, source: str | None = None) -> None:
        self._host, self._port = host, port
        self._source = None if source is None else (source, 0)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a whole request and read its answer; a connection that idled too long is renewed."""
        was_kept = self._streams is not None
        try:
            return await self._ask(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not was_kept:
                raise
            return await self._ask(request)

    async def _ask(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._host, self._port, local_addr=self._source
            )
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _length(head)
        body = await reader.readexactly(length) if length else b""
        if b"connection: close" in head.lower():
            self.close()
        return Answer(int(head[9:12]), head, body)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request(
    method: str, path: str, *, token: str | None = None, body: object = None, **headers: str
) -> bytes:
    """Write a request; a body that is not bytes is sent as JSON. `if_none` is `If-None`."""
    data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}"]
    if body is not None and "Content_Type" not in headers and "Content-Type" not in headers:
        lines.append("Content-Type: application/json")
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.find(_LENGTH)
    if start < 0:
        return 0
    end = lower.index(b"\r\n", start)
    return int(lower[start + len(_LENGTH) : end])
