"""What a merchant sees of webhook deliveries, and how one is begun again."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.cards import queries as card_queries
from app.clock import rfc3339
from app.errors import Conflict, NotFound
from app.ids import parse_public_id, public_id
from app.partners import delivery_queries as queries
from app.partners import webhook_queries, webhooks
from app.partners.delivery_queries import AttemptRow, DeliveryRow
from app.partners.webhook_schemas import AttemptOut, DeliveryOut
from app.programs import service as programs
from app.storage.database import Transaction

NEWEST = (2**62, 2**62, 2**62, 2**62)  # before every delivery, in a list from the newest on


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a merchant's deliveries; None: all. `before`: where a page ended."""

    merchant_id: int
    webhook: str | None = None
    card: str | None = None
    status: str | None = None
    before: tuple[int, ...] = NEWEST
    limit: int


def listed(tx: Transaction, wanted: Wanted) -> list[tuple[tuple[int, ...], DeliveryOut]]:
    """List deliveries with their places, the newest first. Raises NotFound for others' filters."""
    merchant_id, before, limit = wanted.merchant_id, wanted.before, wanted.limit
    webhook_id = 0
    if wanted.webhook is not None:
        webhook_id = webhooks.find(tx, merchant_id, wanted.webhook).webhook_id
    if wanted.card is not None:
        rows = queries.of_card(
            tx,
            _card(tx, merchant_id, wanted.card),
            merchant_id=merchant_id,
            webhook_id=webhook_id,
            status=wanted.status or "",
            before=before,
            limit=limit,
        )
    elif wanted.status is not None:
        rows = queries.with_status(
            tx, merchant_id, webhook_id, wanted.status, before=before, limit=limit
        )
    else:
        rows = queries.of_merchant(tx, merchant_id, webhook_id, before=before, limit=limit)
    names = webhook_queries.names_of(tx, merchant_id)
    return [((row.created_at, *row.key), _out(tx, row, names)) for row in rows]


def shown(tx: Transaction, merchant_id: int, text: str) -> DeliveryOut:
    """Show a delivery with its body and what was answered. Raises NotFound."""
    row = find(tx, merchant_id, text)
    out = _out(tx, row, webhook_queries.names_of(tx, merchant_id), has_answers=True)
    return msgspec.structs.replace(out, body=queries.body(tx, row.card_id, row.sequence))


def find(tx: Transaction, merchant_id: int, text: str) -> DeliveryRow:
    """Find a merchant's delivery by its id. Raises NotFound."""
    raw = parse_public_id("dlv", text)
    place = None if raw is None else queries.place_of(tx, raw)
    row = None if place is None else queries.by_key(tx, *place)
    if row is None or row.merchant_id != merchant_id:
        raise NotFound
    return row


def replay(tx: Transaction, place: DeliveryRow, *, now: int) -> DeliveryOut:
    """Begin a delivery again, with all its tries; the same id and the same body.

    Raises: NotFound, Conflict where its endpoint is off or gone.
    """
    queries.lock_card(tx, place.card_id)
    row = queries.by_key(tx, *place.key)
    if row is None:
        raise NotFound
    endpoint = webhook_queries.by_id(tx, row.merchant_id, row.webhook_id)
    if endpoint is None:
        raise Conflict("this endpoint was deleted")
    if endpoint.disabled_at is not None:
        raise Conflict("this endpoint is switched off: switch it on first")
    queries.begin_again(tx, *row.key, now=now)
    queries.open_lane(tx, row.card_id, row.webhook_id, row.merchant_id, next_at=now)
    queries.hurry_lane(tx, row.card_id, row.webhook_id, now=now)
    again = msgspec.structs.replace(row, status="pending", tries=0, next_at=now)
    return _out(tx, again, {row.webhook_id: endpoint.public_id})


def _card(tx: Transaction, merchant_id: int, text: str) -> int:
    raw = parse_public_id("card", text)
    card_id = None if raw is None else card_queries.card_id_by_public(tx, raw)
    state = None if card_id is None else card_queries.card_state(tx, card_id)
    program_id = None if state is None else state.card.program_id
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    if card_id is None or program is None or program.merchant_id != merchant_id:
        raise NotFound
    return card_id


def _out(
    tx: Transaction, row: DeliveryRow, names: dict[int, bytes], *, has_answers: bool = False
) -> DeliveryOut:
    state = card_queries.card_state(tx, row.card_id)
    assert state is not None, "cards are never deleted, only blanked"
    return DeliveryOut(
        id=public_id("dlv", row.public_id),
        webhook=public_id("whk", names.get(row.webhook_id, bytes(16))),
        event=public_id("evt", row.event_id),
        type=row.type,
        card_id=public_id("card", state.card.public_id),
        sequence=row.sequence,
        status=row.status,  # type: ignore[arg-type]  # only we write it
        attempts=list(_attempts(queries.attempts_of(tx, *row.key), has_answers=has_answers)),
        next_at=None if row.next_at is None else rfc3339(row.next_at),
        created_at=rfc3339(row.created_at),
    )


def _attempts(rows: list[AttemptRow], *, has_answers: bool) -> Iterable[AttemptOut]:
    for row in rows:
        out = AttemptOut(
            at=rfc3339(row.at),
            status_code=row.status_code,
            error=row.error,
            milliseconds=row.milliseconds,
        )
        yield msgspec.structs.replace(out, answer=row.answer) if has_answers else out
