"""What the running server does for `listen`, `trigger` and `events resend`; see operator.py."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from app.commands import hooking
from app.commands.hooking import Listening, ListenOrder, Resent, Triggered, TriggerOrder
from app.commands.operator import require_operator
from app.http.media import decode_json
from app.http.ports import Ports

_BYTES = ("application/octet-stream",)


def webhook_routes(token: str) -> list[Any]:
    """Make the routes that take this run's token."""

    @post("/operator/listeners", opt={"content_types": _BYTES}, status_code=200)
    async def listeners(
        request: Request[Any, Any, Any], ports: NamedDependency[Ports]
    ) -> Listening:
        """Begin or end to tell a listener on this machine."""
        require_operator(request, token)
        return await hooking.listened(ports, decode_json(await request.body(), ListenOrder))

    @post("/operator/triggers", opt={"content_types": _BYTES}, status_code=200)
    async def triggers(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Triggered:
        """Record an event that did not happen."""
        require_operator(request, token)
        return await hooking.triggered(ports, decode_json(await request.body(), TriggerOrder))

    @post("/operator/resends", opt={"content_types": _BYTES}, status_code=200)
    async def resends(
        request: Request[Any, Any, Any], ports: NamedDependency[Ports], event: str
    ) -> Resent:
        """Send an event or a delivery once more."""
        require_operator(request, token)
        return await hooking.resent(ports, event)

    return [listeners, triggers, resends]
