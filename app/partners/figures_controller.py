"""Routes of a program's figures (specs: api.md §5; docs/figures.md)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter

from app.http.callers import merchant_of
from app.http.ports import Ports
from app.partners import figures
from app.partners.figure_schemas import StatsOut
from app.partners.figure_tables import table
from app.programs import counting
from app.programs.coalitions import program_for

PATH = "/v1/partner/programs/{program_id:str}/stats"
CSV = "text/csv; charset=utf-8"
_TAGS = ["Partners"]
_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}
From = Annotated[
    str | None,
    Parameter(
        query="from", max_length=10, description="First day, YYYY-MM-DD; 30 days by default."
    ),
]
To = Annotated[
    str | None, Parameter(query="to", max_length=10, description="Last day, YYYY-MM-DD; or today.")
]
Part = Annotated[
    Literal["days", "retention", "units", "totals"], Parameter(description="Which table.")
]


@get(PATH, tags=_TAGS, summary="A program's figures", **_MERCHANT)
async def show_stats(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    begin: From = None,
    end: To = None,
) -> StatsOut:
    """Answer the figures of some days, both included, in the program's time zone."""
    return await stats_for(
        ports, merchant_of(request).merchant_id, program_id, begin=begin, end=end
    )


@get(PATH + ".csv", media_type=CSV, tags=_TAGS, summary="A program's figures as CSV", **_MERCHANT)
async def stats_table(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    part: Part = "days",
    begin: From = None,
    end: To = None,
) -> Response[str]:
    """Answer one table of the figures; a cell that looks like a formula is text."""
    stats = await stats_for(
        ports, merchant_of(request).merchant_id, program_id, begin=begin, end=end
    )
    name = f"{part}-{stats.from_day}-{stats.to}.csv"
    return Response(
        table(stats, part),
        media_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def stats_for(
    ports: Ports, merchant_id: int, program_id: str, *, begin: str | None, end: str | None
) -> StatsOut:
    """Read the figures of a program that a merchant runs or is a partner of.

    What this process has counted so far is written down first. Other reads come in between pages;
    an answer that took seconds is given again for a while. Raises NotFound, InvalidInput.
    """
    database, now = ports.database, ports.clock.wall()
    program = await database.read_point(lambda tx: program_for(tx, merchant_id, program_id))
    found = figures.begun(program, begin=begin, end=end, now=now)
    asked, began = (program.program_id, program.version, found.days), ports.clock.monotonic()
    kept = ports.kept.find(asked, now=began)
    if isinstance(kept, StatsOut):
        return kept
    await counting.write_down(ports)
    after: int | None = figures.FIRST
    while after is not None:
        found, after = await database.read(
            partial(figures.add_page, program=program, found=found, after=after, now=now)
        )
    stats = await database.read(partial(figures.finished, program=program, found=found, now=now))
    ports.kept.keep(asked, stats, began=began, now=ports.clock.monotonic())
    return stats


ROUTES: list[Any] = [show_stats, stats_table]
