"""A purchase whose units are missing: its holder tells the receipt, the merchant answers once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from app.cards import missing_queries as queries
from app.cards.missing_queries import MissingRow
from app.cards.queries import lock_card
from app.clock import rfc3339
from app.errors import Conflict, NotFound, WrongAuthority, invalid
from app.http.fields import LongText, Positive
from app.ids import public_id
from app.loyalty import calendar
from app.programs.ending import zone_of
from app.programs.ending_schemas import Day
from app.programs.service import Program
from app.storage.database import Transaction

PREFIX = "mp"
OPEN, ADJUSTED, DECLINED = "open", "adjusted", "declined"
OPEN_MAX = 20  # of one card, waiting at once
OLDEST_DAYS = 3_660  # a receipt is not older
Receipt = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]+(?![\s\S])")
]


class NewMissing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A purchase that earned nothing: its receipt's number, and what else its holder knows.

    `amount_minor`: in the program's currency.
    """

    receipt: Receipt
    purchased_on: Day | None = None
    amount_minor: Positive | None = None
    note: LongText | None = None


class MissingOut(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer: `adjusted` with so many units, or `declined`, with the reason."""

    id: str
    receipt: str
    purchased_on: str | None
    amount_minor: int | None
    note: str | None
    status: str
    unit: str | None
    units: int | None
    reason: str | None
    created_at: str
    decided_at: str | None


class Drawn(msgspec.Struct, frozen=True):
    """What chance gives a request, drawn before its unit of work."""

    request_id: int
    public_id: bytes


def ask(
    tx: Transaction,
    program: Program,
    card_id: int,
    new: NewMissing,
    *,
    drawn: Drawn,
    now: int,
) -> tuple[MissingOut, bool]:
    """Put a request into the merchant's queue; its card's family only.

    A receipt that this card told before is that request again: (it, False). Raises: NotFound,
    InvalidInput, WrongAuthority where no units are counted, Conflict beyond 20 open ones.
    """
    card = lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    receipt = new.receipt.strip()
    if not receipt:
        raise invalid("receipt", "the number that the receipt bears is expected")
    known = queries.by_receipt(tx, card_id, receipt)
    if known is not None:
        return missing_out(known), False
    _judge_day(new.purchased_on, zone_of(program.document), now)
    if queries.open_count(tx, card_id) >= OPEN_MAX:
        raise Conflict(f"{OPEN_MAX} requests of this card wait for their answer already")
    row = MissingRow(
        card_id=card_id,
        request_id=drawn.request_id,
        public_id=drawn.public_id,
        program_id=program.program_id,
        receipt=receipt,
        purchased_on=new.purchased_on,
        amount_minor=new.amount_minor,
        note=(new.note or "").strip() or None,
        status=OPEN,
        unit=None,
        units=None,
        reason=None,
        created_at=now,
        decided_at=None,
    )
    queries.insert_missing(tx, row)
    return missing_out(row), True


def counts_units(program: Program) -> Program:
    """Return a program whose points can be missing. Raises WrongAuthority for one of numbers."""
    if program.authority == "none":
        raise WrongAuthority("this program counts no units")
    return program


def missing_out(row: MissingRow) -> MissingOut:
    """Write a request for its holder."""
    return MissingOut(
        id=public_id(PREFIX, row.public_id),
        receipt=row.receipt,
        purchased_on=row.purchased_on,
        amount_minor=row.amount_minor,
        note=row.note,
        status=row.status,
        unit=row.unit,
        units=row.units,
        reason=row.reason,
        created_at=rfc3339(row.created_at),
        decided_at=None if row.decided_at is None else rfc3339(row.decided_at),
    )


def _judge_day(day: str | None, tz: str, now: int) -> None:
    """Refuse a day that does not exist, is to come, or is too long ago. Raises InvalidInput."""
    if day is None:
        return
    try:
        bought = date.fromisoformat(day)
    except ValueError:
        raise invalid("purchased_on", "a day like 2026-11-21 expected") from None
    today = calendar.local_date(now, tz)
    if not today - timedelta(days=OLDEST_DAYS) <= bought <= today:
        raise invalid("purchased_on", "today or a day of the last ten years is expected")
