"""The console's pages of members: the list, a search that stands in no URL, and one card."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.apple.why import explain, why
from app.cards import pass_queries
from app.cards.passes_of import APPLE
from app.cards.showing import Showing
from app.errors import CardNotFound, InvalidInput, NotFound
from app.http.paging import After, cursor, position
from app.http.ports import Ports
from app.partners import enrolling, queries
from app.partners.schemas import AccountOut
from app.programs.service import Program
from app.storage.database import Transaction
from app.web.console import Staff, console_page, staff_of, turned_away
from app.web.desk_members import Speaker, units_of, vouchers_of
from app.web.pages import missing, words_of

MEMBERS_A_PAGE = 50
STORIES_MAX = 10  # passes of one card whose story is told
SEARCH_CHARACTERS_MAX = 80
_FORM = "application/x-www-form-urlencoded"
_PATH = "/merchant/p/{program:str}/members"
_TAGS = ["Pages"]
_HTML: Any = MediaType.HTML
_Asked = Request[Any, Any, Any]


@get(_PATH, media_type=_HTML, tags=_TAGS, summary="A program's members")
async def members_page(
    *,
    request: _Asked,
    program: FromPath[str],
    ports: NamedDependency[Ports],
    after: After = None,
) -> Response[Any]:
    """Draw the members, the oldest first."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    try:
        begin = (position(ports.secrets, after) or (-1,))[0]
    except InvalidInput:
        begin = -1
    now = ports.clock.wall()

    def work(tx: Transaction) -> tuple[list[AccountOut], int | None]:
        ids = queries.cards_of_program(tx, own.program_id, begin, MEMBERS_A_PAGE + 1)
        show, shown = Showing(tx, now=now), ids[:MEMBERS_A_PAGE]
        found = [enrolling.account(tx, each, show) for each in shown]
        return found, shown[-1] if len(ids) > MEMBERS_A_PAGE else None

    accounts, last = await ports.database.read(work)
    more = None if last is None else cursor(ports.secrets, last)
    return _list(request, staff, own, accounts, is_later=begin >= 0, more=more)


@post(
    _PATH,
    status_code=200,
    media_type=_HTML,
    tags=_TAGS,
    summary="Members of a number or name",
    content_types=(_FORM,),
)
async def found_members_page(
    request: _Asked, program: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw who is found; a POST, so that no name stands in a URL. It changes nothing."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
    text = "".join(form.get("text", [""])[0].split("\0")).strip()[:SEARCH_CHARACTERS_MAX]
    now = ports.clock.wall()
    accounts: list[AccountOut] = []
    if text:
        accounts = await ports.database.read(lambda tx: enrolling.search(tx, own, text, now=now))
    return _list(request, staff, own, accounts, text=text)


@get(_PATH + "/{card:str}", media_type=_HTML, tags=_TAGS, summary="A member's card")
async def member_page(
    request: _Asked, program: FromPath[str], card: FromPath[str], ports: NamedDependency[Ports]
) -> Response[Any]:
    """Draw all that is known of a card, its timeline, and what may be done."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    own = staff.program(program)
    if own is None:
        return missing(request, staff.visitor)
    now = ports.clock.wall()

    def work(tx: Transaction) -> tuple[AccountOut, list[list[str]]]:
        card_id = enrolling.card_named(tx, own, card)
        return enrolling.account(tx, card_id, Showing(tx, now=now)), _stories(tx, card_id)

    try:
        account, stories = await ports.database.read(work)
    except (CardNotFound, NotFound):
        return missing(request, staff.visitor)
    words = words_of(request)
    return console_page(
        request,
        "desk-member.html",
        staff=staff,
        page="members",
        program=own,
        card=Speaker(own, words).card(account),
        units=list(units_of(own, words.language).values()),
        vouchers=vouchers_of(own, words.language),
        stories=stories,
    )


def _stories(tx: Transaction, card_id: int) -> list[list[str]]:
    """Say of each pass on an iPhone why it shows what it shows, from the phones' own words too."""
    serials = pass_queries.installed_serials(tx, card_id, APPLE)
    known = [why(tx, serial) for serial in serials[:STORIES_MAX]]
    return [explain(each) for each in known if each is not None]


def _list(
    request: _Asked,
    staff: Staff,
    program: Program,
    accounts: list[AccountOut],
    *,
    is_later: bool = False,
    more: str | None = None,
    text: str | None = None,
) -> Response[Any]:
    speaker = Speaker(program, words_of(request))
    return console_page(
        request,
        "desk-members.html",
        staff=staff,
        page="members",
        program=program,
        members=[speaker.line(account) for account in accounts],
        is_later=is_later,
        more=more,
        text=text,
    )


ROUTES: list[Any] = [members_page, found_members_page, member_page]
