"""What moves when a card is closed in favour of another: units, rights, gifts, the tier."""

from __future__ import annotations

from typing import Literal

import msgspec


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of what moves; unknown fields are refused."""


class MovedLot(Moved, frozen=True):
    """Units of a closed card. Moments: Unix microseconds; `available_at` None: already."""

    unit: str
    units: int
    issuer: str
    available_at: int | None = None
    expires_at: int | None = None


class MovedVoucher(Moved, frozen=True):
    """A right of a closed card that was not used."""

    template: str
    kind: Literal["amount", "percent", "item"]
    value: int
    min_basket_minor: int
    source: str
    expires_at: int | None = None


class MovedGift(Moved, frozen=True):
    """What a message gave a closed card: places in what moves, and what was spent of it."""

    id: str
    lots: tuple[int, ...] = ()
    vouchers: tuple[int, ...] = ()
    spent: dict[str, int] = {}


class MovedTier(Moved, frozen=True):
    """The tier of a closed card, above the base. Moments: Unix microseconds.

    `granted`: which grants of tiers it has had, so that they come once for both cards.
    """

    id: str
    since: int | None = None
    hold_until: int | None = None
    is_in_grace: bool = False
    granted: tuple[str, ...] = ()
