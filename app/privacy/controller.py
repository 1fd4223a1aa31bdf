"""HTTP in and out of a user's own data: take it along, or have it erased."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import MediaType, Request, Response, delete, get
from litestar.di import NamedDependency

from app.clock import rfc3339
from app.http import cookies
from app.http.callers import user_of
from app.http.ports import Ports
from app.privacy import erasing
from app.privacy.archive import archive
from app.privacy.erasing import Gone
from app.privacy.sections import sections
from app.users import merging

Forget = Callable[[Gone], Awaitable[None]]  # what a room above keeps of an erased user
EXPORTS_PER_HOUR = 20
_USER: dict[str, Any] = {"callers": ("user",)}


@delete("/v1/me", tags=["Users"], summary="Erase everything about you", status_code=204, **_USER)
async def erase_me(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[None]:
    """Answer 204 when it is done. It cannot be undone, and every session of the user has ended."""
    state, user_id = request.app.state, user_of(request).user_id
    await merging.finish(request, ports, user_id)  # an account that goes into this one goes along
    gone = await erasing.erase(ports, user_id, is_delivering=state.get("worker") is not None)
    forget: Sequence[Forget] = state.get("forget", ())
    for each in forget:
        await each(gone)
    kept = {"Set-Cookie": cookies.forget(request.scope, ports.settings)}
    return Response(None, status_code=204, headers=kept)


@get(
    "/v1/me/export",
    media_type=MediaType.TEXT,
    tags=["Users"],
    summary="Take along everything we hold about you",
    **_USER,
)
async def export_me(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[bytes]:
    """Answer a zip: one JSON file, a CSV for each section, and your pictures of cards."""
    user_id, now = user_of(request).user_id, ports.clock.wall()
    ports.limiter.check("exports", str(user_id), per_hour=EXPORTS_PER_HOUR, now=now)
    found = await ports.database.read(lambda tx: sections(tx, user_id, secrets=ports.secrets))
    loop = asyncio.get_running_loop()
    packed = await loop.run_in_executor(
        ports.threads, lambda: archive(found, exported_at=rfc3339(now))
    )
    return Response(packed, media_type="application/zip", headers=_DOWNLOAD)


_DOWNLOAD = {
    "Content-Disposition": 'attachment; filename="portecarte.zip"',
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
ROUTES: list[Any] = [erase_me, export_me]
