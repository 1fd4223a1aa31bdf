"""What merchants send and get about webhooks: endpoints and deliveries (specs: api §5)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.http.fields import Text

EventType = Literal[
    "balance.updated",
    "card.created",
    "card.deleted",
    "card.renumbered",
    "expiry.near",
    "pass.added",
    "pass.removed",
    "tier.changed",
    "voucher.issued",
    "voucher.used",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
Status = Literal["pending", "delivered", "failed", "skipped"]
OVERLAP_SECONDS = 86_400

Types = Annotated[tuple[EventType, ...], Meta(min_length=1, max_length=50)]
Address = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2_000,
        pattern=r"^[\x21-\x7e]+(?![\s\S])",
        examples=["https://shop.example/hooks"],
    ),
]


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to tell, and of what; without `types` of everything."""

    url: Address
    types: Types | None = None
    description: Text | None = None


class WebhookChange(NewWebhook, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoint as it shall be; without `status` it stays on or off as it is."""

    status: Literal["enabled", "disabled"] | None = None


class WebhookRoll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long the former secret signs too: a day, unless said; at most 30."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=30 * 86_400)] = OVERLAP_SECONDS


class WebhookOut(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint. `types` null: all; `secret` is shown when it is made or rolled, this once.

    `disabled_reason`: merchant, gone (it answered 410) or failing. `failing_since`: since then
    every try has failed.
    """

    id: str
    url: str
    types: list[str] | None
    description: str | None
    status: Literal["enabled", "disabled"]
    disabled_reason: str | None
    failing_since: str | None
    created_at: str
    secret: str | UnsetType = UNSET


class AttemptOut(msgspec.Struct, frozen=True, kw_only=True):
    """One try. `status_code` null: no answer, `error` says why; `answer`: its beginning."""

    at: str
    status_code: int | None
    error: str | None
    milliseconds: int
    answer: str | UnsetType | None = UNSET


class DeliveryOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event for one endpoint. `next_at`: of the next try, null where none will come.

    `body`: the very text that is signed and sent.
    """

    id: str
    webhook: str
    event: str
    type: str
    card_id: str
    sequence: int
    status: Status
    attempts: list[AttemptOut]
    next_at: str | None
    created_at: str
    body: str | UnsetType | None = UNSET
