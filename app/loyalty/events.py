"""What may happen to a card: the steps of specs/loyalty.md §1, with their names and fields."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.loyalty.moved import MovedGift, MovedLot, MovedTier, MovedVoucher

BIG = 2**53 - 1
LINES_MAX = 1_000
Units = Annotated[int, Meta(ge=1, le=BIG)]
Minor = Annotated[int, Meta(ge=0, le=BIG)]
Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+(?![\s\S])")]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_-]+(?![\s\S])")]
Duration = Annotated[
    str,
    Meta(
        pattern=r"^P(?=.)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?(T(?=.)(\d{1,5}H)?(\d{1,6}M)?)?(?![\s\S])"
    ),
]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of an event; unknown fields are refused."""


class NewLine(Part, frozen=True):
    """Articles of one price: minor units of the program's currency."""

    unit_minor: Minor
    qty: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    sku: Word | None = None
    tags: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()


class Tender(Part, frozen=True):
    """How a part of a ticket was paid."""

    type: Word
    minor: Minor


class Attributes(Part, frozen=True):
    """What conditions ask of a person; a birthday is "MM-DD"."""

    birthday: Annotated[str, Meta(pattern=r"^\d\d-\d\d(?![\s\S])")] | None = None


class Event(Part, frozen=True, tag_field="type"):
    """One thing that happens to one card."""


class Enrol(Event, frozen=True, tag="enrol"):
    """Opens the card; seniority starts. `referred_by`: the sponsor's card."""

    referred_by: Word | None = None
    attrs: Attributes = Attributes()


class Purchase(Event, frozen=True, tag="purchase"):
    """A ticket: `amount_minor` alone is one line of that price."""

    amount_minor: Minor | None = None
    lines: Annotated[tuple[NewLine, ...], Meta(max_length=LINES_MAX)] | None = None
    channel: Word = "store"
    country: Word = "FR"
    tenders: Annotated[tuple[Tender, ...], Meta(max_length=50)] = ()


class Refund(Event, frozen=True, tag="refund"):
    """Takes back a part of a ticket: an amount, or [index, qty] of its lines."""

    of: Word
    amount_minor: Minor | None = None
    lines: (
        Annotated[
            tuple[tuple[Annotated[int, Meta(ge=0, le=LINES_MAX)], Units], ...],
            Meta(max_length=LINES_MAX),
        ]
        | None
    ) = None


class Interaction(Event, frozen=True, tag="event"):
    """What is no purchase: a review, a quiz, a survey."""

    event: Word
    object: Word | None = None
    values: Annotated[dict[Word, Annotated[int, Meta(ge=-BIG, le=BIG)]], Meta(max_length=50)] = {}


class RedeemItem(Event, frozen=True, tag="redeem_item"):
    """An article for units."""

    unit_minor: Minor
    qty: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    rule: Id | None = None


class LadderStep(Event, frozen=True, tag="ladder"):
    """One of the listed steps."""

    units: Units
    rule: Id | None = None


class PayUnits(Event, frozen=True, tag="pay"):
    """Units as money."""

    units: Units
    rule: Id | None = None


class Convert(Event, frozen=True, tag="convert"):
    """Units to a voucher, on demand."""

    rule: Id | None = None


class TakeReward(Event, frozen=True, tag="catalogue"):
    """Units for a reward of the catalogue."""

    rule: Id | None = None


class Reserve(Event, frozen=True, tag="reserve"):
    """A hold. `unit` None: the program's first; the step's id is the hold's.

    `ttl_seconds`, where it is set, counts instead of `ttl`.
    """

    units: Units
    ttl: Duration = "PT10M"
    unit: Id | None = None
    rule: Id | None = None
    discount_minor: Minor = 0
    ttl_seconds: Annotated[int, Meta(ge=1, le=86_400)] | None = None


class Capture(Event, frozen=True, tag="capture"):
    """Spends held units; the rest goes back. `units` None: all."""

    of: Word
    units: Units | None = None


class Void(Event, frozen=True, tag="void"):
    """Gives held units back."""

    of: Word


class ReverseBurn(Event, frozen=True, tag="reverse_burn"):
    """Cancels a redemption."""

    of: Word


class UseVoucher(Event, frozen=True, tag="use_voucher"):
    """Redeems a voucher; `index` in order of issue, from 0."""

    index: Annotated[int, Meta(ge=0, le=BIG)]
    basket_minor: Minor = 0


class Play(Event, frozen=True, tag="play"):
    """A try at an instant win; `rule` None: the program's first."""

    rule: Id | None = None


class Adjust(Event, frozen=True, tag="adjust"):
    """A correction up or down, with its reason (kept apart: it may be deleted)."""

    unit: Id
    units: Annotated[int, Meta(ge=-BIG, le=BIG)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class OpeningLot(Part, frozen=True):
    """Units brought along; `expires_at` RFC 3339, None for never."""

    unit: Id
    units: Units
    expires_at: Word | None = None


class Opening(Event, frozen=True, tag="opening"):
    """An opening balance: one lot each."""

    lots: Annotated[tuple[OpeningLot, ...], Meta(min_length=1, max_length=LINES_MAX)]


class Give(Event, frozen=True, tag="give"):
    """A grant that another card or a campaign sends here. `kind` referral counts for its cap."""

    grant: Any  # a grant of the program, as JSON: the rules in force when it was sent
    source: Word
    kind: str
    max_times: int | None = None


class TakeBack(Event, frozen=True, tag="take_back"):
    """Takes back what the message `of` gave."""

    of: Word


class HandOver(Event, frozen=True, tag="hand_over"):
    """Closes this card: all it holds goes to the card `to`, by a message of that id."""

    to: Word
    message: Word


class Receive(Event, frozen=True, tag="receive"):
    """What a card that was closed in favour of this one held."""

    lots: tuple[MovedLot, ...] = ()
    vouchers: tuple[MovedVoucher, ...] = ()
    badges: tuple[str, ...] = ()
    debts: dict[str, int] = {}
    gifts: tuple[MovedGift, ...] = ()
    tier: MovedTier | None = None


AnyEvent = (
    Enrol
    | Purchase
    | Refund
    | Interaction
    | RedeemItem
    | LadderStep
    | PayUnits
    | Convert
    | TakeReward
    | Reserve
    | Capture
    | Void
    | ReverseBurn
    | UseVoucher
    | Play
    | Adjust
    | Opening
    | Give
    | TakeBack
    | HandOver
    | Receive
)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with its caller's id, when it occurred (Unix microseconds) and at which merchant."""

    id: str
    occurred_at: int
    event: AnyEvent
    merchant: str | None = None


class Claims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the program handed in: claimed there before, confirmed or lapsed after.

    `has_stock` False: none is left. `instant`: the instant a play won. `collective`: what the
    other cards have reached in each collective challenge.
    """

    has_stock: bool = True
    instant: str | None = None
    collective: dict[str, int] = {}
