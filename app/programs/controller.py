"""Routes of programs, their pictures and the directory (specs: api §4, §5)."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from app.clock import rfc3339
from app.errors import NotFound
from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.paging import LIMIT_DEFAULT, After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import public_id
from app.pictures.merchant import BYTES_MAX, reencode_png
from app.programs import directory, drafting, publishing, queries, ruling, service
from app.programs.coalitions import program_for
from app.programs.ending_schemas import EndingOut
from app.programs.publishing import Drawn
from app.programs.rules_controller import schema
from app.programs.schemas import DryRun, ImageOut, NewProgram, ProgramDocument, ProgramOut, ShopOut
from app.programs.service import Program
from app.storage.database import Transaction
from passes.barcode import apple_warning
from passes.templates.artwork import fit

_SHA_256 = re.compile(r"([0-9a-f]{64})\.png")
_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}
_TAGS = ["Programs"]
BODY_MAX = 1024 * 1024  # rules name articles and instants, and vectors come with them
DryRunAsked = Annotated[bool, Parameter(description="Judge and simulate only; store nothing.")]
MonthsAsked = Annotated[
    int,
    Parameter(ge=1, le=drafting.MONTHS_MAX, description="How far back a dry run simulates."),
]


@get("/v1/partner/programs", tags=_TAGS, summary="A merchant's programs", opt=_MERCHANT)
async def programs(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Page[ProgramOut]:
    """List programs, oldest first."""
    start = position(ports.secrets, after) or (0,)
    merchant_id = merchant_of(request).merchant_id

    def work(tx: Transaction) -> list[tuple[tuple[int, ...], ProgramOut]]:
        rows = queries.programs_of(tx, merchant_id, start[0], limit + 1)
        return [((row.program_id,), program_out(tx, service.read(row), ports)) for row in rows]

    return page(ports.secrets, await ports.database.read(work), limit=limit)


@post(
    "/v1/partner/programs",
    tags=_TAGS,
    summary="Make a program",
    opt=_MERCHANT | {"scope": "admin"},
    request_max_body_size=BODY_MAX,
)
async def make_program(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    data: JSONBody[NewProgram],
    dry_run: DryRunAsked = False,
) -> Response[ProgramOut]:
    """Judge the whole program first; a dry run stops there."""
    warnings = await _judge(ports, data)
    if dry_run:
        return await _dry(request, ports, data, warnings)
    merchant_id, now, drawn = merchant_of(request).merchant_id, ports.clock.wall(), _drawn(ports)

    def work(tx: Transaction) -> Made:
        made = publishing.create(tx, merchant_id, data, drawn=drawn, now=now)
        return Made(201, program_out(tx, made, ports))

    return (await once(request, ports, work)).response()


@get("/v1/partner/programs/{program_id:str}", tags=_TAGS, summary="A program", opt=_MERCHANT)
async def program(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], program_id: FromPath[str]
) -> ProgramOut:
    """Answer the program in force."""
    merchant_id = merchant_of(request).merchant_id
    return await ports.database.read_point(
        lambda tx: program_out(tx, program_for(tx, merchant_id, program_id), ports)
    )


@put(
    "/v1/partner/programs/{program_id:str}",
    tags=_TAGS,
    summary="Replace a program",
    opt=_MERCHANT | {"scope": "admin"},
    request_max_body_size=BODY_MAX,
)
async def replace_program(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    program_id: FromPath[str],
    *,
    data: JSONBody[NewProgram],
    dry_run: DryRunAsked = False,
    allow_shorter_life: Annotated[
        bool, Parameter(description="Units may live shorter, 30 days from now at the earliest.")
    ] = False,
    months: MonthsAsked = drafting.MONTHS_DEFAULT,
) -> Response[ProgramOut]:
    """Put another document in force; phones are told."""
    merchant_id, now, drawn = merchant_of(request).merchant_id, ports.clock.wall(), _drawn(ports)
    last = await ports.database.read_point(
        lambda tx: service.own_program(tx, merchant_id, program_id)
    )
    warnings = await _judge(ports, data, last.document)
    if dry_run:
        asked = (last.program_id, allow_shorter_life, months)
        return await _dry(request, ports, data, warnings, asked=asked)

    def work(tx: Transaction) -> ProgramOut:
        found = service.own_program(tx, merchant_id, program_id)
        changed = publishing.replace(
            tx, found, data, drawn=drawn, now=now, may_shorten=allow_shorter_life
        )
        return program_out(tx, changed, ports)

    return Response(await ports.database.write(work))


@put(
    "/v1/partner/programs/{program_id:str}/images/{role:str}",
    tags=_TAGS,
    summary="Set a picture",
    opt=_MERCHANT | {"scope": "admin", "content_types": ("image/png",)},
    request_max_body_size=BYTES_MAX,
)
async def put_image(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    program_id: FromPath[str],
    role: FromPath[Literal["logo", "strip", "icon", "hero"]],
) -> ImageOut:
    """Take a PNG for one place on the passes; phones are told."""
    merchant_id, now, drawn = merchant_of(request).merchant_id, ports.clock.wall(), _drawn(ports)
    found = await ports.database.read_point(
        lambda tx: service.own_program(tx, merchant_id, program_id)
    )
    sent, loop = await request.body(), asyncio.get_running_loop()
    png = await loop.run_in_executor(ports.threads, reencode_png, sent)
    sizes = await loop.run_in_executor(ports.threads, fit, role, png)
    sha256 = hashlib.sha256(png).digest()

    def work(tx: Transaction) -> None:
        publishing.redraw(tx, found.program_id, drawn=drawn, now=now)
        queries.put_image(tx, found.program_id, role, sha256=sha256, png=png)
        if role == "hero" and "strip" in queries.images_of(tx, found.program_id):
            return  # both would stand in the same place on the pass; the strip is made for it
        for name, size in sizes.items():
            queries.put_artwork(tx, found.program_id, name, size)

    await ports.database.write(work)
    return ImageOut(role=role, url=_image_url(ports, sha256))


@get("/images/{name:str}", tags=_TAGS, summary="A program's picture")
async def image(ports: NamedDependency[Ports], name: FromPath[str]) -> Response[bytes]:
    """Answer a public picture by its hash; it never changes."""
    wanted = _SHA_256.fullmatch(name)
    if wanted is None:
        raise NotFound
    sha256 = bytes.fromhex(wanted[1])
    png = await ports.database.read_point(lambda tx: queries.image(tx, sha256))
    if png is None:
        raise NotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(png, media_type="image/png", headers=headers)


@get("/v1/directory", tags=["Users"], summary="Shops and programs to choose from")
async def shops(
    ports: NamedDependency[Ports],
    q: Annotated[str, Parameter(max_length=directory.QUERY_MAX, description="A name.")] = "",
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> Page[ShopOut]:
    """List what matches: programs here first, then shops."""
    start = (position(ports.secrets, after) or (0,))[0]
    found = await ports.database.read(lambda tx: directory.search(tx, q))
    listed = [((start + n + 1,), shop) for n, shop in enumerate(found[start : start + limit + 1])]
    return page(ports.secrets, listed, limit=limit)


async def _judge(ports: Ports, sent: NewProgram, last: ProgramDocument | None = None) -> list[str]:
    """Judge in a thread: pictures are drawn for it, some 50 ms."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(ports.threads, publishing.judge, sent, last)


def program_out(tx: Transaction, found: Program, ports: Ports) -> ProgramOut:
    """Write a program for its merchant."""
    document = found.document
    warning = apple_warning(document.barcode.format, document.barcode.accepts)
    return ProgramOut(
        id=public_id("prog", found.public_id),
        slug=found.slug,
        version=found.version,
        join_url=f"{ports.settings.public_url}/join/{found.slug}",
        name=document.name,
        authority=document.authority,
        units=document.units,
        tiers=document.tiers,
        design=document.design,
        barcode=document.barcode,
        locations=document.locations,
        links=document.links,
        languages=document.languages,
        settings=document.settings,
        rules=document.rules,
        effective_from=None if document.rules is None else rfc3339(document.effective_from),
        images={
            role: _image_url(ports, sha256)
            for role, sha256 in queries.images_of(tx, found.program_id).items()
        },
        warnings=[warning] if warning else [],
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
        ending=ending_out(found.ending),
    )


def ending_out(ending: service.Ending | None) -> EndingOut | None:
    """Write an announced end."""
    if ending is None:
        return None
    ended_at = None if ending.ended_at is None else rfc3339(ending.ended_at)
    return EndingOut(last_day=ending.last_day, notice=ending.notice, ended_at=ended_at)


async def _dry(
    request: Request[Any, Any, Any],
    ports: Ports,
    sent: NewProgram,
    warnings: list[str],
    *,
    asked: tuple[int | None, bool, int] = (None, False, drafting.MONTHS_DEFAULT),
) -> Response[Any]:
    """Say what publishing would change; `asked`: the program, may lives be shorter, months."""
    now, simulate = ports.clock.wall(), request.app.state.get("simulate")
    program_id, may_shorten, months = asked

    def work(tx: Transaction) -> DryRun:
        row = None if program_id is None else queries.program_by_id(tx, program_id)
        found = drafting.dry_run(
            tx, sent, row, now=now, may_shorten=may_shorten, simulate=simulate, months=months
        )
        told = [*warnings, *ruling.unknown_partners(tx, sent)]
        return msgspec.structs.replace(found, warnings=told)

    return Response(await ports.database.read(work), status_code=200)


def _drawn(ports: Ports) -> Drawn:
    now = ports.clock.wall()
    return Drawn(ports.ids.next(now), ports.ids.public(), ports.ids.next(now))


def _image_url(ports: Ports, sha256: bytes) -> str:
    return f"{ports.settings.public_url}/images/{sha256.hex()}.png"


ROUTES = [
    *(programs, make_program, program, replace_program, put_image, image, shops),
    schema,
]
