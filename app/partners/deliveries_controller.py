"""Routes of webhook deliveries: what was sent, what was answered, once more (specs: api §5)."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter

from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.partners import deliveries
from app.partners.deliveries import NEWEST, Wanted
from app.partners.webhook_schemas import DeliveryOut, Status
from app.storage.database import Transaction

DELIVERIES = "/v1/partner/webhook-deliveries"
_READ: dict[str, Any] = {"callers": ("merchant",), "scope": "read"}
_WRITE: dict[str, Any] = {"callers": ("merchant",), "scope": "write"}
_TAGS = ["Webhooks"]
_PLACES = len(NEWEST)
OfWebhook = Annotated[str | None, Parameter(max_length=64, description="Of one endpoint, `whk_…`.")]
OfCard = Annotated[str | None, Parameter(max_length=64, description="Of one card, `card_…`.")]
OfStatus = Annotated[Status | None, Parameter(description="Only those that stand so.")]


@get(DELIVERIES, tags=_TAGS, summary="What webhooks were told", opt=_READ)
async def list_deliveries(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    webhook: OfWebhook = None,
    status: OfStatus = None,
    card: OfCard = None,
    limit: Limit = 20,
    after: After = None,
) -> Page[DeliveryOut]:
    """Answer the deliveries of the last 30 days, the newest first, each with its tries."""
    wanted = Wanted(
        merchant_id=merchant_of(request).merchant_id,
        webhook=webhook,
        card=card,
        status=status,
        before=position(ports.secrets, after, count=_PLACES) or NEWEST,
        limit=limit + 1,
    )
    found = await ports.database.read(lambda tx: deliveries.listed(tx, wanted))
    return page(ports.secrets, found, limit=limit)


@get(DELIVERIES + "/{delivery_id:str}", tags=_TAGS, summary="A delivery and its body", opt=_READ)
async def show_delivery(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], delivery_id: FromPath[str]
) -> DeliveryOut:
    """Answer a delivery with the body as signed, and the beginning of each answer."""
    merchant_id = merchant_of(request).merchant_id
    return await ports.database.read_point(
        lambda tx: deliveries.shown(tx, merchant_id, delivery_id)
    )


@post(
    DELIVERIES + "/{delivery_id:str}/replay",
    status_code=200,
    tags=_TAGS,
    summary="Send a delivery once more",
    opt=_WRITE,
)
async def replay_delivery(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], delivery_id: FromPath[str]
) -> Response[DeliveryOut]:
    """Answer the delivery, pending again with all its tries; same id, same body.

    409 where its endpoint is switched off or deleted.
    """
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    row = await ports.database.read_point(lambda tx: deliveries.find(tx, merchant_id, delivery_id))

    def work(tx: Transaction) -> Made:
        return Made(200, deliveries.replay(tx, row, now=now))

    return (await once(request, ports, work, is_needed=False)).response()


ROUTES = [list_deliveries, show_delivery, replay_delivery]
