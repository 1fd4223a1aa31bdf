"""The pages for developers: /docs and its guides, error codes, every route as curl."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.errors import NotFound
from app.http.ports import Ports
from app.web.controller import document_of
from app.web.curl import curl_of
from app.web.error_page import sections
from app.web.openapi_polish import operations
from app.web.pages import render

# The guides in the order of their navigation; each is templates/docs-<name>.html.
GUIDES = ("till", "statements", "webhooks", "routes", "client")
_TAGS = ["Documentation"]
# No program of a merchant's asks them.
_UNLISTED = {"Pages", "Console", "Documentation", "Sandbox", "Apple's web service"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A route as the page of routes shows it."""

    name: str
    anchor: str
    summary: str
    description: str
    curl: str


@get("/docs", media_type=MediaType.HTML, tags=_TAGS, summary="For developers")
async def docs(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
    """Show where to begin, and the whole interface with Swagger UI."""
    return _page(request, ports, "docs")


@get("/docs/errors", media_type=MediaType.HTML, tags=_TAGS, summary="All error codes")
async def errors(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
    """Show a section for each code, its name as anchor."""
    return _page(request, ports, "errors", sections=sections())


@get("/docs/{guide:str}", media_type=MediaType.HTML, tags=_TAGS, summary="A guide")
async def guide(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], guide: FromPath[str]
) -> Response[Any]:
    """Show a guide: till, statements, webhooks, routes, client. Raises NotFound for another."""
    if guide not in GUIDES:
        raise NotFound
    values = {"groups": _groups(request, ports)} if guide == "routes" else {}
    return _page(request, ports, guide, **values)


def _page(request: Request[Any, Any, Any], ports: Ports, name: str, **values: Any) -> Response[Any]:
    template = "docs.html" if name == "docs" else f"docs-{name}.html"
    return render(
        request,
        template,
        page="docs",
        guide=name,
        guides=GUIDES,
        base=ports.settings.public_url,
        mode=ports.settings.token_mode,
        is_sandbox=not ports.settings.is_live,
        **values,
    )


def _groups(request: Request[Any, Any, Any], ports: Ports) -> list[tuple[str, list[Entry]]]:
    """Sort the routes by their tags, as the document lists them."""
    state = request.app.state
    if "docs_groups" not in state:
        found: dict[str, list[Entry]] = {}
        for path, method, operation in operations(document_of(request, ports).plain):
            tag = operation.get("tags", ["Sandbox"])[0]
            if tag not in _UNLISTED:
                found.setdefault(tag, []).append(_entry(path, method, operation))
        state.docs_groups = list(found.items())
    groups: list[tuple[str, list[Entry]]] = state.docs_groups
    return groups


def _entry(path: str, method: str, operation: dict[str, Any]) -> Entry:
    return Entry(
        name=f"{method.upper()} {path}",
        anchor=operation["operationId"],
        summary=operation["summary"],
        description=operation.get("description", ""),
        curl=curl_of(path, method, operation),
    )


ROUTES: list[Any] = [docs, errors, guide]
