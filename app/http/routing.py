"""Paths as sent: each part is decoded by itself, so that %2F inside a card number stays in it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from app.errors import AppError, NotFound, invalid

# Stands for a slash inside a part until the route is found. No part may hold one of its own:
# control characters are refused.
_SLASH = "\x1f"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def decode_path(scope: Any) -> AppError | None:
    """Set `scope["path"]` from the raw path, slashes within parts kept apart. None: all is well."""
    raw = scope.get("raw_path")
    if not raw:
        raw = scope["path"].encode("utf-8", "surrogateescape")
    raw = raw.split(b"?", 1)[0]
    if b"%" not in raw and raw.isascii() and not _CONTROL.search(raw.decode()):
        scope["path"] = raw.decode()
        return None
    if _BAD_ESCAPE.search(raw):
        return NotFound()
    parts = []
    for part in raw.split(b"/"):
        try:
            text = unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            return NotFound()
        if _CONTROL.search(text):
            return NotFound()
        parts.append(text.replace("/", _SLASH))
    scope["path"] = "/".join(parts)
    return None


def check_query(query: bytes) -> AppError | None:
    """Refuse a query that is not UTF-8 or holds control characters. None: all is well."""
    if not query or (b"%" not in query and query.isascii()):
        return None
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        shown = name[:40].decode("ascii", "replace")
        try:
            text = unquote_to_bytes(name + b"=" + value).decode()
        except UnicodeDecodeError:
            return invalid(shown, "not UTF-8")
        if _CONTROL.search(text):
            return invalid(shown, "control characters are not taken")
    return None


def restore_slashes(scope: Any) -> None:
    """Give the handler its path parameters with their own slashes; the route is found by now."""
    parameters = scope.get("path_params")
    if parameters and _SLASH in scope["path"]:
        scope["path_params"] = {
            name: value.replace(_SLASH, "/") if isinstance(value, str) else value
            for name, value in parameters.items()
        }
