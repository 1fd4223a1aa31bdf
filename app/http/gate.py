"""The outermost layer: request ids, accepted hosts, header caps, admission, headers of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from litestar.types import ASGIApp, Message, Receive, Send

from app.clock import Clock
from app.errors import AppError, Unavailable, invalid
from app.http import logs
from app.http.metrics import Metrics
from app.http.problems import problem_body, problem_headers
from app.http.routing import check_query, decode_path
from app.http.streaming import EVENTS
from app.ids import Ids, public_id
from app.settings import Settings

HEADERS_MAX = 100
HEADER_BYTES_MAX = 16 * 1024
WRITES_MAX = 256  # in flight; what is beyond would wait longer than its caller does
READS_MAX = 1024  # of their own, so that a till's scan is not shed by imports
_READING = {"GET", "HEAD", "OPTIONS"}
_APPLES = "/apple/v1/"  # a phone's tag is never an error, whatever stands in it
_NEVER_SHED = "/healthz"
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Pages bring their own scripts and styles; nothing is loaded from elsewhere or written inline.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Gate:
    """Wraps the whole app; what it refuses never reaches a route."""

    def __init__(
        self, app: ASGIApp, settings: Settings, ids: Ids, *, clock: Clock, metrics: Metrics
    ) -> None:
        self._app = app
        self._hosts = Hosts(settings)
        self._ids = ids
        self._clock = clock
        self._metrics = metrics
        self._log = logs.logger()
        self._headers = _fixed_headers(settings)
        self._in_flight = {"read": 0, "write": 0}
        self._most = {"read": READS_MAX, "write": WRITES_MAX}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = public_id("req", self._ids.public())
        # A copy: servers hand the same dict to every request.
        scope["state"] = {**(scope.get("state") or {}), "request_id": request_id}
        answer = _Answer(send, self._headers, request_id, self._let_go)
        began = self._clock.monotonic()
        try:
            await self._admit(scope, receive, answer)
        finally:
            seconds = self._clock.monotonic() - began
            route = str(scope.get("path_template") or "unknown")
            method = scope["method"] if scope["method"].isalpha() else "other"
            self._metrics.answered(
                method=method,
                route=route,
                status=answer.status,
                seconds=None if answer.is_stream else seconds,
            )
            logs.answered(
                self._log,
                method=method,
                route=route,
                status=answer.status,
                seconds=seconds,
                request_id=request_id,
                code=str(scope["state"].get("code", "")),
            )

    async def _admit(self, scope: Any, receive: Receive, answer: _Answer) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            await answer.refuse(scope, refusal)
            return
        kind = "read" if scope["method"] in _READING else "write"
        if self._in_flight[kind] >= self._most[kind] and scope["path"] != _NEVER_SHED:
            await answer.refuse(scope, Unavailable("too much at once, try again"))
            return
        self._in_flight[kind] += 1
        try:
            await self._app(scope, receive, answer.send)
        finally:
            if not answer.is_stream:
                self._in_flight[kind] -= 1

    def _let_go(self) -> None:
        """Give back the place of a reader who stays: whoever lets him stay counts him."""
        self._in_flight["read"] -= 1

    def _refusal(self, scope: Any) -> AppError | None:
        headers = scope["headers"]
        size = sum(len(name) + len(value) for name, value in headers)
        if len(headers) > HEADERS_MAX or size > HEADER_BYTES_MAX:
            return invalid("headers", f"at most {HEADERS_MAX} and {HEADER_BYTES_MAX} bytes")
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._hosts.accepts(hosts[0].decode("latin-1")):
            return invalid("Host", "this server does not answer under that name")
        refusal = decode_path(scope)
        if refusal is None and not scope["path"].startswith(_APPLES):
            refusal = check_query(scope.get("query_string", b""))
        return refusal


class Hosts:
    """The names this server answers to (api.md §8)."""

    def __init__(self, settings: Settings) -> None:
        self._exact = {f"{_bracketed(settings.host)}:{settings.port}"}
        self._on_any_port: set[str] = set()
        for url in (settings.public_url, settings.pass_url):
            parts = urlsplit(url)
            name = _bracketed(parts.hostname or "")
            default = _DEFAULT_PORTS.get(parts.scheme)
            self._exact.add(f"{name}:{parts.port or default}")
            if parts.port in {None, default}:
                self._exact.add(name)
        if not settings.is_live:
            self._on_any_port = {"localhost", "127.0.0.1", "[::1]"}

    def accepts(self, host: str) -> bool:
        """Tell whether a Host header names this server."""
        host = host.lower()
        name, _, port = host.rpartition(":")
        if not port.isdigit() or not port.isascii():
            name = host
        return host in self._exact or name in self._on_any_port


class _Answer:
    """Sends one answer and adds what every answer has."""

    def __init__(
        self,
        send: Send,
        headers: list[tuple[bytes, bytes]],
        request_id: str,
        let_go: Callable[[], None],
    ) -> None:
        self._send = send
        self._headers = headers
        self._request_id = request_id
        self._let_go = let_go
        self.status = 500
        self.is_stream = False

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one brings our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", []))
            names = {name.lower() for name, _ in headers}
            headers.append((b"x-request-id", self._request_id.encode()))
            headers += [header for header in self._headers if header[0] not in names]
            message["headers"] = headers
            if (b"content-type", EVENTS.encode()) in headers:
                self.is_stream = True
                self._let_go()
        await self._send(message)

    async def refuse(self, scope: Any, error: AppError) -> None:
        """Answer a problem without asking any route."""
        scope["state"]["code"] = error.code
        body = problem_body(error, self._request_id)
        headers = {**problem_headers(error), "Content-Length": str(len(body))}
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": error.status, "headers": encoded})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()


def _fixed_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": _CSP,
        "cache-control": "no-store",  # a route that may be cached says so itself
        "cross-origin-opener-policy": "same-origin",
    }
    if settings.public_url.startswith("https:"):
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]
