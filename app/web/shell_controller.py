"""What all pages share: their files, the service worker, the manifest of the installed wallet."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from app.errors import NotFound
from app.web.assets import assets
from app.web.pages import render, words_of

_TAGS = ["Pages"]
_FOR_EVER = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "no-cache"


@get(
    "/static/{version:str}/{name:path}",
    media_type=MediaType.TEXT,
    tags=_TAGS,
    summary="Scripts, styles and icons of the pages",
)
async def static(
    request: Request[Any, Any, Any], version: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """Answer a file; under another version's address the file as it is now, which nobody keeps."""
    found = assets()
    is_current = version == found.version
    return _file(request, name.lstrip("/"), caching=_FOR_EVER if is_current else _ASKED_AGAIN)


@get("/favicon.ico", media_type=MediaType.TEXT, tags=_TAGS, summary="The sign of this server")
async def favicon(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the icon to browsers that ask for it under this name on pages that name none."""
    return _file(request, "icons/icon-192.png", caching=_ASKED_AGAIN)


@get("/sw.js", media_type=MediaType.TEXT, tags=_TAGS, summary="Keeps the wallet without network")
async def service_worker(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the service worker, from the root because it serves all pages."""
    return _file(request, "js/sw.js", caching=_ASKED_AGAIN)


@get("/manifest.webmanifest", media_type=MediaType.TEXT, tags=_TAGS, summary="The wallet as an app")
async def manifest(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer name, colours and icons in the language of whoever looks."""
    words, url = words_of(request), assets().url
    icons = [
        {"src": url("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": url("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": url("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": url("icons/maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]
    described = {
        "id": "/",
        "name": words.text("common.brand"),
        "short_name": words.text("common.brand"),
        "description": words.text("common.description"),
        "lang": words.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f5f0",
        "theme_color": "#f7f5f0",
        "icons": icons,
        "shortcuts": [{"name": words.text("common.add"), "url": "/add"}],
    }
    headers = {"Cache-Control": _ASKED_AGAIN, "Vary": "Accept-Language, Cookie"}
    body = msgspec.json.encode(described)
    return Response(body, media_type="application/manifest+json", headers=headers)


@get("/offline", media_type=MediaType.HTML, tags=_TAGS, summary="Shown where nothing is kept")
async def offline(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Draw the page that a browser keeps for addresses it cannot reach."""
    return render(request, "offline.html", page="offline")


def _file(request: Request[Any, Any, Any], name: str, *, caching: str) -> Response[bytes]:
    found = assets().by_name.get(name)
    if found is None:
        raise NotFound
    headers, body = {"Cache-Control": caching, "Vary": "Accept-Encoding"}, found.body
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], body = "gzip", found.packed
    return Response(body, media_type=found.kind, headers=headers)


ROUTES: list[Any] = [static, favicon, service_worker, manifest, offline]
