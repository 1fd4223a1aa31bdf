"""HTTP in and out of sharing: invite, accept, who holds a card, and how it ends."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.cards import holding_queries, leaving, service, sharing, showing
from app.cards.ending import draw_end
from app.cards.holding_queries import HoldingRow
from app.cards.registering import OWNER, hold, place_of
from app.cards.schemas import CardOut
from app.cards.share_queries import HolderRow, ShareRow
from app.cards.share_schemas import HolderOut, HoldersOut, NewShare, NewShareOut, ShareOut
from app.cards.sharing import DrawnShare
from app.clock import rfc3339
from app.errors import MissingScope, NotFound
from app.http.callers import user_of
from app.http.idempotency import Made, once, require_key
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.ids import digest, parse_public_id, public_id
from app.storage.database import Transaction
from app.users import queries as users
from passes.barcode import draw_svg

TAGS = ["Cards"]
_Request = Request[Any, Any, Any]
_HOLDER: dict[str, Any] = {"callers": ("user",), "tags": TAGS}
# Of a read share too: a till reads the code of whoever shows it.
_WARNING = {
    "fr": "Qui peut montrer la carte peut s'en servir en caisse. Partagez-la avec vos proches.",
    "en": "Whoever can show the card can spend it at a till. Share it with people you trust.",
}


@post("/v1/cards/{card_id:str}/shares", summary="Invite somebody to hold a card", **_HOLDER)
async def invite(
    request: _Request,
    card_id: FromPath[str],
    data: JSONBody[NewShare],
    ports: NamedDependency[Ports],
) -> Response[NewShareOut]:
    """Answer 201 with a link for one person, good for 7 days; its owner only.

    The token stands in the fragment, which no server sees.
    """
    require_key(request)
    user_id, now, raw = user_of(request).user_id, ports.clock.wall(), _raw("card", card_id)
    token = ports.ids.token("")
    drawn = DrawnShare(
        share_id=ports.ids.next(now), public_id=ports.ids.public(), token_hash=digest(token)
    )
    url = f"{ports.settings.public_url}/share#{token}"
    qr_svg = draw_svg("QR_CODE", url)

    def work(tx: Transaction) -> Made:
        card = sharing.owned(tx, user_id, raw).state.card
        made = sharing.invite(tx, user_id, card.card_id, data.access, drawn=drawn, now=now)
        warning = _warning(tx, user_id)
        return Made(201, NewShareOut(**_shown(made), url=url, qr_svg=qr_svg, warning=warning))

    answer = (await once(request, ports, work)).response()
    answer.headers["Cache-Control"] = "no-store"
    return answer


@get("/v1/cards/{card_id:str}/shares", summary="List open invitations", **_HOLDER)
async def list_shares(
    *,
    request: _Request,
    card_id: FromPath[str],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[ShareOut]:
    """Answer what was neither accepted, revoked nor has expired, oldest first; its owner only."""
    user_id, now, raw = user_of(request).user_id, ports.clock.wall(), _raw("card", card_id)
    (begin,) = position(ports.secrets, after) or (0,)

    def work(tx: Transaction) -> Page[ShareOut]:
        card = sharing.owned(tx, user_id, raw).state.card
        rows = sharing.open_shares(tx, card.card_id, after=begin, limit=limit + 1, now=now)
        found = [((row.share_id,), ShareOut(**_shown(row))) for row in rows]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read(work)


@delete("/v1/cards/{card_id:str}/shares/{share_id:str}", summary="Revoke an invitation", **_HOLDER)
async def revoke_share(
    request: _Request,
    card_id: FromPath[str],
    share_id: FromPath[str],
    ports: NamedDependency[Ports],
) -> None:
    """Make its link lead nowhere. Who accepted it already is a holder, and ended as one."""
    user_id, raw = user_of(request).user_id, _raw("card", card_id)
    card = await ports.database.read_point(lambda tx: sharing.owned(tx, user_id, raw).state.card)
    share = _raw("shr", share_id)
    await ports.database.write(lambda tx: sharing.revoke_share(tx, user_id, card.card_id, share))


@post("/v1/shares/{token:str}", status_code=200, summary="Accept an invitation", **_HOLDER)
async def accept(request: _Request, token: FromPath[str], ports: NamedDependency[Ports]) -> CardOut:
    """Put the card of an invitation into the caller's wallet; the same caller may repeat it.

    404 for an unknown or revoked one, 410 for one that has expired or that somebody else used.
    """
    user_id, now, hashed = user_of(request).user_id, ports.clock.wall(), digest(token)
    await ports.database.read_point(lambda tx: place_of(tx, user_id))  # refuses a full wallet
    found = await ports.database.write(lambda tx: sharing.accept(tx, user_id, hashed, now=now))

    def keep(tx: Transaction) -> CardOut:
        position = holding_queries.place(tx, user_id).next_position
        own = HoldingRow(found.access, position)
        hold(tx, user_id, public_id("card", found.public_id), own, now=now)
        return showing.card_out(tx, user_id, found.card_id, now=now)

    return await ports.database.write(keep)


@get("/v1/cards/{card_id:str}/holders", summary="Who holds a card", **_HOLDER)
async def list_holders(
    request: _Request, card_id: FromPath[str], ports: NamedDependency[Ports]
) -> HoldersOut:
    """Answer all to its owner; to a holder its owner and himself."""
    user_id, raw = user_of(request).user_id, _raw("card", card_id)

    def work(tx: Transaction) -> HoldersOut:
        rows = sharing.holders(tx, user_id, raw)
        is_owner = any(row.user_id == user_id and row.access == OWNER for row in rows)
        warning = _warning(tx, user_id) if is_owner and len(rows) > 1 else None
        return HoldersOut(items=[_holder(row, user_id) for row in rows], warning=warning)

    return await ports.database.read_point(work)


@delete("/v1/cards/{card_id:str}/holders/{user_id:str}", summary="End what a holder has", **_HOLDER)
async def revoke_holder(
    request: _Request, card_id: FromPath[str], user_id: FromPath[str], ports: NamedDependency[Ports]
) -> None:
    """Void his passes and take the card from him: its owner any holder, a holder himself."""
    asks, now, raw = user_of(request).user_id, ports.clock.wall(), _raw("card", card_id)
    other_public = _raw("user", user_id)

    def read(tx: Transaction) -> tuple[int, int]:
        held = service.held_by(tx, asks, raw)
        other = users.id_by_public(tx, other_public)
        if held.holding.access != OWNER and other != asks:
            raise MissingScope("only the owner of a card says who holds it", scope=OWNER)
        if other is None:
            raise NotFound
        return held.state.card.card_id, other

    internal_id, other = await ports.database.read_point(read)
    sealed = draw_end(ports)
    await ports.database.write(
        lambda tx: sharing.revoke(tx, asks, internal_id, other, sealed=sealed, now=now)
    )
    await ports.database.write(lambda tx: leaving.forget(tx, other, internal_id))


def _shown(row: ShareRow) -> dict[str, Any]:
    return {
        "id": public_id("shr", row.public_id),
        "access": row.access,
        "created_at": rfc3339(row.created_at),
        "expires_at": rfc3339(row.expires_at),
    }


def _holder(row: HolderRow, asks: int) -> HolderOut:
    return HolderOut(
        user_id=public_id("user", row.public_id),
        display_name=row.display_name,
        access=row.access,
        since=rfc3339(row.since),
        is_you=row.user_id == asks,
    )


def _warning(tx: Transaction, user_id: int) -> str:
    user = users.by_id(tx, user_id)
    return _WARNING.get(user.language if user else "en", _WARNING["en"])


def _raw(kind: str, text: str) -> bytes:
    raw = parse_public_id(kind, text)
    if raw is None:
        raise NotFound
    return raw


ROUTES: list[Any] = [
    invite,
    list_shares,
    revoke_share,
    accept,
    list_holders,
    revoke_holder,
]
