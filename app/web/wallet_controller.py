"""The wallet's pages: the list of cards, and a card."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.http.ports import Ports
from app.web.pages import render, visitor_of

_TAGS = ["Pages"]


@get("/", media_type=MediaType.HTML, tags=_TAGS, summary="The wallet")
async def wallet(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[str]:
    """Draw the list of cards of whoever looks; a stranger is told what this is."""
    visitor = await visitor_of(request, ports)
    return render(request, "wallet.html", page="wallet", visitor=visitor)


ROUTES: list[Any] = [wallet]
