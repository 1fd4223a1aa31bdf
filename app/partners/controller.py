"""HTTP in and out of merchants' systems: accounts and statements."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ASGIApp

from app.cards.asking import drawn_codes
from app.cards.consents import judged as judged_consents
from app.cards.mails import claim_url
from app.cards.making import draw_ids, rule_of
from app.cards.numbers import Code
from app.cards.numbers import judge as judge_number
from app.cards.queries import Contact
from app.cards.showing import Showing
from app.errors import invalid
from app.http.callers import merchant_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.http.streaming import body_of, streamed
from app.partners import bulk, enrolling, queries, statements
from app.partners.deciding import judge
from app.partners.schemas import (
    AccountOut,
    EnrolledOut,
    NewAccount,
    Search,
    Statement,
    StatementOut,
)
from app.partners.statement_lines import statement_work
from app.programs.coalitions import program_for
from app.programs.service import Program
from app.storage.database import Transaction
from app.users.addresses import normalized

TAGS = ["Partners"]
CARDS = "/v1/partner/programs/{program_id:str}/cards"
NDJSON = "application/x-ndjson"
_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}
# Searching changes nothing; it is a POST so that no name stands in a URL.
_SEARCHER: dict[str, Any] = {"callers": ("merchant",), "scope": "write"}


async def _program(request: Request[Any, Any, Any], ports: Ports, program_id: str) -> Program:
    merchant_id = merchant_of(request).merchant_id
    return await ports.database.read_point(lambda tx: program_for(tx, merchant_id, program_id))


@post(CARDS, tags=TAGS, summary="Enrol somebody", **_MERCHANT)
async def enrol(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    data: JSONBody[NewAccount],
    ports: NamedDependency[Ports],
) -> Response[EnrolledOut]:
    """Answer 201 with the account and what links it; a known number: 200, the account it has."""
    require_key(request)
    program, now = await _program(request, ports, program_id), ports.clock.wall()
    rule = rule_of(program)
    if data.number is not None:
        codes: tuple[Code, ...] = (
            judge_number(
                data.number, value=data.barcode_value, barcode_format=data.barcode_format, rule=rule
            ),
        )
    elif data.barcode_value is not None or data.barcode_format is not None:
        raise invalid("number", "needed where a barcode is given")
    else:
        codes = drawn_codes(ports, rule)
    name = None if data.display_name is None else data.display_name.strip() or None
    email = None
    if data.email is not None:
        email = normalized(data.email, is_live=ports.settings.is_live)
    contact = Contact(email, data.phone, name, data.birthday, now)
    drawn, agreed = draw_ids(ports, now), judged_consents(program, data.consents)
    link = claim_url(ports, drawn.claim_token)

    def work(tx: Transaction) -> Made:
        status, enrolled = enrolling.enrol(
            tx,
            program,
            codes,
            contact=contact,
            referred_by=data.referred_by,
            agreed=agreed,
            drawn=drawn,
            link=link,
            now=now,
        )
        return Made(status, enrolled)

    answer = await once(request, ports, work)
    return answer.response()


@get(CARDS, tags=TAGS, summary="List a program's accounts", **_MERCHANT)
async def list_accounts(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[AccountOut]:
    """Answer the accounts, oldest first."""
    merchant_id = merchant_of(request).merchant_id
    begin, now = (position(ports.secrets, after) or (-1,))[0], ports.clock.wall()

    def work(tx: Transaction) -> Page[AccountOut]:
        program = program_for(tx, merchant_id, program_id)
        ids = queries.cards_of_program(tx, program.program_id, begin, limit + 1)
        show = Showing(tx, now=now)
        found = [((card_id,), enrolling.account(tx, card_id, show)) for card_id in ids]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read(work)


@post(CARDS + "/searches", status_code=200, tags=TAGS, summary="Find accounts", **_SEARCHER)
async def search(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    data: JSONBody[Search],
    ports: NamedDependency[Ports],
) -> Page[AccountOut]:
    """Answer the accounts of a number or barcode value, else of part of a name; 20 at most."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()

    def work(tx: Transaction) -> Page[AccountOut]:
        program = program_for(tx, merchant_id, program_id)
        return Page(items=enrolling.search(tx, program, data.text.strip(), now=now))

    return await ports.database.read(work)


@get(CARDS + "/{number:str}", tags=TAGS, summary="Show an account", **_MERCHANT)
async def show_account(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    ports: NamedDependency[Ports],
) -> AccountOut:
    """Answer the account of a number (percent-encoded), or of `card_…`."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()

    def work(tx: Transaction) -> AccountOut:
        program = program_for(tx, merchant_id, program_id)
        card_id = enrolling.card_named(tx, program, number)
        return enrolling.account(tx, card_id, Showing(tx, now=now))

    return await ports.database.read_point(work)


@put(CARDS + "/{number:str}/statement", tags=TAGS, summary="Tell a card's balance", **_MERCHANT)
async def put_statement(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    data: JSONBody[Statement],
    ports: NamedDependency[Ports],
) -> StatementOut:
    """Take a statement that is newer than the last; the card's phones are told if it says so.

    Absent = unchanged, null or [] = cleared. 409 `stale-statement` changes nothing.
    """
    program, now = await _program(request, ports, program_id), ports.clock.wall()
    told = judge(data, statements.named_of(program))
    drawn = ports.ids.secret(16 * statements.EVENTS_PER_CHANGE)
    event_ids = (drawn[:16], drawn[16:])
    return await ports.database.write(
        lambda tx: statements.take(tx, program, number, told, event_ids=event_ids, now=now)
    )


@post(
    "/v1/partner/programs/{program_id:str}/statements",
    status_code=200,
    request_max_body_size=None,
    content_types=(NDJSON,),
    tags=TAGS,
    summary="Tell many balances, NDJSON both ways",
    **_MERCHANT,
)
async def post_statements(
    request: Request[Any, Any, Any], program_id: FromPath[str], ports: NamedDependency[Ports]
) -> ASGIApp:
    """Read up to 100,000 lines as they come; answer each non-blank one by a line, in order.

    `line` counts the lines of the file from 1. A bad line loses no other; sent again, the file
    changes nothing. The last line counts: `{"done": true, "ok": …, "stale": …, "error": …}`.
    """
    program = await _program(request, ports, program_id)
    work = statement_work(ports, program)  # refused while there is a status to answer
    answers = bulk.answers(work, body_of(request.receive))
    return streamed(answers, media_type=NDJSON)


ROUTES: list[Any] = [
    enrol,
    list_accounts,
    search,
    show_account,
    put_statement,
    post_statements,
]
