"""The cookie that carries a session for the pages: who gets it, how it is read, when it counts."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from litestar import Request

from app.settings import Settings

COOKIE = "__Host-session"
PLAIN_COOKIE = "session"  # in the sandbox, on a network where browsers keep no Secure cookie
LASTS_SECONDS = 30 * 24 * 3600  # as the session it carries, from its last use
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_READING = {"GET", "HEAD"}


def is_for_page(request: Request[Any, Any, Any]) -> bool:
    """Say whether a page of ours signs in, which gets the cookie instead of the token.

    Browsers alone send `Sec-Fetch-Site`, and scripts cannot forge it or `Origin`. A program that
    sends a token of its own wants a token back.
    """
    headers = _headers_of(request.scope)
    return b"authorization" not in headers and is_same_origin("POST", headers)


def is_same_origin(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Say whether a request comes from a page of ours; a GET also from the address bar."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin" or (site == b"none" and method in _READING)
    origin = headers.get(b"origin")
    host = headers.get(b"host", b"")
    return origin is not None and origin.split(b"://", 1)[-1].lower() == host.lower()


def token_in(scope: Any, settings: Settings) -> str | None:
    """Take the token out of the cookie; None without one."""
    headers = _headers_of(scope)
    header, name = headers.get(b"cookie", b"").decode("latin-1"), _name(headers, settings)
    if name not in header:
        return None
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None


def keep(scope: Any, settings: Settings, token: str) -> str:
    """Write the `Set-Cookie` that keeps a session for as long as it lasts."""
    return _written(scope, settings, token, LASTS_SECONDS)


def forget(scope: Any, settings: Settings) -> str:
    """Write the `Set-Cookie` that takes it away."""
    return _written(scope, settings, "", 0)


def _written(scope: Any, settings: Settings, value: str, seconds: int) -> str:
    name = _name(_headers_of(scope), settings)
    secure = "; Secure" if name == COOKIE else ""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _name(headers: Mapping[bytes, bytes], settings: Settings) -> str:
    """Name the cookie. Browsers take `__Host-` over https, and over http from loopback only."""
    if settings.is_live or settings.public_url.startswith("https:"):
        return COOKIE
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name, _, port = host.rpartition(":")
    return COOKIE if (name if port.isdigit() else host) in _LOOPBACK else PLAIN_COOKIE


def _headers_of(scope: Any) -> dict[bytes, bytes]:
    return dict(scope["headers"])
