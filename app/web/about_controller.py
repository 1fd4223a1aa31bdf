"""What Portecarte is, for whoever holds cards: linked in every foot."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.http.ports import Ports
from app.web.pages import render, visitor_of


@get("/about", media_type=MediaType.HTML, tags=["Pages"], summary="What this is")
async def about(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
    """Explain the wallet in a few lines; the sandbox's page shows it."""
    return render(
        request,
        "about.html",
        page="about",
        visitor=await visitor_of(request, ports),
        is_sandbox=not ports.settings.is_live,
    )


ROUTES: list[Any] = [about]
