"""The desk's page of how people join a program, to what they agree, and when it ends."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards.notices import ending_text
from app.http.ports import Ports
from app.programs.enrolment import PROMOTIONS
from app.programs.enrolment_schemas import ConsentAsked, Enrolment
from app.programs.service import Program
from app.web.console import console_page, staff_of, turned_away
from app.web.joining_controller import ASKED_ELSE
from app.web.pages import missing, words_of

_TAGS = ["Pages"]
_KEYS = ("name", "email", "phone", "birthday")
ROWS = 3  # of consents beside promotions; more where a program has more


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the join page; `how`: `no`, `may` or `must`."""

    key: str
    how: str


class ConsentRowView(msgspec.Struct, frozen=True, kw_only=True):
    """A consent in the form, its text by language; a new one has none."""

    key: str
    texts: dict[str, str]
    required: bool


@get("/merchant/p/{program:str}/joining", media_type=MediaType.HTML, tags=_TAGS, summary="Joining")
async def joining_desk(
    request: Request[Any, Any, Any], program: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw what a program asks, and its end."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    asked = own.document.settings.enrolment or Enrolment(fields=ASKED_ELSE)
    ending = own.ending
    return console_page(
        request,
        "desk-joining.html",
        staff=staff,
        page="joining",
        program=own,
        spoken=own.document.languages,
        fields=[_field(key, asked) for key in _KEYS],
        promotions=_promotions(own, asked),
        consents=_others(own, asked),
        ending=ending,
        ending_text=ending_text(own, words_of(request).language),
        has_ended=ending is not None and ports.clock.wall() >= ending.closes_at,
        notice=_texts(own, "" if ending is None else ending.notice),
    )


def _field(key: str, asked: Enrolment) -> FieldView:
    found = next((field for field in asked.fields if field.key == key), None)
    how = "no" if found is None else "must" if found.required else "may"
    return FieldView(key=key, how=how)


def _promotions(program: Program, asked: Enrolment) -> ConsentRowView | None:
    found = next((each for each in asked.consents if each.key == PROMOTIONS), None)
    return None if found is None else _row(program, found)


def _others(program: Program, asked: Enrolment) -> list[ConsentRowView]:
    rows = [_row(program, each) for each in asked.consents if each.key != PROMOTIONS]
    known = {row.key for row in rows}
    free = (f"consent-{number}" for number in range(1, 2 * ROWS + len(rows) + 1))
    while len(rows) < ROWS:
        key = next(key for key in free if key not in known)
        rows.append(ConsentRowView(key=key, texts={}, required=False))
    return rows


def _row(program: Program, asked: ConsentAsked) -> ConsentRowView:
    texts = _texts(program, asked.text)
    return ConsentRowView(key=asked.key, texts=texts, required=asked.required)


def _texts(program: Program, text: Any) -> dict[str, str]:
    """Return a text by language; one for all stands in the program's first."""
    return dict(text) if isinstance(text, dict) else {program.document.languages[0]: text}


ROUTES: list[Any] = [joining_desk]
