"""The route by which a merchant sees how Google Wallet takes his program."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.google import documents, queries
from app.google.queries import ClassRow
from app.google.running import Google
from app.google.schemas import GoogleStateOut, RefusedCard
from app.http.callers import merchant_of
from app.http.ports import Ports
from app.programs import service as programs
from app.programs.service import Program
from app.storage.database import Transaction

REFUSED_CARDS_MAX = 20


@get(
    "/v1/partner/programs/{program_id:str}/google",
    callers=("merchant",),
    tags=["Programs"],
    summary="How Google Wallet takes a program",
)
async def google_state(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], program_id: FromPath[str]
) -> GoogleStateOut:
    """Answer whether Google has the program as it is now, and what it refused, in its words."""
    merchant_id = merchant_of(request).merchant_id
    google: Google = request.app.state.google
    program = await ports.database.read_point(
        lambda tx: programs.own_program(tx, merchant_id, program_id)
    )
    issuer_id, suffix = documents.class_of_program(program)
    issuer = await google.issuers.get(issuer_id)
    class_id, stopped = f"{issuer.google_issuer}.{suffix}", await google.pacer.stopped(issuer)
    return await ports.database.read_point(
        lambda tx: _state(tx, program, class_id, stopped=stopped)
    )


def _state(
    tx: Transaction, program: Program, class_id: str, *, stopped: str | None
) -> GoogleStateOut:
    place = documents.class_of_program(program)
    row = queries.class_of(tx, *place)
    return GoogleStateOut(
        class_id=class_id,
        state="unknown" if row is None else _word(row),
        refused=None if row is None else row.refused,
        stopped=stopped,
        refused_cards=[
            RefusedCard(card_number=number, reason=reason)
            for number, reason in queries.refused_cards(tx, *place, REFUSED_CARDS_MAX)
        ],
    )


def _word(row: ClassRow) -> Any:
    if row.refused is not None:
        return "refused"
    return "told" if row.is_inserted and row.done >= row.wanted else "waiting"


ROUTES = [google_state]
