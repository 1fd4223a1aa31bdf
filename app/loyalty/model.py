"""What the engine knows of one card, and what a decision adds to it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

# Where units stand. `mint` and `debt` are debit-normal, the others credit-normal.
Place = Literal["mint", "pending", "available", "held", "burned", "expired", "debt"]
EntryKind = Literal["earn", "burn", "expire", "adjust", "reverse"]
OPERATOR = "operator"  # issues what no merchant of a coalition does
# Begins keys that no event may have: a caller's own id holds no control character.
INTERNAL = "\x1f"
# Keys of a card, a ticket, a burn, a hold: the caller's text, kept as it is.
Allocation = list[tuple[int, int]]  # (number of a lot, units), in spend order


class Sums(msgspec.Struct, omit_defaults=True):
    """A card's units of one kind. Shown balance = available - debt."""

    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0


class Cached(msgspec.Struct, array_like=True):
    """A metric's value, right from `as_of` until `until` (None: for ever)."""

    value: int
    as_of: int
    until: int | None


class Account(msgspec.Struct, omit_defaults=True):
    """A card's running sums: a cache that a replay of its journal makes again, byte for byte.

    Moments are Unix microseconds, UTC. `tier` None is the base tier. `granted`: tier grants by
    "<tier>:<place>" with the number of their voucher, 0 where they gave none. `metrics` by what
    they count ("net_amount::P12M"). `open_holds`: when each times out.
    """

    opened_at: int
    caught_up_at: int
    enrolled_at: int | None = None
    referred_by: str | None = None
    referral_ticket: str | None = None
    sponsored: int = 0
    sequence: int = 0
    sums: dict[str, Sums] = {}
    tier: str | None = None
    tier_since: int | None = None
    tier_hold_until: int | None = None
    is_in_grace: bool = False
    granted: dict[str, int] = {}
    badges: list[str] = []
    metrics: dict[str, Cached] = {}
    net_total: int = 0
    last_activity_at: int | None = None
    inactive_at: dict[str, int] = {}
    open_holds: dict[str, int] = {}
    lots_due_at: int | None = None
    notices_due_at: int | None = None
    lots: int = 0
    vouchers: int = 0
    entries: int = 0
    transfers: int = 0


class Lot(msgspec.Struct):
    """Units earned together, expiring together (`expires_at` None: never).

    amount + owed = left + held + spent + expired + reversed + withdrawn: `reversed` is all that
    refunds took back, `owed` the part of it that had been spent (debt or written off).
    """

    number: int
    unit: str
    amount: int
    source: str
    issuer: str
    earned_at: int
    available_at: int
    expires_at: int | None
    is_available: bool
    left: int
    held: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    owed: int = 0
    withdrawn: int = 0

    @property
    def counted(self) -> int:
        """What refunds have not taken back: what `earned` metrics count."""
        return self.amount - self.reversed


class Line(msgspec.Struct, array_like=True):
    """Articles on a ticket, as refunds have left them."""

    unit_minor: int
    qty: int = 1
    sku: str | None = None
    tags: tuple[str, ...] = ()


class Ticket(msgspec.Struct, omit_defaults=True):
    """A purchase in its original context, with what is left of its lines. `lots` by unit."""

    id: str
    occurred_at: int
    version: int
    net: int
    lines: list[Line]
    merchant: str | None
    channel: str
    country: str
    tenders: list[tuple[str, int]] = []
    tier_before: str | None = None
    lots: dict[str, int] = {}


class Burn(msgspec.Struct, omit_defaults=True):
    """Units spent on a reward, by the lots they came from."""

    id: str
    rule: str
    unit: str
    alloc: Allocation
    vouchers: list[int] = []
    is_reversed: bool = False


class Hold(msgspec.Struct, omit_defaults=True):
    """Units set aside until a moment. `discount_minor` is what all of them pay for."""

    id: str
    unit: str
    alloc: Allocation
    expires_at: int
    status: Literal["open", "captured", "voided", "expired"] = "open"
    rule: str | None = None
    discount_minor: int = 0
    captured: int = 0

    @property
    def units(self) -> int:
        """Units it set aside."""
        return sum(units for _lot, units in self.alloc)


class Voucher(msgspec.Struct):
    """One issued right. `value`: minor units (amount), basis points (percent), 0 (item)."""

    number: int
    template: str
    kind: Literal["amount", "percent", "item"]
    value: int
    min_basket_minor: int
    source: str
    issued_at: int
    expires_at: int | None
    status: Literal["issued", "used", "void"] = "issued"
    used_at: int | None = None


class Gift(msgspec.Struct, omit_defaults=True):
    """What a message gave this card, so that it can be taken back.

    `spent`: units of it that were spent on a card which was merged into this one.
    """

    id: str
    lots: list[int] = []
    vouchers: list[int] = []
    is_taken_back: bool = False
    spent: dict[str, int] = {}


class Transfer(msgspec.Struct, frozen=True):
    """The double-entry row: one debit and one credit of the same unit; never changed.

    `entry` 0: no entry shows it (units that mature, are held or repay a debt).
    """

    number: int
    entry: int
    unit: str
    units: int
    debit: Place
    credit: Place
    lot: int
    occurred_at: int
    reason: str


class Entry(msgspec.Struct, frozen=True):
    """What a person sees: units gained or lost, and why (facts that `wording` turns into words).

    `reverses`: number of the entry it takes back, 0 for none.
    """

    number: int
    kind: EntryKind
    unit: str
    units: int
    at: int
    rule: str
    why: dict[str, Any]


class Message(msgspec.Struct, frozen=True):
    """What must reach another card, applied once by its id. `to`: that card's key."""

    id: str
    to: str
    event: Any


class Progress(msgspec.Struct, frozen=True):
    """A card's new standing in a collective challenge, for its program. `tickets` 0: none left."""

    challenge: str
    value: int
    tickets: int


class Notice(msgspec.Struct, frozen=True):
    """What the user is to be told before units expire, and by which rule they will."""

    unit: str
    units: int
    expires_at: int
    rule: Literal["expiry", "inactivity"]


class Refusal(msgspec.Struct, frozen=True):
    """The engine's "no": a code of specs/loyalty.md §1 and its facts."""

    code: str
    facts: dict[str, Any] = {}
