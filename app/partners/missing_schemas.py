"""What merchants send and get about points that members say are missing."""

from __future__ import annotations

import msgspec

from app.cards.missing import MissingOut
from app.http.fields import Positive, Text
from app.programs.schemas import RuleKey


class Adjusting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer yes: so many units of one kind, and why.

    `unit` and `units` are left out where the merchant's own system counts: it states the balance.
    """

    unit: RuleKey | None = None
    units: Positive | None = None
    reason: Text


class Declining(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer no, and why; its member reads it."""

    reason: Text


class QueuedOut(MissingOut, frozen=True, kw_only=True):
    """A request in the merchant's queue.

    `others`: how many other cards told the same receipt; `currency`: of `amount_minor`.
    """

    card_id: str
    card_number: str
    display_name: str | None
    currency: str
    others: int
