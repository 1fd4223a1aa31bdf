"""Calls an ASGI app without a socket: as many requests as a test likes, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

Header = tuple[str, str]


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return msgspec.json.decode(self.body)


async def call(
    app: Any,
    method: str,
    target: str,
    *,
    headers: Sequence[Header] = (),
    body: bytes = b"",
    host: str = "localhost",
    client: str = "127.0.0.1",
) -> Answer:
    """Send one request; `target` is the raw path with its query."""
    raw, _, query = target.encode("latin-1").partition(b"?")
    sent = [(b"host", host.encode("latin-1"))]
    sent += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    sent.append((b"content-length", str(len(body)).encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw.decode("latin-1"),
        "raw_path": raw,
        "query_string": query,
        "root_path": "",
        "headers": sent,
        "client": (client, 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    given: list[dict[str, Any]] = []
    bodies = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(bodies, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        given.append(message)

    await app(scope, receive, send)
    start = given[0]
    answered = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    content = b"".join(message.get("body", b"") for message in given[1:])
    return Answer(start["status"], answered, content)


def assert_problem(answer: Answer) -> None:
    """Check that an error is a problem document, its request id that of the header."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    document = answer.json()
    assert document["status"] == answer.status
    if "idempotent-replay" not in answer.headers:  # else it is the first answer's, word for word
        assert document["request_id"] == answer.headers["x-request-id"]
    assert document["type"] == f"/docs/errors#{document['code']}"
    assert document["title"]
    if document["code"] == "invalid-input":
        assert document.get("errors"), answer
        assert all(set(error) == {"path", "message"} for error in document["errors"])
    if answer.status in {429, 503}:
        assert int(answer.headers["retry-after"]) >= 1
