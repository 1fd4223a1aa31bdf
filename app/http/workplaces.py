"""Which merchant a staff member's session means: who works for several says so."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec

HEADER = b"x-merchant"
COOKIE = "merchant"  # set by the console; which merchant, never who may act for it
_TEXT_MAX = 64


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`merchant`: named by this very request, so no other will do; `kept`: chosen some time ago."""

    merchant: str | None = None
    kept: str | None = None


def asked_of(scope: Any) -> Asked:
    """Read `X-Merchant` and the cookie, as they were sent: `mer_…`, or anything."""
    headers = dict(scope["headers"])
    named = headers.get(HEADER)
    return Asked(
        merchant=None if named is None else named.decode("latin-1").strip()[:_TEXT_MAX],
        kept=_kept(headers.get(b"cookie", b"").decode("latin-1")),
    )


def _kept(header: str) -> str | None:
    if f"{COOKIE}=" not in header:
        return None
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value[:_TEXT_MAX] if morsel and morsel.value else None
