"""How the fake Google answers: bodies of JSON and HTML, refusals in Google's usual form."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Reply(msgspec.Struct, frozen=True):
    """An answer, ready to be sent."""

    status: int
    body: bytes = b""
    kind: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A "no", with Google's `reason`. `retry_after` in seconds."""

    def __init__(
        self, status: int, reason: str, message: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    def reply(self) -> Reply:
        """Write it as Google would."""
        code = self.status
        said: dict[str, Any] = {
            "code": code,
            "message": self.message,
            "errors": [{"message": self.message, "domain": "walletobjects", "reason": self.reason}],
            "status": _STATUSES.get(code, "UNKNOWN"),
        }
        headers = []
        if self.retry_after is not None:
            headers.append(("Retry-After", str(self.retry_after)))
        if code == 401:
            headers.append(("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"'))
        return Reply(code, msgspec.json.encode({"error": said}), headers=tuple(headers))


def invalid(message: str) -> Refused:
    """Refuse an argument."""
    return Refused(400, "badRequest", f"Request contains an invalid argument. {message}")


def denied() -> Refused:
    """Refuse an account that the issuer has not invited."""
    return Refused(403, "permissionDenied", "Permission Denied")


def answered(content: Any, status: int = 200) -> Reply:
    """Answer JSON."""
    return Reply(status, msgspec.json.encode(content))


def page(title: str, inner: str, status: int = 200) -> Reply:
    """Answer a small page of our own. `inner` is HTML, escaped by its writer."""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        '<link rel="stylesheet" href="/static/now/base.css"></head>'
        f"<body><main><h1>{escape(title)}</h1>{inner}</main></body></html>"
    )
    return Reply(status, text.encode(), "text/html; charset=utf-8")
