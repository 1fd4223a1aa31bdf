"""The pages that bring cards in: one typed, scanned or pasted, or many of another app's file."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.http.ports import Ports
from app.web.pages import render, visitor_of
from app.web.way_out import way_out
from passes.barcode import FORMATS
from passes.barcode.symbologies import SYMBOLOGIES

_TAGS = ["Pages"]
_NAMED = tuple((name, SYMBOLOGIES[name].title) for name in FORMATS if name != "none")


@get("/add", media_type=MediaType.HTML, tags=_TAGS, summary="Add a card")
async def add_page(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[str]:
    """Draw the page; nobody needs an account to add a card."""
    visitor = await visitor_of(request, ports)
    return render(
        request,
        "add.html",
        page="add",
        visitor=visitor,
        formats=_NAMED,
        way_out=way_out(request, ports),
    )


@get("/import", media_type=MediaType.HTML, tags=_TAGS, summary="Import cards from another app")
async def import_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the page that lists what a file holds before it is imported."""
    visitor = await visitor_of(request, ports)
    return render(request, "import.html", page="import", visitor=visitor)


ROUTES: list[Any] = [add_page, import_page]
