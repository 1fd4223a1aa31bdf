"""Routes of Apple passes for users: the pass, several at once, a link (specs: api §4)."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter

from app.apple import links
from app.apple.controller import pass_answer, shown
from app.apple.links import PassLink
from app.apple.schemas import LinkOut
from app.apple.service import Shown
from app.cards import passes_of
from app.cards import service as cards
from app.clock import rfc3339
from app.errors import LinkExpired, NotFound, invalid
from app.http.addresses import client_address
from app.http.callers import ClaimCaller, UserCaller, caller_of, user_of
from app.http.ports import Ports
from app.ids import parse_public_id
from app.storage.database import Transaction
from passes.apple.package import BUNDLE_MIME, BUNDLE_PASSES_MAX, MIME, bundle

_HOLDER: dict[str, Any] = {"callers": ("user", "claim"), "tags": ["Cards"]}
_Request = Request[Any, Any, Any]


@get("/v1/cards/{card_id:str}/apple.pkpass", summary="The pass", media_type=MIME, **_HOLDER)
async def apple_pass(
    request: _Request, ports: NamedDependency[Ports], card_id: FromPath[str]
) -> Response[bytes]:
    """Answer the signed pass of this holder; the file is his alone."""
    found = await _pass_of(ports, *await _named(request, ports, card_id))
    answer = await pass_answer(request, ports, found)
    answer.headers["Content-Disposition"] = _file_name(found)
    return answer


@get(
    "/v1/wallet.pkpasses",
    summary="Several passes at once",
    media_type=BUNDLE_MIME,
    callers=("user",),
    tags=["Cards"],
)
async def wallet(
    request: _Request,
    ports: NamedDependency[Ports],
    card: Annotated[
        list[str], Parameter(min_items=1, max_items=BUNDLE_PASSES_MAX, description="`card_…`")
    ],
) -> Response[bytes]:
    """Answer up to ten passes in one file."""
    if len(set(card)) != len(card):
        raise invalid("card", "the same card stands twice")
    user_of(request)
    packed = []
    for each in card:
        found = await _pass_of(ports, *await _named(request, ports, each))
        packed.append((await pass_answer(request, ports, found)).content)
    headers = {
        "Content-Disposition": 'attachment; filename="cards.pkpasses"',
        "Cache-Control": "no-store",
    }
    return Response(bundle(packed), media_type=BUNDLE_MIME, headers=headers)


@post("/v1/cards/{card_id:str}/links", summary="A link to the pass", status_code=200, **_HOLDER)
async def make_link(
    request: _Request, ports: NamedDependency[Ports], card_id: FromPath[str]
) -> LinkOut:
    """Answer a link that opens the pass within 15 minutes, on one device."""
    internal_id, user_id = await _named(request, ports, card_id)
    expires_at = ports.clock.wall() + links.LASTS
    link = PassLink(internal_id, user_id, expires_at, ports.ids.secret(links.NONCE_BYTES))
    token = links.write_link(link, ports.secrets)
    url = f"{ports.settings.public_url}/v1/links/{token}"
    return LinkOut(url=url, expires_at=rfc3339(expires_at))


@get("/v1/links/{token:str}", summary="Open a link", media_type=MIME, tags=["Cards"])
async def open_link(
    request: _Request, ports: NamedDependency[Ports], token: FromPath[str]
) -> Response[bytes]:
    """Answer the pass, to the first client only and for a minute."""
    now = ports.clock.wall()
    link = links.read_link(token, ports.secrets, now=now)
    address = client_address(request.scope, ports.settings.trusted_proxies)
    client = f"{address} {request.headers.get('user-agent', '')}"
    made_at = link.expires_at - links.LASTS
    if await ports.database.read_point(
        lambda tx: passes_of.is_voided_since(tx, link.card_id, link.user_id, made_at)
    ):
        raise LinkExpired
    await ports.database.write(lambda tx: links.use_link(tx, link, client, ports.secrets, now=now))
    found = await _pass_of(ports, link.card_id, link.user_id)
    answer = await pass_answer(request, ports, found)
    answer.headers["Content-Disposition"] = _file_name(found)
    return answer


async def _named(request: _Request, ports: Ports, card_id: str) -> tuple[int, int]:
    """Return the card that a path names and whose pass of it is meant. Raises NotFound."""
    raw, caller = parse_public_id("card", card_id), caller_of(request)
    if raw is None:
        raise NotFound

    def work(tx: Transaction) -> tuple[int, int]:
        match caller:
            case UserCaller(user_id=user_id):
                return cards.card_of_user(tx, user_id, raw).card_id, user_id
            case ClaimCaller(card_id=claimed):
                return cards.card_of_claim(tx, claimed, raw).card_id, 0
            case _:
                raise NotFound

    return await ports.database.read_point(work)


async def _pass_of(ports: Ports, card_id: int, user_id: int) -> Shown:
    now, serial = ports.clock.wall(), ports.ids.public()
    row = await ports.database.write(
        lambda tx: passes_of.pass_of(
            tx,
            card_id=card_id,
            user_id=user_id,
            new_serial=serial,
            now=now,
            pass_key=ports.secrets.newest_pass_key,
        )
    )
    found = await shown(ports, row)
    if found is None or found.content.is_voided:
        raise NotFound
    return found


def _file_name(found: Shown) -> str:
    name = found.content.content.program.name
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "card"
    return f"attachment; filename=\"{plain}.pkpass\"; filename*=UTF-8''{quote(name)}.pkpass"


ROUTES = [apple_pass, wallet, make_link, open_link]
