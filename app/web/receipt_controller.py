"""The page behind the code on a receipt: units of a sale without a card, claimed once."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import service as cards
from app.errors import NotFound
from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.programs import service as programs
from app.programs.service import Program
from app.storage.database import Transaction
from app.web.pages import missing, render, visitor_of

_LAST_DIGITS = 4


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the visitor's that a receipt may go to."""

    id: str
    label: str
    digits: str


@get(
    "/receipt/{program_id:str}",
    media_type=MediaType.HTML,
    tags=["Pages"],
    summary="Claim the code of a receipt",
)
async def receipt_page(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw the page of a program by `prog_…` or slug, or by a card of the visitor's.

    The code stands after `#`: no server and no log sees it before it is claimed.
    """
    visitor = await visitor_of(request, ports)
    user_id = 0 if visitor is None else visitor.user_id

    def work(tx: Transaction) -> tuple[Program, list[Choice]] | None:
        program = _program(tx, user_id, program_id)
        if program is None or program.authority != "ledger":
            return None
        return program, _choices(tx, user_id, program) if user_id else []

    found = await ports.database.read(work)
    if found is None:
        return missing(request, visitor)
    program, choices = found
    return render(
        request,
        "receipt.html",
        page="receipt",
        visitor=visitor,
        shop=program.name,
        program=public_id("prog", program.public_id),
        slug=program.slug,
        choices=choices,
    )


def _program(tx: Transaction, user_id: int, text: str) -> Program | None:
    raw = parse_public_id("card", text)
    if raw is None:
        return programs.program_named(tx, text)
    try:
        card = cards.card_of_user(tx, user_id, raw)
    except NotFound:
        return None
    return None if card.program_id is None else programs.program_by_id(tx, card.program_id)


def _choices(tx: Transaction, user_id: int, program: Program) -> list[Choice]:
    return [
        Choice(
            id=public_id("card", held.state.card.public_id),
            label=held.holding.label or program.name,
            digits=held.state.card.number[-_LAST_DIGITS:],
        )
        for held in cards.cards_of_user(tx, user_id)
        if held.state.card.program_id == program.program_id
        and held.holding.access in cards.MAY_SPEND
    ]


ROUTES: list[Any] = [receipt_page]
