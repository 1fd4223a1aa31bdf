"""The page of the till: one page, its app, and the worker that keeps it without network."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get

from app.web.assets import assets
from app.web.pages import render, words_of

_TAGS = ["Pages"]


@get("/till", media_type=MediaType.HTML, tags=_TAGS, summary="The till")
async def till_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Draw the till, the same for everybody: its token stands on the device alone."""
    return render(request, "till.html", page="till")


@get("/till.webmanifest", media_type=MediaType.TEXT, tags=_TAGS, summary="The till as an app")
async def till_manifest(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer name, colours and icons of the installed till."""
    words, url = words_of(request), assets().url
    described = {
        "id": "/till",
        "name": words.text("till.app"),
        "short_name": words.text("till.title"),
        "lang": words.language,
        "start_url": "/till",
        "scope": "/till",
        "display": "standalone",
        "background_color": "#f7f5f0",
        "theme_color": "#f7f5f0",
        "icons": [
            {"src": url("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": url("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": url("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        ],
    }
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
    body = msgspec.json.encode(described)
    return Response(body, media_type="application/manifest+json", headers=headers)


@get("/till-sw.js", media_type=MediaType.TEXT, tags=_TAGS, summary="Keeps the till for no network")
async def till_worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the till's service worker, whose scope is this one page."""
    found = assets().by_name["js/till-sw.js"]
    return Response(found.body, media_type=found.kind, headers={"Cache-Control": "no-cache"})


ROUTES: list[Any] = [till_page, till_manifest, till_worker]
