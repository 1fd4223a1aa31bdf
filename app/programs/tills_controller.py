"""Routes of a merchant's tills, and the one by which a till is paired (specs: api §5, §7)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.errors import NotFound
from app.http.addresses import client_address
from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.programs import till_queries, tills
from app.programs.till_schemas import MadeTill, NewTill, PairedOut, Pairing, TillOut
from app.storage.database import Transaction
from passes.barcode import draw_svg

WRONG_CODES_PER_HOUR = 20  # from one address; a right one counts for nothing
_ADMIN: dict[str, Any] = {"callers": ("merchant",), "scope": "admin"}
_TAGS = ["Merchant"]


@get("/v1/partner/tills", tags=_TAGS, summary="A merchant's tills", opt=_ADMIN)
async def list_tills(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[TillOut]:
    """Answer the tills in force, oldest first, without their tokens."""
    merchant_id = merchant_of(request).merchant_id
    begin = (position(ports.secrets, after) or (-1,))[0]
    rows = await ports.database.read_point(
        lambda tx: till_queries.tills_of(tx, merchant_id, begin, limit + 1)
    )
    found = [((row.till_id,), tills.till_out(row)) for row in rows]
    return page(ports.secrets, found, limit=limit)


@post("/v1/partner/tills", tags=_TAGS, summary="Make a till", opt=_ADMIN)
async def make_till(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewTill]
) -> Response[MadeTill]:
    """Answer the till with the code that pairs it: 10 minutes, one use, shown this once."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    drawn = tills.draw(ports.ids, ports.secrets, now)
    code = draw_svg("QR_CODE", f"{ports.settings.public_url}/till#{drawn.code}", scale=4)

    def work(tx: Transaction) -> Made:
        made = tills.add_till(tx, merchant_id, data, drawn=drawn, now=now)
        return Made(201, msgspec.structs.replace(made, barcode_svg=code))

    return (await once(request, ports, work)).response()


@delete("/v1/partner/tills/{till_id:str}", tags=_TAGS, summary="Revoke a till", opt=_ADMIN)
async def revoke_till(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], till_id: FromPath[str]
) -> None:
    """End a till at once; what it sold stays."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    await ports.database.write(lambda tx: tills.revoke_till(tx, merchant_id, till_id, now=now))


@post("/v1/checkout/pair", status_code=200, tags=["Checkout"], summary="Pair a till")
async def pair(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[Pairing]
) -> Response[PairedOut]:
    """Answer the till's token for its code, once; an Idempotency-Key gets that answer again.

    404 for an unknown code, 409 `code-already-used`, 410 `code-expired` after 10 minutes.
    """
    now = ports.clock.wall()
    address = client_address(request.scope, ports.settings.trusted_proxies)
    ports.limiter.check(
        "wrong-pairing-codes", address, per_hour=WRONG_CODES_PER_HOUR, now=now, hit=False
    )
    code_hash = tills.hash_of_code(ports.secrets, data.code)
    token = ports.ids.token(f"pct_{ports.settings.token_mode}_")

    def work(tx: Transaction) -> Made:
        return Made(200, tills.pair(tx, code_hash, token=token, now=now))

    try:
        return (await once(request, ports, work, is_needed=False)).response()
    except NotFound:
        ports.limiter.count("wrong-pairing-codes", address, now=now)
        raise


ROUTES = [list_tills, make_till, revoke_till, pair]
