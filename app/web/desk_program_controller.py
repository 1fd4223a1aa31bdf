"""The desk of one program: messages, points that are missing, figures with their charts."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter

from app.errors import InvalidInput
from app.http.ports import Ports
from app.partners.figures_controller import stats_for
from app.web.console import console_page, staff_of, turned_away
from app.web.desk_figures import figures_view
from app.web.desk_members import tiers_of, units_of
from app.web.pages import missing, words_of

_TAGS = ["Pages"]
_HTML: Any = MediaType.HTML
_Asked = Request[Any, Any, Any]


@get("/merchant/p/{program:str}/messages", media_type=_HTML, tags=_TAGS, summary="Messages")
async def messages_page(
    request: _Asked, program: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw a program's messages and the form of another one."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    return console_page(
        request,
        "desk-messages.html",
        staff=staff,
        page="messages",
        program=own,
        spoken=own.document.languages,
        tiers=tiers_of(own, words_of(request).language),
        shops=[(place.id, place.name) for place in own.document.locations],
    )


@get("/merchant/p/{program:str}/missing", media_type=_HTML, tags=_TAGS, summary="Missing points")
async def missing_points_page(
    request: _Asked, program: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw what members say is missing, to be given or declined with a reason."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    return console_page(
        request,
        "desk-missing.html",
        staff=staff,
        page="missing-points",
        program=own,
        is_hosted=own.authority == "ledger",
        units=list(units_of(own, words_of(request).language).values()),
    )


@get("/merchant/p/{program:str}/figures", media_type=_HTML, tags=_TAGS, summary="Figures")
async def figures_page(
    *,
    request: _Asked,
    program: FromPath[str],
    ports: NamedDependency[Ports],
    begin: Annotated[str | None, Parameter(query="from", max_length=10)] = None,
    end: Annotated[str | None, Parameter(query="to", max_length=10)] = None,
) -> Response[Any]:
    """Draw a program's figures: charts, each with its table; days that are none: the last 30."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    is_bad = False
    try:
        stats = await stats_for(
            ports, staff.merchant_id, program, begin=begin or None, end=end or None
        )
    except InvalidInput:
        is_bad = True
        stats = await stats_for(ports, staff.merchant_id, program, begin=None, end=None)
    return console_page(
        request,
        "desk-figures.html",
        staff=staff,
        page="figures",
        program=own,
        is_bad=is_bad,
        stats=stats,
        view=figures_view(stats, own, words_of(request)),
    )


ROUTES: list[Any] = [messages_page, missing_points_page, figures_page]
