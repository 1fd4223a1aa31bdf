"""Routes of a merchant's webhook endpoints (specs: api §5, security §7)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.partners import webhook_queries, webhooks
from app.partners.webhook_schemas import NewWebhook, WebhookChange, WebhookOut, WebhookRoll
from app.storage.database import Transaction

WEBHOOKS = "/v1/partner/webhooks"
ONE = WEBHOOKS + "/{webhook_id:str}"
_ADMIN: dict[str, Any] = {"callers": ("merchant",), "scope": "admin"}
_TAGS = ["Webhooks"]


@get(WEBHOOKS, tags=_TAGS, summary="A merchant's endpoints", opt=_ADMIN)
async def list_webhooks(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[WebhookOut]:
    """Answer the endpoints, the oldest first, without their secrets."""
    merchant_id = merchant_of(request).merchant_id
    begin = (position(ports.secrets, after) or (-1,))[0]
    rows = await ports.database.read_point(
        lambda tx: webhook_queries.of_merchant(tx, merchant_id, begin, limit + 1)
    )
    found = [((row.webhook_id,), webhooks.webhook_out(row)) for row in rows]
    return page(ports.secrets, found, limit=limit)


@post(WEBHOOKS, tags=_TAGS, summary="Make an endpoint", opt=_ADMIN)
async def make_webhook(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewWebhook]
) -> Response[WebhookOut]:
    """Answer the endpoint with the secret that signs its messages, shown this once."""
    webhooks.judge_url(ports.settings, data.url)
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    drawn = webhooks.draw(ports, now)

    def work(tx: Transaction) -> Made:
        return Made(201, webhooks.add(tx, merchant_id, data, drawn=drawn, now=now))

    return (await once(request, ports, work)).response()


@get(ONE, tags=_TAGS, summary="An endpoint", opt=_ADMIN)
async def show_webhook(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], webhook_id: FromPath[str]
) -> WebhookOut:
    """Answer an endpoint without its secret."""
    merchant_id = merchant_of(request).merchant_id
    row = await ports.database.read_point(lambda tx: webhooks.find(tx, merchant_id, webhook_id))
    return webhooks.webhook_out(row)


@put(ONE, tags=_TAGS, summary="Change an endpoint, switch it on or off", opt=_ADMIN)
async def change_webhook(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    webhook_id: FromPath[str],
    data: JSONBody[WebhookChange],
) -> WebhookOut:
    """Answer the endpoint as it is now; switched on, it begins with what happens from then on."""
    webhooks.judge_url(ports.settings, data.url)
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    return await ports.database.write(
        lambda tx: webhooks.change(tx, merchant_id, webhook_id, data, now=now)
    )


@post(ONE + "/roll", tags=_TAGS, summary="Roll an endpoint's secret", opt=_ADMIN)
async def roll_webhook(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    webhook_id: FromPath[str],
    data: JSONBody[WebhookRoll],
) -> Response[WebhookOut]:
    """Answer the new secret; messages carry both signatures for the overlap, a day unless said."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    drawn = webhooks.draw(ports, now)

    def work(tx: Transaction) -> Made:
        seconds = data.overlap_seconds
        rolled = webhooks.roll(
            tx, merchant_id, webhook_id, drawn=drawn, overlap_seconds=seconds, now=now
        )
        return Made(200, rolled)

    return (await once(request, ports, work)).response()


@delete(ONE, tags=_TAGS, summary="Delete an endpoint", opt=_ADMIN)
async def delete_webhook(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], webhook_id: FromPath[str]
) -> None:
    """End an endpoint at once; what waits for it is skipped."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    await ports.database.write(lambda tx: webhooks.delete(tx, merchant_id, webhook_id, now=now))


ROUTES = [
    list_webhooks,
    make_webhook,
    show_webhook,
    change_webhook,
    roll_webhook,
    delete_webhook,
]
