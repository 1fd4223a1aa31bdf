"""The wallet's pages: the list of cards, and a card."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import live_queries
from app.clock import SECOND, rfc3339
from app.errors import NotFound
from app.http.ports import Ports
from app.ids import parse_public_id
from app.storage.database import Transaction
from app.web import card_view
from app.web.card_view import CardPage
from app.web.devices import device_of
from app.web.pages import missing, render, visitor_of, words_of
from app.web.wallet_view import CardView, wallet_views

_TAGS = ["Pages"]


@get("/", media_type=MediaType.HTML, tags=_TAGS, summary="The wallet")
async def wallet(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw the list of cards of whoever looks; a stranger is told what this is."""
    visitor = await visitor_of(request, ports)
    words, now = words_of(request), ports.clock.wall()
    found: list[CardView] = []
    state = ""
    if visitor is not None:
        user_id = visitor.user_id

        def work(tx: Transaction) -> tuple[list[CardView], str]:
            return wallet_views(tx, user_id, words=words, now=now), _state(tx, user_id)

        found, state = await ports.database.read(work)
    shown = [card for card in found if not card.is_archived]
    return render(
        request,
        "wallet.html" if found else "first-visit.html",
        page="wallet",
        visitor=visitor,
        wallet_state=state,
        at=rfc3339(now - now % SECOND),
        cards=shown,
        archived=[card for card in found if card.is_archived],
        groups=sorted({name for card in shown for name in card.groups}, key=str.casefold),
    )


@get("/cards/{card_id:str}", media_type=MediaType.HTML, tags=_TAGS, summary="A card")
async def card(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw a card to who holds it; to others the same page as where there is none."""
    visitor, raw = await visitor_of(request, ports), parse_public_id("card", card_id)
    if visitor is None or raw is None:
        return missing(request, visitor)
    user_id, words, now = visitor.user_id, words_of(request), ports.clock.wall()

    def work(tx: Transaction) -> tuple[CardPage, str]:
        page = card_view.card_page(tx, user_id, raw, words=words, now=now, secrets=ports.secrets)
        return page, _state(tx, user_id)

    try:
        found, state = await ports.database.read(work)
    except NotFound:
        return missing(request, visitor)
    return render(
        request,
        "card.html",
        page="card",
        visitor=visitor,
        wallet_state=state,
        card=found.card,
        more=found,
        device=device_of(request),
    )


def _state(tx: Transaction, user_id: int) -> str:
    """Name what a page shows, so that its script sees what changed before it listened."""
    return live_queries.state(live_queries.look(tx, user_id))


ROUTES: list[Any] = [wallet, card]
