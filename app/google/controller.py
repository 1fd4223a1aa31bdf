"""Routes of Google Wallet: the link for a card's holder, and what Google calls back with."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import passes_of
from app.cards import service as cards
from app.cards.pass_queries import PassRow
from app.cards.passes_of import GOOGLE
from app.errors import NotFound
from app.google import keeping, queries, service
from app.google.keeping import Kept
from app.google.running import Google
from app.google.schemas import SaveLinkOut
from app.google.service import CALLBACKS, Told
from app.google.verifying import BadCallback, Callback, verify
from app.http.callers import ClaimCaller, UserCaller, caller_of
from app.http.ports import Ports
from app.ids import PUBLIC_BYTES, parse_public_id
from app.storage.database import Transaction

_MS = 1_000  # microseconds
_NO_ROOT = "root"  # of BadCallback: none of the root keys vouches for it
_NO_ISSUER = "signature"  # of BadCallback: signed, but for none of the issuers
_NO_KEYS_YET = 60  # seconds until it may be tried again
_Request = Request[Any, Any, Any]


@get(
    "/v1/cards/{card_id:str}/google",
    summary="A link that saves the card in Google Wallet",
    callers=("user", "claim"),
    tags=["Cards"],
)
async def google_link(
    request: _Request, ports: NamedDependency[Ports], card_id: FromPath[str]
) -> Response[SaveLinkOut]:
    """Answer this holder's own link; `saved`: show "View", it stands in his wallet already."""
    kept = await _named(request, ports, card_id)
    google: Google = request.app.state.google
    link = await google.links.link(kept)
    return Response(
        SaveLinkOut(save_url=link.url, saved=link.is_saved), headers={"Cache-Control": "no-store"}
    )


@post(
    CALLBACKS,
    summary="Hear from Google that a card was saved or removed",
    status_code=200,
    opt={"bare": True, "content_types": ("application/json",)},
    tags=["Google Wallet"],
)
async def callback(request: _Request, ports: NamedDependency[Ports]) -> Response[bytes]:
    """200: heard, maybe before. 400: not from Google, not for us, or too late. 503: ask again."""
    google: Google = request.app.state.google
    now, body = ports.clock.wall(), await request.body()
    try:
        heard = await _verified(google, body, now_ms=now // _MS)
    except BadCallback as bad:
        # The line that is written of every request says why; whoever sent this is told nothing.
        request.scope["state"]["code"] = bad.reason
        if bad.reason == _NO_ROOT and not google.root_keys.keys:
            headers = {"Retry-After": str(_NO_KEYS_YET)}
            return Response(b"", status_code=503, headers=headers)
        return Response(b"", status_code=400)
    ours = {
        each.issuer_id for each in google.issuers.all() if each.google_issuer == heard.google_issuer
    }
    row = await ports.database.read_point(lambda tx: _pass_of(tx, heard, ours))
    if row is not None:
        told = Told(
            row=row,
            is_saved=heard.event == "save",
            nonce_hash=ports.secrets.tag("google-nonce", heard.nonce),
            expires_at=heard.expires_ms * _MS,
            event_id=ports.ids.public(),
            now=now,
        )
        await ports.database.write(lambda tx: service.hear(tx, told))
    return Response(b"", status_code=200)


async def _verified(google: Google, body: bytes, *, now_ms: int) -> Callback:
    """Verify a callback for each of our issuers. Raises BadCallback."""

    def judged() -> Callback:
        numbers = list(dict.fromkeys(each.google_issuer for each in google.issuers.all()))
        return verify(body, roots=google.root_keys.keys, issuers=numbers, now_ms=now_ms)

    try:
        return judged()
    except BadCallback as bad:
        # Google signed it for somebody: perhaps an issuer that another process has begun with.
        if bad.reason != _NO_ISSUER or not await google.issuers.load_again():
            raise
    return judged()


async def _named(request: _Request, ports: Ports, card_id: str) -> Kept:
    """Find the card that a path names and whose link of it is meant. Raises NotFound."""
    raw, caller = parse_public_id("card", card_id), caller_of(request)
    if raw is None:
        raise NotFound

    def work(tx: Transaction) -> Kept:
        match caller:
            case UserCaller(user_id=user_id):
                return keeping.kept(tx, cards.card_of_user(tx, user_id, raw).card_id, user_id)
            case ClaimCaller(card_id=claimed):
                return keeping.kept(tx, cards.card_of_claim(tx, claimed, raw).card_id, 0)
            case _:
                raise NotFound

    return await ports.database.read_point(work)


def _pass_of(tx: Transaction, heard: Callback, issuer_ids: set[int]) -> PassRow | None:
    """Find the pass an object's id names, if it is one of this issuer. None: not one of ours."""
    name = heard.object_id.removeprefix(f"{heard.google_issuer}.")
    try:
        serial = bytes.fromhex(name)
    except ValueError:
        return None
    if len(serial) != PUBLIC_BYTES or serial.hex() != name:
        return None
    row = passes_of.pass_by_serial(tx, serial)
    if row is None or row.wallet != GOOGLE:
        return None
    known = queries.object_of(tx, row.card_id, serial)
    return row if known is not None and known.issuer_id in issuer_ids else None


ROUTES = [google_link, callback]
