"""HTTP in and out of a program's end: announce it, take it back, take all along."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ASGIApp

from app.http.callers import merchant_of
from app.http.ports import Ports
from app.http.streaming import streamed
from app.partners import exporting
from app.programs import ending
from app.programs.controller import program_out
from app.programs.ending_schemas import NewEnding
from app.programs.schemas import ProgramOut
from app.programs.service import own_program
from app.storage.database import Transaction

TAGS = ["Programs"]
ENDING = "/v1/partner/programs/{program_id:str}/ending"
_ADMIN: dict[str, Any] = {"callers": ("merchant",), "scope": "admin"}


@post(ENDING, status_code=200, tags=TAGS, summary="Announce the end of a program", **_ADMIN)
async def announce_end(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    data: JSONBody[NewEnding],
    ports: NamedDependency[Ports],
) -> Response[ProgramOut]:
    """Show the notice on all passes and pages at once; after the last day the program is closed.

    Passes then expire, and joins, enrolments, holds and sales are 409 `program-ended`; reads and
    the export go on. The same again changes nothing; another day or notice replaces the first.
    """
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    campaign_id = ports.ids.next(now)

    def work(tx: Transaction) -> ProgramOut:
        program = own_program(tx, merchant_id, program_id)
        changed = ending.announce(tx, program, data, campaign_id=campaign_id, now=now)
        return program_out(tx, changed, ports)

    return Response(await ports.database.write(work), status_code=200)


@delete(ENDING, tags=TAGS, summary="Take an announced end back", **_ADMIN)
async def cancel_end(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> None:
    """Let the program go on; before its last day is over only."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    campaign_id = ports.ids.next(now)

    def work(tx: Transaction) -> None:
        program = own_program(tx, merchant_id, program_id)
        ending.cancel(tx, program, campaign_id=campaign_id, now=now)

    await ports.database.write(work)


@get(
    "/v1/partner/programs/{program_id:str}/export.zip",
    media_type=MediaType.TEXT,
    tags=TAGS,
    summary="Take members and ledger along",
    **_ADMIN,
)
async def export_program(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> ASGIApp:
    """Answer a zip as it is written: members.csv, ledger.csv, program.json."""
    merchant_id = merchant_of(request).merchant_id

    def find(tx: Transaction) -> tuple[int, ProgramOut]:
        program = own_program(tx, merchant_id, program_id)
        return program.program_id, program_out(tx, program, ports)

    found, shown = await ports.database.read_point(find)
    name = f'attachment; filename="{shown.slug}.zip"'.encode()
    return streamed(
        exporting.archive(ports, found, shown),
        media_type="application/zip",
        more=((b"content-disposition", name), (b"cache-control", b"private, no-store")),
    )


ROUTES: list[Any] = [announce_end, cancel_end, export_program]
