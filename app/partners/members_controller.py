"""HTTP in and out of members' cards: a lost one, two that become one, a voucher, a timeline."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.cards import merging, renumbering
from app.cards.asking import drawn_codes
from app.cards.ending import draw_end
from app.cards.making import rule_of
from app.cards.merging import Merging
from app.cards.notes import Noted
from app.cards.numbers import Code
from app.cards.numbers import judge as judge_number
from app.cards.renumbering import Renumbering
from app.cards.showing import Showing
from app.errors import invalid
from app.http.callers import MerchantCaller, merchant_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page
from app.http.ports import Ports
from app.ids import parse_public_id
from app.ledger.drawing import SEED_BYTES
from app.partners import by_hand, enrolling, timeline
from app.partners.controller import CARDS, TAGS
from app.partners.members_schemas import GivenVoucher, NewMerge, NewNumber, TimelineItem
from app.partners.schemas import AccountOut
from app.programs.coalitions import program_for
from app.programs.service import Program
from app.storage.database import Transaction
from app.users.mails import preferred_language

_MERCHANT: dict[str, Any] = {"callers": ("merchant",)}


def draw_note(request: Request[Any, Any, Any], ports: Ports, now: int) -> Noted:
    """Draw a note's id, and name who asks."""
    return Noted(ports.ids.next(now), now, made_by(request))


def made_by(request: Request[Any, Any, Any]) -> str:
    """Name who asks, as notes remember him."""
    caller: MerchantCaller = merchant_of(request)
    return f"key:{caller.key_id}" if caller.key_id else f"user:{caller.user_id}"


async def _program(request: Request[Any, Any, Any], ports: Ports, program_id: str) -> Program:
    merchant_id = merchant_of(request).merchant_id
    return await ports.database.read_point(lambda tx: program_for(tx, merchant_id, program_id))


@post(
    CARDS + "/{number:str}/renumber",
    status_code=200,
    tags=TAGS,
    summary="Give a lost card another number",
    **_MERCHANT,
)
async def renumber(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    data: JSONBody[NewNumber],
    ports: NamedDependency[Ports],
) -> Response[AccountOut]:
    """Keep units, vouchers, tier and holder; refuse the old number, and void all its passes.

    Nobody gets the old number again but this card, once it is found. Without `number` one is
    drawn. Of two at once by the same number one is answered 404 `card-not-found`.
    """
    require_key(request)
    program, now = await _program(request, ports, program_id), ports.clock.wall()
    wanted = Renumbering(
        codes=_codes(ports, program, data),
        named=None if parse_public_id("card", number) else number,
        is_drawn=data.number is None,
        sealed=draw_end(ports),
        former_id=ports.ids.next(now),
        event_id=ports.ids.public(),
        noted=draw_note(request, ports, now),
    )

    def work(tx: Transaction) -> Made:
        card_id = enrolling.card_named(tx, program, number)
        renumbering.renumber(tx, card_id, wanted, now=now)
        return Made(200, enrolling.account(tx, card_id, Showing(tx, now=now)))

    return (await once(request, ports, work)).response()


def _codes(ports: Ports, program: Program, data: NewNumber) -> tuple[Code, ...]:
    rule = rule_of(program)
    if data.number is None:
        if data.barcode_value is not None or data.barcode_format is not None:
            raise invalid("number", "needed where a barcode is given")
        return drawn_codes(ports, rule)
    return (
        judge_number(
            data.number, value=data.barcode_value, barcode_format=data.barcode_format, rule=rule
        ),
    )


@post(
    CARDS + "/{number:str}/merge",
    status_code=200,
    tags=TAGS,
    summary="Let two cards of one person become one",
    **_MERCHANT,
)
async def merge(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    data: JSONBody[NewMerge],
    ports: NamedDependency[Ports],
) -> Response[AccountOut]:
    """Close the card of the path; units, vouchers, tier and contact go to `into`.

    So does the holder, where nobody holds `into`; 409 where two people hold them. The closed
    number is refused from then on. The same again finishes what a crash left and answers the
    account as it is now.
    """
    require_key(request)
    program, now = await _program(request, ports, program_id), ports.clock.wall()
    sealed, noted = draw_end(ports), draw_note(request, ports, now)
    drawn = (ports.ids.secret(SEED_BYTES), ports.ids.public(), ports.ids.next(now))

    def work(tx: Transaction) -> Made:
        wanted = Merging(
            into=enrolling.card_named(tx, program, data.into.strip()),
            sealed=sealed,
            seed=drawn[0],
            event_id=drawn[1],
            note_id=drawn[2],
            noted=noted,
        )
        merging.close(tx, merging.card_to_close(tx, program, number), wanted, now=now)
        return Made(200, None)  # the account is shown when all has arrived

    answer = await once(request, ports, work)
    if answer.status != 200:
        return answer.response()
    row = await ports.database.read_point(lambda tx: merging.merge_named(tx, program, number))
    await merging.finish(ports, row)

    def shown(tx: Transaction) -> AccountOut:
        card_id = merging.last_of(tx, row)
        return enrolling.account(tx, card_id, Showing(tx, now=ports.clock.wall()))

    headers = {"Idempotent-Replay": "true"} if answer.is_replay else None
    return Response(await ports.database.read_point(shown), status_code=200, headers=headers)


@post(CARDS + "/{number:str}/vouchers", tags=TAGS, summary="Give a voucher by hand", **_MERCHANT)
async def give_voucher(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    data: JSONBody[GivenVoucher],
    ports: NamedDependency[Ports],
) -> Response[AccountOut]:
    """Issue one of the program's vouchers to a hosted card; 201 with its account.

    `reason` stands in the card's timeline, with who gave it.
    """
    require_key(request)
    program, now = await _program(request, ports, program_id), ports.clock.wall()
    noted, seed = draw_note(request, ports, now), ports.ids.secret(SEED_BYTES)

    def work(tx: Transaction) -> Made:
        card_id = enrolling.card_named(tx, program, number)
        by_hand.give(tx, program, card_id, data, noted=noted, seed=seed, now=now)
        return Made(201, enrolling.account(tx, card_id, Showing(tx, now=now)))

    return (await once(request, ports, work)).response()


@get(
    CARDS + "/{number:str}/timeline", tags=TAGS, summary="All that happened to a card", **_MERCHANT
)
async def show_timeline(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    number: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[TimelineItem]:
    """Answer newest first: entries with why, statements, scans, passes, pushes, vouchers, notes.

    Texts are French or English, as Accept-Language asks. A page follows the one before without a
    gap or a repeat, whatever happens meanwhile: what is newer than the first page is on none.
    A card that was closed by a merge still tells its own.
    """
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    language = preferred_language(request.headers.get("accept-language", ""))
    begun = timeline.read_position(ports.secrets, after, now=now)

    def work(tx: Transaction) -> Page[TimelineItem]:
        program = program_for(tx, merchant_id, program_id)
        card_id = merging.card_to_close(tx, program, number)
        asked = timeline.Asked(program, card_id, language, limit)
        return timeline.page(tx, ports.secrets, asked, begun)

    return await ports.database.read(work)


ROUTES: list[Any] = [renumber, merge, give_voucher, show_timeline]
