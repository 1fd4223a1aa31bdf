"""HTTP in and out of merchants' events: one as JSON, many as NDJSON (specs: api.md §6)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ASGIApp

from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.media import BODY_MAX, JSON
from app.http.ports import Ports
from app.http.streaming import at_most, body_of, streamed
from app.ledger import claiming
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.journal import NO_CLAIMS
from app.ledger.service import Drawn, Posted
from app.loyalty.events import Step
from app.partners import bulk, events
from app.partners.controller import NDJSON, TAGS
from app.partners.event_lines import event_work
from app.partners.event_reading import Read, read_event
from app.partners.event_schemas import EventOut, NewEvent
from app.programs.coalitions import merchant_slug, program_for
from app.programs.service import Program
from app.storage.database import Transaction


@post(
    "/v1/partner/programs/{program_id:str}/events",
    request_max_body_size=None,
    content_types=(JSON, NDJSON),
    callers=("merchant",),
    # For the document: the handler reads either body itself, and answers each in its own way.
    takes=NewEvent,
    gives=EventOut,
    takes_key=True,
    tags=TAGS,
    summary="Tell what happened to a hosted card; many as NDJSON both ways",
)
async def post_events(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> ASGIApp:
    """Answer 201 with what the event did; the same id again answers the same, marked as a replay.

    NDJSON: up to 100,000 lines, answered by 200 and a line each, `ok`, `replayed` or `error`.
    """
    merchant_id = merchant_of(request).merchant_id
    program, merchant = await ports.database.read_point(
        lambda tx: (program_for(tx, merchant_id, program_id), merchant_slug(tx, merchant_id))
    )
    events.hosted(program)
    if request.headers["content-type"].split(";")[0].strip().lower() == NDJSON:
        work = event_work(ports, program, merchant=merchant)
        return streamed(bulk.answers(work, body_of(request.receive)), media_type=NDJSON)
    request.receive = at_most(request.receive, BODY_MAX)
    read = read_event(await request.body(), merchant=merchant, now=ports.clock.wall())
    response = await _one(request, ports, program, read=read, merchant=merchant)
    return response.to_asgi_response(None, request)


async def _one(
    request: Request[Any, Any, Any], ports: Ports, program: Program, *, read: Read, merchant: str
) -> Response[Any]:
    """Take one event; what its program shares is claimed before, and confirmed after."""
    now, drawn = ports.clock.wall(), Drawn(ports.ids.secret(SEED_BYTES))
    card_id = await ports.database.read_point(lambda tx: events.find_card(tx, program, read))
    claims, claimed = NO_CLAIMS, None
    if isinstance(read.event, events.SHARED):
        step = Step(read.id, read.occurred_at, read.event, merchant)
        claims, claimed = await claiming.claim(
            ports, program.program_id, card_id, event_id=read.id, step=step, now=now
        )
    done: list[Posted] = []

    def work(tx: Transaction) -> Made:
        posted = events.take(
            *(tx, program, card_id, read),
            merchant=merchant,
            claims=claims,
            claimed=claimed,
            drawn=drawn,
            now=now,
        )
        done[:] = [posted]  # as the last run of this unit left it
        return Made(201, events.answered(tx, program, read, posted, now=now))

    try:
        answer = await once(request, ports, work, is_needed=False)
    finally:
        await claiming.resolve(ports, claimed)
    for posted in done:
        if posted.is_replay:
            answer = msgspec.structs.replace(answer, is_replay=True)
        else:
            await ledger.settle(ports, posted)
    return answer.response()


ROUTES: list[Any] = [post_events]
