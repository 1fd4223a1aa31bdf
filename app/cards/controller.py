"""HTTP in and out of a user's cards: register, list, change, delete, barcode."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from app.cards import (
    changing,
    claims_controller,
    hosted_controller,
    leaving,
    pictures_controller,
    service,
    showing,
)
from app.cards.asking import registration
from app.cards.ending import draw_end
from app.cards.holding_queries import HoldingRow
from app.cards.making import draw_ids
from app.cards.registering import count_try, hold, is_claim, register
from app.cards.schemas import CardChange, CardFacts, CardOut, NewCard
from app.errors import NotFound, ProofNeeded
from app.http.callers import UserCaller, caller_of, user_of
from app.http.idempotency import Answer, Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import parse_public_id
from app.storage.database import Transaction
from passes.barcode import SCALE_MAX, Undrawable, draw_png, draw_svg

TAGS = ["Cards"]
REFUSED_CLAIMS_PER_HOUR = 10
Scale = Annotated[int, Parameter(ge=1, le=SCALE_MAX, description="Pixels per module.")]
_HOLDER: dict[str, Any] = {"callers": ("user",)}
_HOLDER_OR_CLAIM: dict[str, Any] = {"callers": ("user", "claim")}


@post("/v1/cards", tags=TAGS, summary="Register a card", **_HOLDER)
async def add(
    request: Request[Any, Any, Any], data: JSONBody[NewCard], ports: NamedDependency[Ports]
) -> Response[CardOut]:
    """Answer 201 with the card; 200 when this user had it already.

    A number that its program knows needs proof, unless the program says otherwise.
    """
    user, now = user_of(request), ports.clock.wall()
    require_key(request)
    wanted, code_tried = await registration(ports, user.user_id, data, now=now)
    is_claimed = False
    if wanted.program is not None and not wanted.is_drawn:
        program, number = wanted.program, wanted.codes[0].number
        is_claimed = await ports.database.read_point(
            lambda tx: is_claim(tx, user.user_id, program, number)
        )
    if is_claimed:
        _check_claims(ports, user, now)
    if code_tried is not None:
        card_id = code_tried
        await ports.database.write(lambda tx: count_try(tx, card_id))
    drawn = draw_ids(ports, now)

    def work(tx: Transaction) -> Made:
        found = register(tx, wanted, drawn=drawn, now=now)
        return Made(201 if found.is_new else 200, found.card)

    try:
        answer = await once(request, ports, work)
    except ProofNeeded:
        ports.limiter.count("refused-claims", str(user.user_id), now=now)
        raise
    await _hold(ports, user.user_id, answer, wanted.own, now=now)
    return answer.response()


def _check_claims(ports: Ports, user: UserCaller, now: int) -> None:
    ports.limiter.check(
        "refused-claims",
        str(user.user_id),
        per_hour=REFUSED_CLAIMS_PER_HOUR,
        now=now,
        hit=False,
    )


async def _hold(ports: Ports, user_id: int, answer: Answer, own: HoldingRow, *, now: int) -> None:
    """Finish what was answered, also what a crash left when this is its repeat."""
    if answer.status not in {200, 201}:
        return
    public, place = showing.read_place(answer.body)
    row = msgspec.structs.replace(own, position=place)
    await ports.database.write(lambda tx: hold(tx, user_id, public, row, now=now))


@get("/v1/cards", tags=TAGS, summary="List your cards", **_HOLDER)
async def list_cards(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[CardOut]:
    """Answer the cards in the user's own order."""
    user_id = user_of(request).user_id
    found, now = position(ports.secrets, after, count=2) or (-1, -1), ports.clock.wall()

    def work(tx: Transaction) -> Page[CardOut]:
        held = service.cards_of_user(tx, user_id, after=(found[0], found[1]), limit=limit + 1)
        show = showing.Showing(tx, now=now)
        rows = [((one.holding.position, one.state.card.card_id), show.card(one)) for one in held]
        return page(ports.secrets, rows, limit=limit)

    return await ports.database.read(work)


@get("/v1/cards/{card_id:str}", tags=TAGS, summary="Show a card", **_HOLDER_OR_CLAIM)
async def show_card(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> CardOut | CardFacts:
    """Answer the card to who holds it, or has its claim token."""
    now = ports.clock.wall()

    def work(tx: Transaction) -> CardOut | CardFacts:
        caller = caller_of(request)
        found = service.seen_card(tx, caller, card_id)
        if isinstance(caller, UserCaller):
            return showing.card_out(tx, caller.user_id, found.card_id, now=now)
        return showing.card_facts(tx, found.card_id, now=now)

    return await ports.database.read_point(work)


@patch("/v1/cards/{card_id:str}", tags=TAGS, summary="Change a card", **_HOLDER)
async def change(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    data: JSONBody[CardChange],
    ports: NamedDependency[Ports],
) -> CardOut:
    """Write the holder's own side; of a number-only card its owner also the card itself."""
    user_id, now = user_of(request).user_id, ports.clock.wall()
    raw = _raw(card_id)
    held = await ports.database.read_point(lambda tx: service.held_by(tx, user_id, raw))
    changed, card = changing.judge_change(held, data), held.state.card

    def own(tx: Transaction) -> Made:
        changing.change_holding(tx, user_id, card.card_id, data, now=now)
        return Made(200, None)

    def shown(tx: Transaction) -> Made:
        changing.change_card(tx, user_id, changed, card_id=card.card_id, now=now)
        return Made(200, None)

    # A page sends what it kept without network with a key, so that it is done once: the key
    # stands with what is written last.
    if changed is None and not changing.shows_color(card, data):
        await once(request, ports, own, is_needed=False)
    else:
        await ports.database.write(own)
        await once(request, ports, shown, is_needed=False)
    return await ports.database.read_point(
        lambda tx: showing.card_out(tx, user_id, card.card_id, now=now)
    )


@delete("/v1/cards/{card_id:str}", tags=TAGS, summary="Take a card out of the wallet", **_HOLDER)
async def remove(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> None:
    """Void its passes and forget it; the merchant's record of a program's card stays."""
    user_id, now, raw = user_of(request).user_id, ports.clock.wall(), _raw(card_id)
    card = await ports.database.read_point(lambda tx: service.card_of_user(tx, user_id, raw))
    event_id, sealed = ports.ids.public(), draw_end(ports)
    await ports.database.write(
        lambda tx: leaving.leave(
            tx, user_id, card.card_id, event_id=event_id, sealed=sealed, now=now
        )
    )
    await ports.database.write(lambda tx: leaving.forget(tx, user_id, card.card_id))


@get(
    "/v1/cards/{card_id:str}/barcode.svg",
    media_type=MediaType.TEXT,
    tags=TAGS,
    summary="The card's code as SVG",
    **_HOLDER_OR_CLAIM,
)
async def barcode_svg(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the native symbology with its quiet zone. 404 for a card that shows its number only."""
    card = await ports.database.read_point(
        lambda tx: service.seen_card(tx, caller_of(request), card_id)
    )
    try:
        drawn = draw_svg(card.barcode_format, card.barcode_value)
    except Undrawable:
        raise NotFound from None
    return Response(drawn, media_type="image/svg+xml", headers=_PICTURE)


@get(
    "/v1/cards/{card_id:str}/barcode.png",
    media_type=MediaType.TEXT,
    tags=TAGS,
    summary="The card's code as PNG",
    **_HOLDER_OR_CLAIM,
)
async def barcode_png(
    *,
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    ports: NamedDependency[Ports],
    scale: Scale = 4,
) -> Response[bytes]:
    """Draw the native symbology with its quiet zone, `scale` pixels per module."""
    card = await ports.database.read_point(
        lambda tx: service.seen_card(tx, caller_of(request), card_id)
    )
    try:
        drawn = draw_png(card.barcode_format, card.barcode_value, scale=scale)
    except Undrawable:
        raise NotFound from None
    return Response(drawn, media_type="image/png", headers=_PICTURE)


_PICTURE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}


def _raw(card_id: str) -> bytes:
    raw = parse_public_id("card", card_id)
    if raw is None:
        raise NotFound
    return raw


ROUTES: list[Any] = [
    add,
    list_cards,
    show_card,
    change,
    remove,
    barcode_svg,
    barcode_png,
    *hosted_controller.ROUTES,
    *claims_controller.ROUTES,
    *pictures_controller.ROUTES,
]
