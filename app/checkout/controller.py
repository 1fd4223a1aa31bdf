"""HTTP in and out of tills: scan, search, quote, hold, sell, refund (specs: api.md §7)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.checkout import holding, quoting, refunding, scanning, searching, selling
from app.checkout.holding import DrawnHold
from app.checkout.scanning import Recognised
from app.checkout.schemas import (
    Capturing,
    Hits,
    HoldOut,
    NewHold,
    NewQuote,
    NewRefund,
    NewScan,
    NewSearch,
    NewTicket,
    QuoteOut,
    RefundOut,
    ScanOut,
    SoldOut,
    Voiding,
)
from app.checkout.seller import Seller, card_named, seller_of
from app.clock import MINUTE
from app.http.idempotency import Answer, Made, once, require_key
from app.http.ports import Ports
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Posted
from app.programs.schemas import ProgramSettings
from app.storage.database import Transaction

_TAGS = ["Checkout"]
_TILL: dict[str, Any] = {"callers": ("till", "merchant")}
HOLDS = "/v1/checkout/holds/{hold_id:str}"


@post("/v1/checkout/scans", status_code=200, tags=_TAGS, summary="Who is this?", **_TILL)
async def scan(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewScan]
) -> Response[ScanOut]:
    """Answer the card of what was read: a number, a barcode's value, a changing or voucher code.

    A rotating or one-time code is used up: the same Idempotency-Key gets this answer again, any
    other scan 409 `code-already-used`, later than its window 410 `code-expired`. In training
    nothing is used up, and the scan proves nothing.
    """
    seller, now = seller_of(request), ports.clock.wall()

    def look(tx: Transaction) -> ScanOut | None:
        found = scanning.recognise(tx, ports.secrets, seller, data.code, at=now)
        if found.code is not None and not data.training:
            return None
        if found.code is not None:
            found = Recognised(found.known, "number")
        return scanning.scanned(tx, ports.secrets, found, seller, now=now)

    def work(tx: Transaction) -> Made:
        found = scanning.recognise(tx, ports.secrets, seller, data.code, at=now)
        scanning.use(tx, found, seller, ticket_key=None, now=now)
        return Made(200, scanning.scanned(tx, ports.secrets, found, seller, now=now))

    if data.training or request.headers.get("idempotency-key") is None:
        seen = await ports.database.read_point(look)  # most scans change nothing
        if seen is not None:
            return Response(seen, status_code=200)
    return (await once(request, ports, work, is_needed=False)).response()


@post("/v1/checkout/searches", status_code=200, tags=_TAGS, summary="Find somebody", **_TILL)
async def search(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewSearch]
) -> Hits:
    """Answer at most five by name or phone: first name, last four digits.

    404 unless a program sets `till_search`. A POST, so that no name stands in a URL.
    """
    seller = seller_of(request)
    return await ports.database.read(lambda tx: searching.search(tx, seller, data))


@post("/v1/checkout/quotes", status_code=200, tags=_TAGS, summary="What would it bring?", **_TILL)
async def quote(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewQuote]
) -> QuoteOut:
    """Answer units, discount and reasons by the same code as a sale; nothing changes."""
    seller, now = seller_of(request), ports.clock.wall()
    return await ports.database.read(lambda tx: quoting.quote(tx, seller, data, now=now))


@post("/v1/checkout/holds", tags=_TAGS, summary="Set units aside", **_TILL)
async def make_hold(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewHold]
) -> Response[HoldOut]:
    """Answer 201 with the hold; it times out by itself."""
    require_key(request)
    seller, now, drawn = seller_of(request), ports.clock.wall(), _drawn(ports)
    await _check_speed(ports, seller, data.card_id, now=now)
    done = _Done()

    def work(tx: Transaction) -> Made:
        made = holding.make_hold(tx, seller, data, drawn=drawn, secrets=ports.secrets, now=now)
        return done.made(201, made.hold, made.posted)

    return await _answer(request, ports, work, done, is_needed=True)


@post(HOLDS + "/capture", status_code=200, tags=_TAGS, summary="Spend a hold", **_TILL)
async def capture_hold(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    hold_id: FromPath[str],
    data: JSONBody[Capturing],
) -> Response[HoldOut]:
    """Answer the hold, captured; the same again is answered again."""
    seller, now, drawn, done = seller_of(request), ports.clock.wall(), _drawn(ports), _Done()

    def work(tx: Transaction) -> Made:
        resolved = holding.capture(tx, seller, hold_id, units=data.units, drawn=drawn, now=now)
        return done.made(200, resolved.hold, resolved.posted)

    return await _answer(request, ports, work, done)


@post(HOLDS + "/void", status_code=200, tags=_TAGS, summary="Give a hold back", **_TILL)
async def void_hold(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    hold_id: FromPath[str],
    data: JSONBody[Voiding],
) -> Response[HoldOut]:
    """Answer the hold, voided; the same again is answered again."""
    seller, now, drawn, done = seller_of(request), ports.clock.wall(), _drawn(ports), _Done()

    def work(tx: Transaction) -> Made:
        resolved = holding.void(tx, seller, hold_id, drawn=drawn, now=now)
        return done.made(200, resolved.hold, resolved.posted)

    return await _answer(request, ports, work, done)


@post("/v1/checkout/tickets", tags=_TAGS, summary="Close a sale", **_TILL)
async def sell(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewTicket]
) -> Response[SoldOut]:
    """Answer 201 as events are: capture, vouchers and earning, once by the till's own id.

    `flags` names what was kept aside, `hold-not-open` or `voucher-not-usable`: the sale stands.
    """
    seller, now, seed = seller_of(request), ports.clock.wall(), ports.ids.secret(SEED_BYTES)
    ticket, done = selling.judge(data, now=now), _Done()
    if data.voucher_codes:
        await _check_speed(ports, seller, data.card_id, now=now)

    def work(tx: Transaction) -> Made:
        sold = selling.sell(tx, seller, ticket, secrets=ports.secrets, seed=seed, now=now)
        return done.made(201, sold.body, sold.posted)

    return await _answer(request, ports, work, done)


@post(
    "/v1/checkout/tickets/{ticket_id:str}/refunds", tags=_TAGS, summary="Take a sale back", **_TILL
)
async def refund(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    ticket_id: FromPath[str],
    data: JSONBody[NewRefund],
) -> Response[RefundOut]:
    """Answer 201 as events are; any split of a refund takes back the same in all.

    409 `ambiguous-id` for an own id that two of the caller's programs know.
    """
    seller, now, seed = seller_of(request), ports.clock.wall(), ports.ids.secret(SEED_BYTES)
    refunding.judge(data, now=now)
    done = _Done()

    def work(tx: Transaction) -> Made:
        refunded = refunding.refund(tx, seller, ticket_id, data, seed=seed, now=now)
        return done.made(201, refunded.body, refunded.posted)

    return await _answer(request, ports, work, done)


class _Done:
    """What the unit of work that was kept has posted: it may run more than once."""

    def __init__(self) -> None:
        self.posted: Posted | None = None

    def made(self, status: int, body: Any, posted: Posted | None) -> Made:
        """Note what was posted, and return the answer."""
        self.posted = posted
        return Made(status, body)


async def _answer(
    request: Request[Any, Any, Any],
    ports: Ports,
    work: Any,
    done: _Done,
    *,
    is_needed: bool = False,
) -> Response[Any]:
    """Run a unit of work; then what it has caused elsewhere follows."""
    answer: Answer = await once(request, ports, work, is_needed=is_needed)
    posted = done.posted
    if posted is not None and not answer.is_replay:
        if posted.is_replay:
            return msgspec.structs.replace(answer, is_replay=True).response()
        await ledger.settle(ports, posted)
    return answer.response()


async def _check_speed(ports: Ports, seller: Seller, card_id: str | None, *, now: int) -> None:
    """Count a till's redemptions; where a code names the card the default counts.

    Raises: TooManyRequests; NotFound for an unknown card.
    """
    if seller.till_id is None:
        return
    settings = ProgramSettings()
    if card_id is not None:
        known = await ports.database.read_point(lambda tx: card_named(tx, seller, card_id))
        settings = known.program.document.settings
    ports.limiter.check(
        "till-redemptions",
        str(seller.till_id),
        per_hour=settings.till_redemptions_per_minute,  # per window
        now=now,
        window=MINUTE,
    )


def _drawn(ports: Ports) -> DrawnHold:
    return DrawnHold(ports.ids.public(), ports.ids.secret(SEED_BYTES))


ROUTES: list[Any] = [
    scan,
    search,
    quote,
    make_hold,
    capture_hold,
    void_hold,
    sell,
    refund,
]
