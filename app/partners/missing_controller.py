"""HTTP in and out of the queue of missing points."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Drawn, Posted
from app.partners import missing
from app.partners.missing_schemas import Adjusting, Declining, QueuedOut
from app.programs.coalitions import program_for
from app.storage.database import Transaction

TAGS = ["Partners"]
QUEUE = "/v1/partner/programs/{program_id:str}/missing-points"
_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}
Status = Annotated[
    Literal["open", "adjusted", "declined"] | None,
    Parameter(description="Only requests of this status."),
]


@get(QUEUE, tags=TAGS, summary="Points that members say are missing", **_MERCHANT)
async def list_missing(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    status: Status = None,
    limit: Limit = 20,
    after: After = None,
) -> Page[QueuedOut]:
    """Answer the requests, oldest first."""
    merchant_id = merchant_of(request).merchant_id
    begin = (position(ports.secrets, after) or (-1,))[0]

    def work(tx: Transaction) -> Page[QueuedOut]:
        program = program_for(tx, merchant_id, program_id)
        rows = missing.listed(tx, program, status, after=begin, limit=limit + 1)
        found = [((row.request_id,), missing.queued_out(tx, program, row)) for row in rows]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read(work)


@post(
    QUEUE + "/{request_id:str}/adjust",
    status_code=200,
    tags=TAGS,
    summary="Give the units that miss",
    **_MERCHANT,
)
async def adjust_missing(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    request_id: FromPath[str],
    data: JSONBody[Adjusting],
    *,
    ports: NamedDependency[Ports],
) -> Response[QueuedOut]:
    """Add the units with the reason, once; the member reads both. 409 `already-decided`."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    drawn = Drawn(ports.ids.secret(SEED_BYTES))
    done: list[Posted] = []

    def work(tx: Transaction) -> Made:
        program = program_for(tx, merchant_id, program_id)
        answered = missing.adjust(tx, program, request_id, data, drawn=drawn, now=now)
        done[:] = [] if answered.posted is None else [answered.posted]
        return Made(200, answered.request)

    answer = await once(request, ports, work, is_needed=False)
    for posted in done:
        await ledger.settle(ports, posted)
    return answer.response()


@post(
    QUEUE + "/{request_id:str}/decline",
    status_code=200,
    tags=TAGS,
    summary="Refuse units that were said to miss",
    **_MERCHANT,
)
async def decline_missing(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    request_id: FromPath[str],
    data: JSONBody[Declining],
    *,
    ports: NamedDependency[Ports],
) -> Response[QueuedOut]:
    """Refuse with the reason, once; the member reads it. 409 `already-decided`."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()

    def work(tx: Transaction) -> Made:
        program = program_for(tx, merchant_id, program_id)
        answered = missing.decline(tx, program, request_id, data, now=now)
        return Made(200, answered.request)

    return (await once(request, ports, work, is_needed=False)).response()


ROUTES: list[Any] = [list_missing, adjust_missing, decline_missing]
