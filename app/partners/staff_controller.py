"""Routes of who works for a merchant, and of the merchants where one works (specs: api §5)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.clock import HOUR
from app.errors import NotFound, WrongToken
from app.http.callers import merchant_of, user_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.partners import staff
from app.partners.staff import Hiring
from app.partners.staff_schemas import MerchantOut, Merchants, NewMerchant, NewStaff, StaffOut
from app.programs import merchants
from app.programs import service as programs
from app.storage.database import Transaction
from app.users import queries as user_queries
from app.users import service as users
from app.users.addresses import normalized
from app.users.mails import preferred_language

HIRED_PER_HOUR = 100  # each may be told by mail, and of a stranger's address a user is made
STARTED_PER_HOUR = 20  # merchants of one user
_ADMIN: dict[str, Any] = {"callers": ("merchant",), "scope": "admin"}
_USER: dict[str, Any] = {"callers": ("user",)}
_TAGS = ["Merchant"]


@get("/v1/partner/staff", tags=_TAGS, summary="Who works for a merchant", opt=_ADMIN)
async def list_staff(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[StaffOut]:
    """Answer who may use the console, and as what."""
    merchant_id = merchant_of(request).merchant_id
    begin = (position(ports.secrets, after) or (-1,))[0]
    rows = await ports.database.read(lambda tx: staff.listed(tx, merchant_id, begin, limit + 1))
    return page(ports.secrets, [((at,), item) for at, item in rows], limit=limit)


@post("/v1/partner/staff", tags=_TAGS, summary="Let somebody in, or change his role", opt=_ADMIN)
async def add_staff(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewStaff]
) -> Response[StaffOut]:
    """Answer 201 for somebody new, who is told by mail; 200 for another role of who is there.

    409 `last-owner` where that would leave nobody who may do everything.
    """
    require_key(request)
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    email = normalized(data.email, is_live=ports.settings.is_live)
    ports.limiter.check(
        "staff-hired", str(merchant_id), per_hour=HIRED_PER_HOUR, now=now, window=HOUR
    )
    language = preferred_language(request.headers.get("accept-language", ""))
    drawn, mail_id = users.draw(ports, now), ports.ids.next(now)
    user = await ports.database.write(
        lambda tx: staff.prepare_user(
            tx, merchant_id, drawn, email=email, language=language, now=now
        )
    )
    hiring = Hiring(
        user=user,
        role=data.role,
        mail_id=mail_id,
        console_url=f"{ports.settings.public_url}/merchant",
    )

    def work(tx: Transaction) -> Made:
        found, is_new = staff.hire(tx, merchant_id, hiring, secrets=ports.secrets, now=now)
        return Made(201 if is_new else 200, found)

    return (await once(request, ports, work)).response()


@delete(
    "/v1/partner/staff/{user_id:str}", tags=_TAGS, summary="Let somebody in no more", opt=_ADMIN
)
async def remove_staff(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], user_id: FromPath[str]
) -> None:
    """End it at once, in open windows too. 409 `last-owner` for the only owner."""
    merchant_id, raw = merchant_of(request).merchant_id, parse_public_id("user", user_id)
    found = None
    if raw is not None:
        found = await ports.database.read_point(lambda tx: user_queries.id_by_public(tx, raw))
    if found is None:
        raise NotFound
    known: int = found
    was_there = await ports.database.write(lambda tx: staff.dismiss(tx, merchant_id, known))
    # Also where a crash had left it: this row opens nothing by itself.
    await ports.database.write(lambda tx: users.end_workplace(tx, known, merchant_id))
    if not was_there:
        raise NotFound


@get("/v1/merchants", tags=_TAGS, summary="The merchants where I work", opt=_USER)
async def list_merchants(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Merchants:
    """Answer where the user works; `X-Merchant: mer_…` says which one later requests mean."""
    user_id = user_of(request).user_id
    found = await ports.database.read(lambda tx: staff.workplaces(tx, user_id))
    return Merchants(items=found)


@post("/v1/merchants", tags=_TAGS, summary="Start a merchant", opt=_USER)
async def start_merchant(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewMerchant]
) -> Response[MerchantOut]:
    """Answer a merchant whose owner is who asks: in the sandbox only, and with an address."""
    user, now = user_of(request), ports.clock.wall()
    if ports.settings.is_live:
        raise WrongToken(
            "here the operator starts merchants: portecarte merchants add NAME --owner EMAIL"
        )
    if user.is_guest:
        raise WrongToken("sign in with an e-mail address first: a guest has none")
    ports.limiter.check(
        "merchants-started", str(user.user_id), per_hour=STARTED_PER_HOUR, now=now, window=HOUR
    )
    merchant_id, public = ports.ids.next(now), ports.ids.public()

    def work(tx: Transaction) -> Made:
        row = merchants.add_merchant(
            tx,
            merchant_id=merchant_id,
            public=public,
            name=data.name,
            owner_id=user.user_id,
            now=now,
        )
        out = MerchantOut(
            id=public_id("mer", row.public_id), name=row.name, slug=row.slug, role="owner"
        )
        return Made(201, out)

    answer = await once(request, ports, work)
    await _note_workplace(ports, user.user_id, answer.body)
    return answer.response()


async def _note_workplace(ports: Ports, user_id: int, body: bytes) -> None:
    """Write with the user where he works now; a repeat finishes what a crash left."""
    made = msgspec.json.decode(body, type=MerchantOut)

    def work(tx: Transaction) -> None:
        merchant_id = programs.merchant_named(tx, made.id)
        if merchant_id is not None:
            users.add_workplace(tx, user_id, merchant_id)

    await ports.database.write(work)


ROUTES = [list_staff, add_staff, remove_staff, list_merchants, start_merchant]
