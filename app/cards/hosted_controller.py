"""HTTP in and out of what a card's account holds: history, vouchers, redemptions, private sales."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.cards import access, history, redeeming, service
from app.cards.hosted import HOSTED, view_of, voucher_out
from app.cards.schemas import AccessOut, HistoryEntry, NewRedemption, RedemptionOut, VoucherOut
from app.errors import NotFound
from app.http.callers import caller_of, user_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import parse_public_id
from app.ledger import claiming
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Drawn, Posted, ShownVoucher
from app.storage.database import Transaction

TAGS = ["Cards"]
_HOLDER: dict[str, Any] = {"callers": ("user",)}


@get("/v1/cards/{card_id:str}/history", tags=TAGS, summary="What happened on a card", **_HOLDER)
async def list_history(
    *,
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[HistoryEntry]:
    """Answer newest first: entries with why in words; of a mirrored card its statements."""
    before = (position(ports.secrets, after) or (history.NEWEST,))[0]
    user_id, secrets = user_of(request).user_id, ports.secrets

    def work(tx: Transaction) -> Page[HistoryEntry]:
        card = service.seen_card(tx, caller_of(request), card_id)
        found = history.history(
            tx, card, user_id=user_id, before=before, limit=limit, secrets=secrets
        )
        return page(secrets, found, limit=limit)

    return await ports.database.read(work)


@get("/v1/cards/{card_id:str}/vouchers", tags=TAGS, summary="A card's vouchers", **_HOLDER)
async def list_vouchers(
    *,
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[VoucherOut]:
    """Answer the newest first, used and void ones too; none for a card that is not hosted.

    A holder who may only see the card is told no code: whoever knows it may use it.
    """
    begin, now = position(ports.secrets, after), ports.clock.wall()
    user_id, raw = user_of(request).user_id, parse_public_id("card", card_id)
    if raw is None:
        raise NotFound

    def work(tx: Transaction) -> Page[VoucherOut]:
        held = service.held_by(tx, user_id, raw)
        card, may_spend = held.state.card, held.holding.access in service.MAY_SPEND
        found: list[ShownVoucher] = []
        if card.authority == HOSTED:
            found = _vouchers(tx, card.card_id, begin, limit=limit, now=now)
        rows = [((each.voucher.number,), voucher_out(each, has_code=may_spend)) for each in found]
        return page(ports.secrets, rows, limit=limit)

    return await ports.database.read(work)


def _vouchers(
    tx: Transaction, card_id: int, begin: tuple[int, ...] | None, *, limit: int, now: int
) -> list[ShownVoucher]:
    """List up to limit + 1; the newest as time has left them, older ones as they are stored."""
    if begin is not None:
        return ledger.vouchers_of(tx, card_id, before=begin[0], limit=limit + 1)
    view = view_of(tx, card_id, now=now)
    return [] if view is None else list(view.vouchers[: limit + 1])


@post("/v1/cards/{card_id:str}/redemptions", tags=TAGS, summary="Redeem units", **_HOLDER)
async def redeem(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    data: JSONBody[NewRedemption],
    ports: NamedDependency[Ports],
) -> Response[RedemptionOut]:
    """Turn units into a voucher or a reward, or try an instant win; answer as for an event.

    Owners and holders with full access; `rule` absent is the program's first of that type.
    """
    require_key(request)
    user_id, now, raw = (
        user_of(request).user_id,
        ports.clock.wall(),
        parse_public_id("card", card_id),
    )
    if raw is None:
        raise NotFound
    card = await ports.database.read_point(lambda tx: redeeming.spending_card(tx, user_id, raw))
    assert card.program_id is not None, "hosted cards are of a program"
    event_id = redeeming.event_id_of(user_id, card_id, request.headers["idempotency-key"])
    step = redeeming.step_of(data, event_id, now)
    claims, claimed = await claiming.claim(
        ports, card.program_id, card.card_id, event_id=event_id, step=step, now=now
    )
    drawn = Drawn(ports.ids.secret(SEED_BYTES))
    done: list[Posted] = []

    def work(tx: Transaction) -> Made:
        posted, answer = redeeming.redeem(
            *(tx, user_id, card, step), claims=claims, claimed=claimed, drawn=drawn
        )
        done[:] = [posted]  # as the last run of this unit left it
        return Made(201, answer)

    try:
        answer = await once(request, ports, work)
    finally:
        await claiming.resolve(ports, claimed)
    if done:
        await ledger.settle(ports, done[0])
    return answer.response()


@get(
    "/v1/cards/{card_id:str}/access/{sale:str}",
    tags=TAGS,
    summary="May a card enter a private sale?",
    **_HOLDER,
)
async def show_access(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    sale: FromPath[str],
    ports: NamedDependency[Ports],
) -> AccessOut:
    """Answer by the card's tier now. 404 for a sale that the program does not know."""
    now = ports.clock.wall()

    def work(tx: Transaction) -> AccessOut:
        card = service.seen_card(tx, caller_of(request), card_id)
        return access.access_to(tx, card, sale, now=now)

    return await ports.database.read_point(work)


ROUTES: list[Any] = [list_history, list_vouchers, redeem, show_access]
