"""Routes of messages to all or many of a program's cards (specs: api.md §5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.http.callers import merchant_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.partners import message_queries as queries
from app.partners import messages
from app.partners.message_schemas import MessageOut, NewMessage
from app.partners.messages import NEWEST, Draft, Reach
from app.programs.service import own_program
from app.storage.database import Transaction

MESSAGES_PER_HOUR = 200  # of a merchant, dry runs too: each walks over all cards
PATH = "/v1/partner/programs/{program_id:str}/messages"
_TAGS = ["Partners"]
_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}


@post(PATH, tags=_TAGS, summary="Send a message to all or many cards", **_MERCHANT)
async def send(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    data: JSONBody[NewMessage],
    ports: NamedDependency[Ports],
) -> Response[MessageOut]:
    """Answer 201 with whom it reaches; it goes out from then on. `dry_run`: 200, nothing is sent.

    A person gets at most 3 such messages in 7 days, of all merchants together. Needs an
    Idempotency-Key, but for a dry run.
    """
    if not data.dry_run:
        require_key(request)
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    ports.limiter.check("messages", str(merchant_id), per_hour=MESSAGES_PER_HOUR, now=now)

    draft = await ports.database.read_point(
        lambda tx: messages.judge(own_program(tx, merchant_id, program_id), data, now=now)
    )
    reach = await _reach(ports, draft, now=now)
    if data.dry_run:
        return Response(messages.dry_run_out(draft, reach), status_code=200)
    promotion_id, public = ports.ids.next(now), ports.ids.public()

    def work(tx: Transaction) -> Made:
        row = messages.send_off(tx, draft, reach, promotion_id=promotion_id, public_id=public)
        return Made(201, messages.message_out(row, reach))

    answer = await once(request, ports, work)
    return answer.response()


@get(PATH, tags=_TAGS, summary="Messages that were sent", **_MERCHANT)
async def list_messages(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[MessageOut]:
    """Answer the program's messages, the newest first, and who has got each so far."""
    merchant_id = merchant_of(request).merchant_id
    before = (position(ports.secrets, after) or (NEWEST,))[0]

    def work(tx: Transaction) -> Page[MessageOut]:
        program = own_program(tx, merchant_id, program_id)
        rows = queries.page(tx, program.program_id, before, limit + 1)
        found = [((row.promotion_id,), messages.message_out(row)) for row in rows]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read_point(work)


async def _reach(ports: Ports, draft: Draft, *, now: int) -> Reach:
    """Count whom a message reaches; others' reads come in between pages."""
    found, after = Reach(), messages.FIRST
    while True:
        page_of_cards = await ports.database.read(
            partial(
                messages.page_of, draft=draft, after=after, limit=messages.CARDS_A_PAGE, now=now
            )
        )
        messages.add_reach(draft, found, page_of_cards)
        if len(page_of_cards) < messages.CARDS_A_PAGE:
            return found
        after = page_of_cards[-1].card_id


ROUTES: list[Any] = [send, list_messages]
