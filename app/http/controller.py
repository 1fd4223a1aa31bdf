"""What those who run the server ask: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.errors import Unavailable
from app.http import metrics
from app.http.ports import Ports
from app.storage import queries as storage_queries


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A short word for machines."""

    status: str


@get("/healthz", tags=["Operating"], summary="Is the process alive?")
async def healthz() -> Health:
    """Answer 200 as long as the process can answer at all; nothing else is asked."""
    return Health(status="ok")


@get("/readyz", tags=["Operating"], summary="Can it serve?")
async def readyz(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Health:
    """Answer 200 when the database answers and what must be parsed is parsed, else 503."""
    if await ports.database.read_point(storage_queries.is_erasure_due):
        raise Unavailable("restored from a backup; who was erased since is erased again first")
    for check in request.app.state.ready_checks:
        check()
    return Health(status="ready")


@get("/metrics", media_type=MediaType.TEXT, tags=["Operating"], summary="Figures for Prometheus")
async def figures(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer counts and times by route template; no figure is about a person."""
    return Response(request.app.state.metrics.text(), media_type=metrics.MEDIA_TYPE)


ROUTES = [healthz, readyz, figures]
