"""The route that describes rules (specs: api §5)."""

from __future__ import annotations

from functools import cache

import msgspec
from litestar import Response, get

from app.loyalty.reading import program_schema

MEDIA_TYPE = "application/schema+json"


@get(
    "/v1/partner/program.schema.json",
    tags=["Programs"],
    summary="JSON Schema of a program's rules",
    opt={"callers": ("merchant",)},
)
async def schema() -> Response[bytes]:
    """Describe the format `loyalty-program/1`."""
    return Response(_written(), media_type=MEDIA_TYPE)


@cache
def _written() -> bytes:
    return msgspec.json.encode(program_schema())


ROUTES = [schema]
