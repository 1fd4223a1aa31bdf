"""The console's pages of programs: the list, a start, design, rules, publishing, the poster."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from app.http.ports import Ports
from app.programs.content import program_content
from app.programs.schemas import LINKS_MAX, LOCATIONS_MAX, TIERS_MAX, UNITS_MAX
from app.programs.service import Program
from app.web.console import Staff, console_page, staff_of, turned_away
from app.web.pages import missing, render, visitor_of, words_of
from app.web.poster import SIZES, poster_of
from app.web.poster_drawing import as_svg
from passes.barcode import FORMATS
from passes.templates.colors import color_of

_TAGS = ["Console"]
_KINDS = ("points", "stamps", "cashback", "mirrored")
_COLORS = ("#0b5d51", "#1b4b8f", "#7a1f3d", "#5d4037", "#2e7d32", "#b3261e", "#5b2a86", "#1d1c1a")
_CURRENCIES = ("EUR", "CHF", "GBP", "USD", "CAD", "DKK", "SEK", "NOK", "PLN", "CZK", "MAD", "XOF")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A program in the list."""

    slug: str
    name: str
    authority: str
    version: int
    color: str


@get("/merchant", media_type=MediaType.HTML, tags=_TAGS, summary="A merchant's programs")
async def programs_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[Any]:
    """List the programs of the merchant chosen; who has none yet is shown how to begin."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    rows = [_row(program) for program in staff.programs]
    return console_page(request, "merchant.html", staff=staff, page="programs", rows=rows)


@get("/merchant/sign-up", media_type=MediaType.HTML, tags=_TAGS, summary="Start as a merchant")
async def sign_up_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Ask the shop's name, which is all; in live mode whoever runs this server lets one in."""
    visitor = await visitor_of(request, ports)
    if visitor is None or visitor.is_guest:
        return await turned_away(request, ports)
    return render(
        request,
        "merchant-sign-up.html",
        page="merchant-sign-up",
        visitor=visitor,
        is_live=ports.settings.is_live,
    )


@get("/merchant/new", media_type=MediaType.HTML, tags=_TAGS, summary="A new program")
async def new_page(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
    """Offer the usual kinds of programs; a few answers make one."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    if not staff.may("admin"):
        return Redirect("/merchant", status_code=303)
    return console_page(
        request,
        "merchant-new.html",
        staff=staff,
        page="merchant-new",
        kinds=_KINDS,
        colors=_COLORS,
        currencies=_CURRENCIES,
    )


@get("/merchant/p/{named:str}", media_type=MediaType.HTML, tags=_TAGS, summary="Design a program")
async def design_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], named: FromPath[str]
) -> Response[Any]:
    """Draw the designer; the draft and both phones come by script."""
    return await _of_program(
        request,
        ports,
        named,
        "designer",
        formats=FORMATS,
        most={"units": UNITS_MAX, "tiers": TIERS_MAX, "links": LINKS_MAX}
        | {"locations": LOCATIONS_MAX},
    )


@get("/merchant/p/{named:str}/rules", media_type=MediaType.HTML, tags=_TAGS, summary="Write rules")
async def rules_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], named: FromPath[str]
) -> Response[Any]:
    """Draw the forms of the rules, and their JSON."""
    return await _of_program(request, ports, named, "rules", currencies=_CURRENCIES)


@get(
    "/merchant/p/{named:str}/publish",
    media_type=MediaType.HTML,
    tags=_TAGS,
    summary="Publish a draft",
)
async def publish_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], named: FromPath[str]
) -> Response[Any]:
    """Draw what publishing would change, and the button."""
    return await _of_program(request, ports, named, "publish")


@get("/merchant/p/{named:str}/poster", media_type=MediaType.HTML, tags=_TAGS, summary="The poster")
async def poster_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], named: FromPath[str]
) -> Response[Any]:
    """Show the poster as it is printed, by the same drawing as the PDF."""
    staff = await staff_of(request, ports)
    program = None if staff is None else staff.program(named)
    if staff is None or program is None:
        return await _nobody(request, ports, staff)
    language, address = words_of(request).language, f"{ports.settings.public_url}/join"
    asked = request.query_params.get("in")
    chosen = asked if asked in program.document.languages else _spoken(program, language)
    posters = [
        (
            size,
            "data:image/svg+xml,"
            + quote(
                as_svg(
                    poster_of(program, size=size, language=chosen, url=f"{address}/{program.slug}")
                )
            ),
        )
        for size in SIZES
    ]
    return console_page(
        request,
        "poster.html",
        staff=staff,
        page="poster",
        program=program,
        posters=posters,
        chosen=chosen,
        join_url=f"{address}/{program.slug}",
    )


async def _of_program(
    request: Request[Any, Any, Any], ports: Ports, named: str, page: str, **values: Any
) -> Response[Any]:
    staff = await staff_of(request, ports)
    program = None if staff is None else staff.program(named)
    if staff is None or program is None:
        return await _nobody(request, ports, staff)
    return console_page(request, f"{page}.html", staff=staff, page=page, program=program, **values)


async def _nobody(
    request: Request[Any, Any, Any], ports: Ports, staff: Staff | None
) -> Response[Any]:
    """Answer for a program that is another's, or none: both the same."""
    if staff is None:
        return await turned_away(request, ports)
    return missing(request, staff.visitor)


def _spoken(program: Program, language: str) -> str:
    languages = program.document.languages
    return language if language in languages else languages[0]


def _row(program: Program) -> Row:
    shown = program_content(program)
    return Row(
        slug=program.slug,
        name=program.name,
        authority=program.authority,
        version=program.version,
        color=shown.background_color or color_of(shown.name),
    )


ROUTES: list[Any] = [
    programs_page,
    sign_up_page,
    new_page,
    design_page,
    rules_page,
    publish_page,
    poster_page,
]
