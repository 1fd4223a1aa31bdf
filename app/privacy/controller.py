"""HTTP in and out of a user's own data: take it along, or have it erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import Request, Response, delete
from litestar.di import NamedDependency

from app.http import cookies
from app.http.callers import user_of
from app.http.ports import Ports
from app.privacy import erasing
from app.privacy.erasing import Gone

Forget = Callable[[Gone], Awaitable[None]]  # what a room above keeps of an erased user
_USER: dict[str, Any] = {"callers": ("user",)}


@delete("/v1/me", tags=["Users"], summary="Erase everything about you", status_code=204, **_USER)
async def erase_me(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[None]:
    """Answer 204 when it is done. It cannot be undone, and every session of the user has ended."""
    state = request.app.state
    gone = await erasing.erase(
        ports, user_of(request).user_id, is_delivering=state.get("worker") is not None
    )
    forget: Sequence[Forget] = state.get("forget", ())
    for each in forget:
        await each(gone)
    kept = {"Set-Cookie": cookies.forget(request.scope, ports.settings)}
    return Response(None, status_code=204, headers=kept)


ROUTES: list[Any] = [erase_me]
