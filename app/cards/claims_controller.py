"""HTTP in and out of proofs: join a program, claim a card, have a code mailed."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.cards import claiming, showing
from app.cards.asking import drawn_codes, hash_of_code, program_named
from app.cards.claiming import MailedCode
from app.cards.consents import judged, take_over
from app.cards.holding_queries import HoldingRow
from app.cards.mails import claim_mail, code_mail
from app.cards.making import draw_ids, rule_of
from app.cards.queries import Contact
from app.cards.registering import OWNER, hold, place_of
from app.cards.schemas import Accepted, CardOut, Claiming, Joined, Joining, NewLinkCode
from app.errors import InvalidInput, NotFound
from app.http.addresses import client_address
from app.http.callers import user_of
from app.http.idempotency import Made, once, require_key
from app.http.ports import Ports
from app.ids import digest, parse_public_id, public_id
from app.ledger import service as ledger
from app.programs import service as programs
from app.programs.enrolment import missing_fields
from app.programs.service import Program
from app.storage.database import Transaction, Work
from app.users.addresses import normalized

TAGS = ["Cards"]
LINK_CODES_PER_HOUR = 20  # a user
JOINS_PER_ADDRESS = 5  # mails an hour to one address
UNKNOWN_SPONSORS_PER_HOUR = 10  # an address: nobody finds out which numbers there are
_CODE_DIGITS = 8


@post(
    "/v1/link-codes",
    status_code=202,
    tags=TAGS,
    summary="Have a code mailed to the contact on file",
    callers=("user",),
)
async def mail_link_code(
    request: Request[Any, Any, Any], data: JSONBody[NewLinkCode], ports: NamedDependency[Ports]
) -> Accepted:
    """Answer the same whether the number is known, held, has a contact, or not."""
    user_id, now = user_of(request).user_id, ports.clock.wall()
    ports.limiter.check("link-codes", str(user_id), per_hour=LINK_CODES_PER_HOUR, now=now)
    try:
        program = await program_named(ports, data.program_id)
    except NotFound:
        return Accepted()
    assert program is not None
    number = data.number.strip()
    found = await ports.database.read_point(
        lambda tx: claiming.contact_to_code(tx, program, number, now=now)
    )
    if found is None:
        return Accepted()
    card_id, address = found
    code = ports.ids.digits(_CODE_DIGITS)
    mailed = MailedCode(
        code_hash=hash_of_code(ports, card_id, code),
        mail_id=ports.ids.next(now),
        mail=code_mail(ports, program, address, code),
    )
    await ports.database.write(lambda tx: claiming.mail_code(tx, card_id, mailed, now=now))
    return Accepted()


@post("/v1/programs/{program_id:str}/join", tags=TAGS, summary="Join a program")
async def join(
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    data: JSONBody[Joining],
    ports: NamedDependency[Ports],
) -> Response[Joined]:
    """Make a card for each new Idempotency-Key; the address only receives the claim link.

    `program_id` is `prog_…` or the program's slug. Known and unknown addresses: the same answer.
    """
    require_key(request)
    program = await _program_of(ports, program_id)
    now = ports.clock.wall()
    codes, drawn = drawn_codes(ports, rule_of(program)), draw_ids(ports, now)
    name = None if data.display_name is None else data.display_name.strip() or None
    email = None
    if data.email is not None:
        email = normalized(data.email, is_live=ports.settings.is_live)
    contact = Contact(email, data.phone, name, data.birthday, now)
    consents = _judged(program, contact, data.consents)
    mail = None
    if email is not None:
        mail = claim_mail(ports, program, email, drawn.claim_token)
        ports.limiter.check(
            "join-mails", mail.address_hash.hex(), per_hour=JOINS_PER_ADDRESS, now=now
        )

    def work(tx: Transaction) -> Made:
        joined = claiming.join(
            tx,
            program,
            codes,
            contact=contact,
            referred_by=data.referred_by,
            consents=consents,
            mail=mail,
            drawn=drawn,
            now=now,
        )
        return Made(201, joined)

    if data.referred_by is None:
        return (await once(request, ports, work)).response()
    return await _referred(request, ports, work, now=now)


def _judged(program: Program, contact: Contact, keys: tuple[str, ...]) -> frozenset[str]:
    """Read the consents that are given. Raises InvalidInput, also for what is needed and misses."""
    given = judged(program, keys)
    told = {
        "name": contact.display_name,
        "email": contact.email,
        "phone": contact.phone,
        "birthday": contact.birthday,
    }
    missing = missing_fields(program.document, told, given)
    if missing is not None:
        raise missing
    return given


async def _referred(
    request: Request[Any, Any, Any], ports: Ports, work: Work[Made], *, now: int
) -> Response[Any]:
    """Join as somebody's friend. Who tries many numbers is told nothing more for an hour."""
    address = client_address(request.scope, ports.settings.trusted_proxies)
    ports.limiter.check(
        "unknown-sponsors", address, per_hour=UNKNOWN_SPONSORS_PER_HOUR, now=now, hit=False
    )
    try:
        return (await once(request, ports, work)).response()
    except InvalidInput:
        ports.limiter.count("unknown-sponsors", address, now=now)
        raise


async def _program_of(ports: Ports, text: str) -> Program:
    raw = parse_public_id("prog", text)

    def find(tx: Transaction) -> Program | None:
        if raw is not None:
            return programs.program_by_public(tx, raw)
        return programs.program_by_slug(tx, text)

    program = await ports.database.read_point(find)
    if program is None:
        raise NotFound
    return program


@post(
    "/v1/claims",
    status_code=200,
    tags=TAGS,
    summary="Claim a card with its token",
    callers=("user",),
)
async def claim(
    request: Request[Any, Any, Any], data: JSONBody[Claiming], ports: NamedDependency[Ports]
) -> CardOut:
    """Put the token's card into the caller's wallet, once.

    Who has a card of that program already keeps it, and the new one ends. 404 for a token that
    is unknown or was used by somebody else.
    """
    user_id, now = user_of(request).user_id, ports.clock.wall()
    hashed = digest(data.claim_token)
    claimed = await ports.database.write(lambda tx: claiming.claim(tx, user_id, hashed, now=now))
    merged = claimed.merged
    if merged is not None:
        await ledger.settle_card(ports, merged)
        await ports.database.write(lambda tx: take_over(tx, claimed.card_id, merged))
    public = public_id("card", claimed.public_id)

    def keep(tx: Transaction) -> CardOut:
        own = HoldingRow(OWNER, place_of(tx, user_id))
        hold(tx, user_id, public, own, now=now)
        return showing.card_out(tx, user_id, claimed.card_id, now=now)

    return await ports.database.write(keep)


ROUTES: list[Any] = [mail_link_code, join, claim]
