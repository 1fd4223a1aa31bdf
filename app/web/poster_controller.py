"""The route of a program's poster as a file to print."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter

from app.clock import SECOND
from app.http.callers import merchant_of
from app.http.ports import Ports
from app.programs.coalitions import program_for
from app.web.poster import Size, poster_of
from app.web.poster_drawing import as_pdf

MIME = "application/pdf"


@get(
    "/v1/partner/programs/{program_id:str}/poster.pdf",
    tags=["Programs"],
    summary="The poster by which customers join, as PDF",
    opt={"callers": ("merchant",)},
    media_type=MIME,
)
async def poster(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    program_id: FromPath[str],
    *,
    size: Annotated[Size, Parameter(description="The paper.")] = "a4",
    lang: Annotated[
        Literal["fr", "en"] | None,
        Parameter(description="Its language; absent is the program's first."),
    ] = None,
) -> Response[bytes]:
    """Draw a page with the program's name and colour, and the code of its join page."""
    merchant_id = merchant_of(request).merchant_id
    found = await ports.database.read_point(lambda tx: program_for(tx, merchant_id, program_id))
    language = lang or found.document.languages[0]
    url, at = f"{ports.settings.public_url}/join/{found.slug}", _day(ports)

    def draw() -> bytes:
        return as_pdf(poster_of(found, size=size, language=language, url=url), at=at)

    pdf = await asyncio.get_running_loop().run_in_executor(ports.threads, draw)
    name = f"{found.slug}-{size}-{language}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private"}
    return Response(pdf, media_type=MIME, headers=headers)


def _day(ports: Ports) -> datetime:
    return datetime.fromtimestamp(ports.clock.wall() // SECOND, UTC)


ROUTES: list[Any] = [poster]
