"""Which addresses Google takes: links by their scheme, what it fetches itself by its host."""

from __future__ import annotations

import re

_REST = r"[^\x00-\x20\x7f]*"
_WEB = rf"([^\x00-\x20\x7f/?#@\\]+)([/?#]{_REST})?"
_LINK = re.compile(rf"(https?://{_WEB}|(tel|mailto|geo):[^\x00-\x20\x7f]+)", re.IGNORECASE)
_HTTP = re.compile(rf"(https?)://{_WEB}", re.IGNORECASE)
_LOOPBACK = re.compile(
    r"(localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]{1,3}){3}|\[::1\])\.?(:[0-9]*)?", re.IGNORECASE
)
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+", re.IGNORECASE)


def is_link(url: str) -> bool:
    """Say whether a button of a pass may open it: http, https, tel, mailto, geo."""
    return _LINK.fullmatch(url) is not None


def fetch_refusal(url: str, *, allow_loopback: bool) -> str | None:
    """Say why Google would not call or fetch an address; None when it would.

    `allow_loopback`: in the sandbox this machine will do, also by plain http.
    """
    found = _HTTP.fullmatch(url)
    if found is None:
        return "must be an https address"
    if _LOOPBACK.fullmatch(found[2]):
        return None if allow_loopback else "is on this machine, where Google cannot reach it"
    return None if found[1].lower() == "https" else "must be an https address"


def is_origin(text: str) -> bool:
    """Say whether it is scheme and host (and port) only, without a path."""
    return _ORIGIN.fullmatch(text) is not None
