"""HTTP in and out of what a holder tells his card's program: consents, and points that miss."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.cards import consents, missing, missing_queries, service
from app.cards.consents import Consents
from app.cards.missing import Drawn, MissingOut, NewMissing
from app.cards.queries import CardRow
from app.cards.registering import OWNER
from app.errors import MissingScope, NotFound
from app.http.callers import user_of
from app.http.idempotency import Made, once
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import parse_public_id
from app.programs import service as programs
from app.programs.enrolment_schemas import ConsentKey
from app.programs.service import Program
from app.storage.database import Transaction

TAGS = ["Cards"]
_HOLDER: dict[str, Any] = {"callers": ("user",)}
_NEWEST = 2**62
Wanted = dict[ConsentKey, bool]


@get("/v1/cards/{card_id:str}/consents", tags=TAGS, summary="What a card asks", **_HOLDER)
async def show_consents(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> Consents:
    """Answer the consents that the program asks, each with its text and whether it stands."""
    user_id = user_of(request).user_id

    def work(tx: Transaction) -> Consents:
        card, program = _owned(tx, user_id, card_id)
        return consents.of_holder(tx, program, card.card_id)

    return await ports.database.read_point(work)


@put("/v1/cards/{card_id:str}/consents", tags=TAGS, summary="Give or withdraw consents", **_HOLDER)
async def change_consents(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    data: JSONBody[Wanted],
    ports: NamedDependency[Ports],
) -> Consents:
    """Take `{key: true or false}`; what is not named stays. A withdrawal is never refused."""
    user_id, now = user_of(request).user_id, ports.clock.wall()

    def find(tx: Transaction) -> tuple[CardRow, Program]:
        return _owned(tx, user_id, card_id)

    card, program = await ports.database.read_point(find)
    return await ports.database.write(
        lambda tx: consents.change(tx, program, card.card_id, data, now=now)
    )


@post(
    "/v1/cards/{card_id:str}/missing-points",
    tags=TAGS,
    summary="Say that points are missing",
    **_HOLDER,
)
async def ask_for_points(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    data: JSONBody[NewMissing],
    ports: NamedDependency[Ports],
) -> Response[MissingOut]:
    """Answer 201: it waits for the merchant. A receipt that was told before: 200, that request."""
    user_id, now = user_of(request).user_id, ports.clock.wall()
    drawn = Drawn(ports.ids.next(now), ports.ids.public())
    card, program = await ports.database.read_point(lambda tx: _full(tx, user_id, card_id))

    def work(tx: Transaction) -> Made:
        told, is_new = missing.ask(tx, program, card.card_id, data, drawn=drawn, now=now)
        return Made(201 if is_new else 200, told)

    return (await once(request, ports, work, is_needed=False)).response()


@get(
    "/v1/cards/{card_id:str}/missing-points",
    tags=TAGS,
    summary="Points that were said to be missing",
    **_HOLDER,
)
async def list_asked(
    *,
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[MissingOut]:
    """Answer what the card's holders asked, newest first, with the merchant's answers."""
    user_id = user_of(request).user_id
    before = (position(ports.secrets, after) or (_NEWEST,))[0]

    def work(tx: Transaction) -> Page[MissingOut]:
        card, _ = _full(tx, user_id, card_id)
        rows = missing_queries.before(tx, card.card_id, before, limit + 1)
        found = [((row.request_id,), missing.missing_out(row)) for row in rows]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read_point(work)


def _owned(tx: Transaction, user_id: int, text: str) -> tuple[CardRow, Program]:
    """Return the card that a user owns, with its program: only its owner agrees to anything.

    Raises: NotFound, for a card without program too; MissingScope for who shares it.
    """
    raw = _raw(text)
    held = service.held_by(tx, user_id, raw)
    if held.holding.access != OWNER:
        raise MissingScope("only a card's owner gives and withdraws consents", scope=OWNER)
    return held.state.card, _program(tx, held.state.card)


def _full(tx: Transaction, user_id: int, text: str) -> tuple[CardRow, Program]:
    held = service.fully_held(tx, user_id, _raw(text))
    return held.state.card, missing.counts_units(_program(tx, held.state.card))


def _raw(text: str) -> bytes:
    raw = parse_public_id("card", text)
    if raw is None:
        raise NotFound
    return raw


def _program(tx: Transaction, card: CardRow) -> Program:
    program = None if card.program_id is None else programs.program_by_id(tx, card.program_id)
    if program is None:
        raise NotFound
    return program


ROUTES: list[Any] = [show_consents, change_consents, ask_for_points, list_asked]
