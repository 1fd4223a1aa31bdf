"""HTTP in and out of the till's page beside a sale: its day, moves, codes on receipts."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from app.checkout import moving, receipts, till_day, till_facts, till_queries
from app.checkout.seller import seller_of
from app.checkout.till_queries import ReceiptRow
from app.checkout.till_schemas import (
    ClaimedReceipt,
    CreditOut,
    MovedOut,
    NewMove,
    NewReceipt,
    ReceiptOut,
    TillDay,
    TillOut,
    VoidedReceipt,
)
from app.errors import Conflict, NotFound
from app.http.callers import UserCaller, caller_of, scope_of
from app.http.idempotency import Made, once
from app.http.ports import Ports
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Posted
from app.storage.database import Transaction
from app.users.mails import preferred_language

_TAGS = ["Checkout"]
_TILL: dict[str, Any] = {"callers": ("till", "merchant")}
_ONLY_TILL: dict[str, Any] = {"callers": ("till",)}
WRONG_RECEIPTS_PER_HOUR = 10  # a user; right ones count for nothing
KEPT_AFTER = 30 * 86_400_000_000  # receipts whose time is over, microseconds
Day = Annotated[str | None, Parameter(min_length=10, max_length=10, description="A local day.")]


@get("/v1/checkout/till", tags=_TAGS, summary="What a till is", **_ONLY_TILL)
async def show_till(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> TillOut:
    """Answer the till's name and place, and the programs it sells for, in the language asked."""
    seller, now = seller_of(request), ports.clock.wall()
    language = preferred_language(request.headers.get("accept-language", ""))
    mode = "live" if ports.settings.is_live else "sandbox"
    return await ports.database.read_point(
        lambda tx: till_facts.facts_of(tx, seller, mode=mode, language=language, now=now)
    )


@get("/v1/checkout/tickets", tags=_TAGS, summary="A till's day", **_ONLY_TILL)
async def list_tickets(
    *,
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    day: Day = None,
) -> TillDay:
    """Answer what this till sold on a day (`YYYY-MM-DD`, today by default), and its sums."""
    seller, now = seller_of(request), ports.clock.wall()
    return await ports.database.read(lambda tx: till_day.day_of(tx, seller, day, now=now))


@post(
    "/v1/checkout/tickets/{ticket_id:str}/move",
    tags=_TAGS,
    summary="Move a sale to another card",
    **_TILL,
)
async def move(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    ticket_id: FromPath[str],
    data: JSONBody[NewMove],
) -> Response[MovedOut]:
    """Answer 201 with the ticket on the right card: taken back whole here, the same basket there.

    On the day of the sale only: 409 `too-late`; `already-moved`; `ticket-not-whole`.
    """
    seller, now, seed = seller_of(request), ports.clock.wall(), ports.ids.secret(SEED_BYTES)
    posted: list[Posted] = []

    def work(tx: Transaction) -> Made:
        begun = moving.begin(tx, seller, ticket_id, data, secrets=ports.secrets, seed=seed, now=now)
        posted[:] = [] if begun.posted is None else [begun.posted]
        return Made(201, {"moves_to": begun.row.new_id})

    answer = await once(request, ports, work, is_needed=False)
    if answer.status >= 400:
        return answer.response()
    if posted and not answer.is_replay:
        await ledger.settle(ports, posted[0])
    row = await ports.database.read_point(lambda tx: moving.begun(tx, seller, ticket_id))
    own_id, arrived = await moving.bring(ports, row)
    if arrived is None:
        raise Conflict("that card takes nothing any more: sell it again")
    body = await ports.database.read(
        lambda tx: moving.moved(tx, row, own_id, arrived, language=seller.language, now=now)
    )
    headers = {"Idempotent-Replay": "true"} if answer.is_replay or not posted else None
    return Response(body, status_code=201, headers=headers)


@post("/v1/checkout/receipt-codes", tags=_TAGS, summary="Sell without a card", **_TILL)
async def issue_receipt(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewReceipt]
) -> Response[ReceiptOut]:
    """Answer 201 with the code to print: whoever claims it within 30 days earns the units, once."""
    seller, now, url = seller_of(request), ports.clock.wall(), ports.settings.public_url

    def work(tx: Transaction) -> Made:
        made = receipts.issue(tx, seller, data, secrets=ports.secrets, url=url, now=now)
        return Made(201, made)

    return (await once(request, ports, work, is_needed=False)).response()


@post(
    "/v1/checkout/receipt-codes/{receipt_id:str}/void",
    status_code=200,
    tags=_TAGS,
    summary="Take back a sale without a card",
    **_TILL,
)
async def void_receipt(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], receipt_id: FromPath[str]
) -> VoidedReceipt:
    """Answer it, voided; 409 `code-already-used` once a card has it: then refund its ticket."""
    seller, now = seller_of(request), ports.clock.wall()
    row = await ports.database.write(
        lambda tx: receipts.void(tx, seller, receipt_id, secrets=ports.secrets, now=now)
    )
    return receipts.voided(row)


@post(
    "/v1/cards/{card_id:str}/receipt-codes",
    tags=["Cards"],
    summary="Claim what a receipt brings",
    callers=("user", "claim"),
)
async def claim_receipt(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    card_id: FromPath[str],
    data: JSONBody[ClaimedReceipt],
) -> Response[CreditOut]:
    """Answer 201 with the units that a sale without a card brings to this card, once.

    404 for a wrong code, 409 `code-already-used`, 410 `code-expired`; 10 wrong ones an hour.
    """
    caller, now = caller_of(request), ports.clock.wall()
    key = scope_of(caller, "")
    ports.limiter.check("wrong-receipts", key, per_hour=WRONG_RECEIPTS_PER_HOUR, now=now, hit=False)
    card = await ports.database.read_point(lambda tx: receipts.card_to_credit(tx, caller, card_id))

    def work(tx: Transaction) -> ReceiptRow:
        return receipts.claim(tx, card, data.code, secrets=ports.secrets, now=now)

    try:
        row = await ports.database.write(work)
    except NotFound:
        ports.limiter.count("wrong-receipts", key, now=now)
        raise
    posted = await receipts.credit(ports, row)
    if posted is None:
        raise NotFound
    user_id = caller.user_id if isinstance(caller, UserCaller) else 0
    body = await ports.database.read(
        lambda tx: receipts.credited(tx, posted, row.own_id, user_id=user_id, now=now)
    )
    headers = {"Idempotent-Replay": "true"} if posted.is_replay else None
    return Response(body, status_code=201, headers=headers)


async def bring_left(ports: Ports) -> int:
    """Do what a crash has left: moved tickets and claimed receipts; return how many."""
    return await moving.bring_left(ports) + await receipts.credit_left(ports)


async def prune(ports: Ports, *, limit: int) -> int:
    """Delete a bounded share of what tills need no more; return how many rows went."""
    now, write = ports.clock.wall(), ports.database.write
    gone = await write(lambda tx: till_queries.delete_old_days(tx, now - till_day.KEPT_FOR, limit))
    return gone + await write(
        lambda tx: till_queries.delete_old_receipts(tx, now - KEPT_AFTER, limit)
    )


ROUTES: list[Any] = [
    show_till,
    list_tickets,
    move,
    issue_receipt,
    void_receipt,
    claim_receipt,
]
