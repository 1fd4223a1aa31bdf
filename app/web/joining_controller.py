"""The page behind a program's poster: a card without an account, two touches to the wallet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards.notices import ending_text
from app.http.ports import Ports
from app.ids import public_id
from app.programs import queries
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.enrolment_schemas import ConsentAsked, Enrolment, EnrolmentField
from app.programs.service import Program
from app.storage.database import Transaction
from app.web.devices import device_of
from app.web.landing import count_view, is_staff
from app.web.pages import missing, render, visitor_of, words_of
from app.web.texts import Catalogue
from app.web.way_out import way_out
from passes.barcode import draw_svg
from passes.content import Text, in_language
from passes.templates.colors import WHITE, color_of, text_on

_TAGS = ["Pages"]
_INITIALS = 2
# What a program that says nothing of it asks.
ASKED_ELSE = (EnrolmentField(key="name"), EnrolmentField(key="email"))


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that is asked; nobody ticks it but who joins."""

    key: str
    text: str
    required: bool


class JoinView(msgspec.Struct, frozen=True, kw_only=True):
    """A program as its poster's page shows it. `ink`: what reads on its colour."""

    id: str
    name: str
    description: str
    color: str
    ink: str
    initials: str
    logo_url: str | None
    units: tuple[str, ...]
    tiers: tuple[str, ...]
    terms: str | None
    how_to_leave: str | None
    qr: str  # of this page, for whoever stands before a computer
    needed: tuple[str, ...]  # keys of fields that must be told
    offered: tuple[str, ...]  # of those that may be
    consents: tuple[ConsentView, ...]
    months: tuple[str, ...]  # by name, where a birthday is asked
    ending: str | None
    has_ended: bool


@get(
    "/join/{program_id:str}",
    media_type=MediaType.HTML,
    tags=_TAGS,
    summary="Join a program, from its poster",
)
async def join_page(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the page of a program by `prog_…` or slug; making the card is the page's one act."""
    visitor = await visitor_of(request, ports)

    def work(tx: Transaction) -> tuple[Program, str | None, bool] | None:
        program = programs.program_named(tx, program_id)
        if program is None:
            return None
        logo = queries.images_of(tx, program.program_id).get("logo")
        logo_url = None if logo is None else f"/images/{logo.hex()}.png"
        return program, logo_url, is_staff(tx, visitor, program)

    found = await ports.database.read_point(work)
    if found is None:
        return missing(request, visitor)
    program, logo_url, is_own = found
    count_view(request, ports, program, is_own=is_own)
    address = f"{ports.settings.public_url}/join/{program.slug}"
    return render(
        request,
        "join.html",
        page="join",
        visitor=visitor,
        program=_view(
            *(program, words_of(request)),
            logo_url=logo_url,
            address=address,
            now=ports.clock.wall(),
        ),
        device=device_of(request),
        way_out=way_out(request, ports),
    )


def _view(
    program: Program, words: Catalogue, *, logo_url: str | None, address: str, now: int
) -> JoinView:
    shown, language = program_content(program), words.language
    default = shown.languages[0]
    asked = program.document.settings.enrolment or Enrolment(fields=ASKED_ELSE)
    keys = {field.key for field in asked.fields}
    months = words.locale.months["format"]["wide"] if "birthday" in keys else {}

    def said(text: Text) -> str:
        return in_language(text, language, default=default)

    color = shown.background_color or color_of(shown.name)
    letters = [word[0].upper() for word in shown.name.split() if word]
    return JoinView(
        id=public_id("prog", program.public_id),
        name=shown.name,
        description=said(shown.description),
        color=color,
        ink="light" if text_on(color) == WHITE else "dark",
        initials="".join(letters[:_INITIALS]),
        logo_url=logo_url,
        units=tuple(said(unit.name) for unit in shown.units),
        tiers=tuple(said(tier.name) for tier in shown.tiers),
        terms=None if shown.terms is None else said(shown.terms),
        how_to_leave=None if shown.how_to_leave is None else said(shown.how_to_leave),
        qr="data:image/svg+xml," + quote(draw_svg("QR_CODE", address)),
        needed=tuple(field.key for field in asked.fields if field.required),
        offered=tuple(field.key for field in asked.fields if not field.required),
        consents=tuple(_consent(each, said) for each in asked.consents),
        months=tuple(months[number] for number in sorted(months)),
        ending=ending_text(program, language),
        has_ended=program.ending is not None and now >= program.ending.closes_at,
    )


def _consent(asked: ConsentAsked, said: Callable[[Text], str]) -> ConsentView:
    text = asked.text if isinstance(asked.text, str) else said(dict(asked.text.items()))
    return ConsentView(key=asked.key, text=text, required=asked.required)


ROUTES: list[Any] = [join_page]
