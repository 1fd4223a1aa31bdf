"""The browsers inside social apps, which have no camera and add no passes: how to get out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request

from app.http.ports import Ports

_IN_APP = re.compile(
    r"FBAN|FBAV|FB_IAB|Instagram|Messenger|Line/|Snapchat|TikTok|musical_ly|BytedanceWebview"
    r"|Twitter|LinkedInApp|Pinterest|MicroMessenger|GSA/|; wv\)"
)
_APPLE = re.compile(r"iPhone|iPad|iPod")


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """The browser to open instead, and the address that opens it there; None: copy it."""

    browser: str
    url: str | None
    address: str


def way_out(request: Request[Any, Any, Any], ports: Ports) -> WayOut | None:
    """Find the way out of an app's own browser; None in an ordinary one.

    The fragment, which may hold a token, is added in the page: no server sees it.
    """
    agent = request.headers.get("user-agent", "")
    if not _IN_APP.search(agent):
        return None
    address = ports.settings.public_url + request.url.path
    parts = urlsplit(address)
    if _APPLE.search(agent):
        url = f"x-safari-{address}" if parts.scheme == "https" else None
        return WayOut(browser="Safari", url=url, address=address)
    intent = (
        f"intent://{parts.netloc}{parts.path}#Intent;scheme={parts.scheme};"
        "action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end"
    )
    return WayOut(browser="Chrome", url=intent, address=address)
