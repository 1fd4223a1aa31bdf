"""`POST /batch`: many calls in one multipart/mixed request, each answered by itself."""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from urllib.parse import parse_qsl

from app.sandbox.fake_google_answers import Refused, Reply
from app.sandbox.fake_google_http import Request

CALLS_MAX = 1_000
_BOUNDARY = "batch_portecarte_sandbox"


def answer_batch(request: Request, answer: Callable[[Request], Reply]) -> Reply:
    """Answer each inner call; the outer token counts where an inner one is missing.

    Raises Refused 400 for what is no batch.
    """
    kind = request.headers.get("content-type", "")
    head = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser().parsebytes(head + request.body)
    found = message.get_payload() if message.is_multipart() else ""
    parts = [part for part in found if isinstance(part, Message)]
    if not kind.startswith("multipart/mixed") or not parts:
        raise Refused(400, "badRequest", "Failed to parse batch request.")
    if len(parts) > CALLS_MAX:
        raise Refused(400, "badRequest", f"The batch holds more than {CALLS_MAX} calls.")
    written = b"".join(_part(part, answer(_call(part, request))) for part in parts)
    body = written + f"--{_BOUNDARY}--\r\n".encode()
    return Reply(200, body, f"multipart/mixed; boundary={_BOUNDARY}")


def _call(part: Message, outer: Request) -> Request:
    content = part.get_payload(decode=True)
    if part.get_content_type() != "application/http" or not isinstance(content, bytes):
        raise Refused(400, "badRequest", "Failed to parse batch request: application/http.")
    line, _, rest = content.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n")
    head, _, body = rest.partition(b"\n\n")
    words = line.decode("latin-1").split()
    if len(words) < 2 or not words[1].startswith("/"):
        raise Refused(400, "badRequest", "Failed to parse batch request: no request line.")
    path, _, query = words[1].partition("?")
    named = (one.partition(":") for one in head.decode("latin-1").split("\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in named}
    usual = {"authorization": outer.headers.get("authorization", "")}
    return Request(
        method=words[0],
        path=path,
        query=dict(parse_qsl(query)),
        headers=usual | headers,
        body=body,
    )


def _part(part: Message, reply: Reply) -> bytes:
    phrase = HTTPStatus(reply.status).phrase
    lines = [
        f"--{_BOUNDARY}",
        "Content-Type: application/http",
        f"Content-ID: <response-{part.get('Content-ID', '').strip('<>')}>",
        "",
        f"HTTP/1.1 {reply.status} {phrase}",
        f"Content-Type: {reply.kind}",
        *(f"{name}: {value}" for name, value in reply.headers),
        f"Content-Length: {len(reply.body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + reply.body + b"\r\n"
