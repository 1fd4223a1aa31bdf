"""The OpenAPI document as JSON and YAML, Swagger UI's files, what robots may read."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from app.errors import NotFound
from app.http.ports import Ports
from app.web import yaml
from app.web.openapi import describe

# Names that may be asked for: what kind each is, and whether it is ours or Swagger UI's.
_ASSETS = {
    "docs.js": ("text/javascript", "app.web"),
    "docs.css": ("text/css", "app.web"),
    "swagger-ui.css": ("text/css", "swagger_ui"),
    "swagger-ui-bundle.js": ("text/javascript", "swagger_ui"),
    "favicon-32x32.png": ("image/png", "swagger_ui"),
}
# Google fetches pictures and tells of saves only where a robots.txt lets it (google.md §2).
# Else search engines get what is for everybody; what is personal needs a credential anyway.
_ROBOTS = "User-agent: *\nAllow: /images/\nAllow: /google/callbacks\nAllow: /docs\n"
_ROBOTS += "Allow: /about\nAllow: /join/\nAllow: /static/\nDisallow: /\n"
_CACHED = {"Cache-Control": "public, max-age=3600"}


@get("/openapi.json", tags=["Documentation"], summary="This interface as OpenAPI 3.1")
async def openapi(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[bytes]:
    """Answer the document; it is the same for everybody."""
    return Response(document_of(request, ports).encoded, media_type=MediaType.JSON)


@get(
    "/openapi.yaml",
    media_type="application/yaml",
    tags=["Documentation"],
    summary="This interface as OpenAPI 3.1, in YAML",
)
async def openapi_yaml(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Answer the same document in YAML."""
    state = request.app.state
    if "openapi_yaml" not in state:
        state.openapi_yaml = yaml.written(document_of(request, ports).plain)
    return Response(state.openapi_yaml, media_type="application/yaml")


class Described(msgspec.Struct, frozen=True):
    """The document, as objects and as JSON."""

    plain: dict[str, Any]
    encoded: bytes


def document_of(request: Request[Any, Any, Any], ports: Ports) -> Described:
    """Return the app's own document; derived once, when first asked for."""
    state = request.app.state
    if "openapi" not in state:
        dependencies = {"ports": Provide(lambda: ports, sync_to_thread=False)}
        plain = describe(state.routes, dependencies)
        state.openapi = Described(plain, msgspec.json.encode(plain))
    found: Described = state.openapi
    return found


@get("/robots.txt", media_type=MediaType.TEXT, tags=["Operating"], summary="What robots may read")
async def robots() -> str:
    """Admit robots to what is for everybody, and Google to its callbacks."""
    return _ROBOTS


@get(
    "/docs/assets/{name:str}",
    media_type=MediaType.TEXT,
    tags=["Documentation"],
    summary="Scripts and styles of the page",
)
async def asset(name: FromPath[str]) -> Response[bytes]:
    """Answer a file of the page. Raises NotFound for a name that is none."""
    if name not in _ASSETS:
        raise NotFound
    kind, package = _ASSETS[name]
    return Response(_file(package, name), media_type=kind, headers=_CACHED)


@lru_cache(len(_ASSETS) + 2)
def _file(package: str, name: str) -> bytes:
    return (files(package) / "static" / name).read_bytes()


ROUTES = [openapi, openapi_yaml, robots, asset]
