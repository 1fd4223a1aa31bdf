"""Routes of a merchant's keys and staff (specs: api §5)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.http.callers import merchant_of
from app.http.idempotency import Made, once
from app.http.ports import Ports
from app.programs import merchant_queries, merchants
from app.programs.merchants import DrawnKey
from app.programs.schemas import KeyOut, Keys, NewKey, Roll
from app.storage.database import Transaction

_ADMIN: dict[str, Any] = {"callers": ("merchant",), "scope": "admin"}
_TAGS = ["Merchant"]


@get("/v1/partner/keys", tags=_TAGS, summary="A merchant's keys", opt=_ADMIN)
async def keys(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Keys:
    """List the keys in force, without their tokens."""
    merchant_id = merchant_of(request).merchant_id
    rows = await ports.database.read_point(lambda tx: merchant_queries.keys_of(tx, merchant_id))
    return Keys(items=[merchants.key_out(row) for row in rows])


@post("/v1/partner/keys", tags=_TAGS, summary="Make a key", opt=_ADMIN)
async def make_key(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewKey]
) -> Response[KeyOut]:
    """Answer the new key with its token, shown this once."""
    merchants.judge_addresses(data)
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    drawn = DrawnKey(ports.ids.next(now), ports.ids.public(), _token(ports))

    def work(tx: Transaction) -> Made:
        return Made(201, merchants.add_key(tx, merchant_id, data, drawn=drawn, now=now))

    return (await once(request, ports, work)).response()


@post("/v1/partner/keys/{key_id:str}/roll", tags=_TAGS, summary="Roll a key", opt=_ADMIN)
async def roll_key(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    key_id: FromPath[str],
    data: JSONBody[Roll],
) -> Response[KeyOut]:
    """Answer the new token; the former one stays valid for the overlap."""
    merchant_id, now, token = merchant_of(request).merchant_id, ports.clock.wall(), _token(ports)

    def work(tx: Transaction) -> Made:
        rolled = merchants.roll_key(
            tx, merchant_id, key_id, token=token, overlap_seconds=data.overlap_seconds, now=now
        )
        return Made(200, rolled)

    return (await once(request, ports, work)).response()


@delete("/v1/partner/keys/{key_id:str}", tags=_TAGS, summary="Revoke a key", opt=_ADMIN)
async def revoke_key(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], key_id: FromPath[str]
) -> None:
    """End a key at once."""
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    await ports.database.write(lambda tx: merchants.revoke_key(tx, merchant_id, key_id, now=now))


def _token(ports: Ports) -> str:
    return ports.ids.token(f"pck_{ports.settings.token_mode}_")


ROUTES = [keys, make_key, roll_key, revoke_key]
