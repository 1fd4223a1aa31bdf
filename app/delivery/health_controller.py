"""The route by which a merchant sees what will break, and what is broken (specs: web §6)."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency

from app.delivery import health
from app.delivery.health_schemas import HealthOut
from app.errors import Unavailable
from app.google.running import Google
from app.http.callers import merchant_of
from app.http.ports import Ports
from app.users.mails import preferred_language


@get(
    "/v1/partner/health",
    callers=("merchant",),
    tags=["Merchant"],
    summary="Certificates, Apple, Google, webhooks",
)
async def partner_health(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> HealthOut:
    """Answer days left, queues, failures and last successes; 20 days left is red."""
    language = preferred_language(request.headers.get("accept-language", ""))
    return await look(request, ports, merchant_of(request).merchant_id, language=language)


async def look(
    request: Request[Any, Any, Any], ports: Ports, merchant_id: int, *, language: str
) -> HealthOut:
    """Look at everything, for the route and for the console's page."""
    google: Google = request.app.state.google
    try:
        stopped = await google.pacer.stopped(await google.issuers.first())
    except Unavailable:
        stopped = None  # a server without an account at Google stops nothing
    now = ports.clock.wall()
    return await ports.database.read(
        lambda tx: health.health(tx, merchant_id, stopped=stopped, language=language, now=now)
    )


ROUTES = [partner_health]
