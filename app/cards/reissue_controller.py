"""HTTP in and out of a new or lost phone."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import reissuing, service
from app.cards.ending import draw_end
from app.cards.share_schemas import ReissuedOut
from app.http.callers import UserCaller, caller_of
from app.http.ports import Ports

REISSUES_PER_HOUR = 20  # of one user: each makes phones of all holders ask


@post(
    "/v1/cards/{card_id:str}/reissue",
    status_code=200,
    tags=["Cards"],
    summary="A new or lost phone: end your passes of a card",
    callers=("user", "claim"),
)
async def reissue(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> ReissuedOut:
    """Void the caller's passes in both wallets and tell the phones that have them.

    Links made before end too. The next pass has a new serial number and a new token. Passes of
    other holders stay. End the sessions of a lost phone by `DELETE /v1/sessions/{id}`.
    """
    caller, now = caller_of(request), ports.clock.wall()
    user_id = caller.user_id if isinstance(caller, UserCaller) else reissuing.NOBODY
    card = await ports.database.read_point(lambda tx: service.seen_card(tx, caller, card_id))
    counted = f"{user_id}" if user_id else f"card {card.card_id}"
    ports.limiter.check("reissues", counted, per_hour=REISSUES_PER_HOUR, now=now)
    sealed = draw_end(ports)
    ended = await ports.database.write(
        lambda tx: reissuing.reissue(tx, card.card_id, user_id, sealed=sealed, now=now)
    )
    return ReissuedOut(apple=ended.apple, google=ended.google)


ROUTES: list[Any] = [reissue]
