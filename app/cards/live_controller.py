"""HTTP out of what happens to a user's cards, as it happens: server-sent events."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from app.cards.live import Live
from app.http.callers import user_of
from app.http.ports import Ports
from app.http.streaming import EVENTS, followed


@get(
    "/v1/me/events",
    media_type=EVENTS,
    tags=["Cards"],
    summary="Hear of your cards as they change",
    callers=("user",),
)
async def follow_cards(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> ASGIApp:
    """Answer events until the session ends: `ready` first, then `card` and `gone`.

    Load your cards after `ready`, and a card again after its `card`: `{"id", "revision"}`, also of
    one that came; `gone`: `{"id"}`. A comment every 15 s. 429 beyond 8 at once of one user.
    """
    live: Live = request.app.state.live
    follower = await live.follow(user_of(request))
    return followed(follower.events(), ended=lambda: live.leave(follower))


ROUTES: list[Any] = [follow_cards]
