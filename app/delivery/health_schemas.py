"""How the ways to the outside stand, as a merchant gets it."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "soon", "red"]


class CertificateOut(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that ends some day. `kind`: `pass`, or `wwdr`, Apple's own above it."""

    kind: Literal["pass", "wwdr"]
    name: str
    not_after: str
    days_left: int
    level: Level
    what_breaks: str


class ApnsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Pushes to iPhones. `queue`: cards and phones that wait; `failed`: phones pushed no more."""

    level: Level
    queue: int
    failed: int
    last_success_at: str | None


class GoogleOut(msgspec.Struct, frozen=True, kw_only=True):
    """Google Wallet. `failed`: objects Google does not take; `stopped`: why nothing is sent."""

    level: Level
    queue: int
    failed: int
    stopped: str | None
    last_success_at: str | None


class PushesOut(msgspec.Struct, frozen=True, kw_only=True):
    """What Apple and Google took in the last 7 days, and what they refused for good."""

    delivered: int
    failed: int


class WebhooksOut(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant's own systems. `failing`: endpoints whose last try failed; `disabled`: ended."""

    level: Level
    pending: int
    failing: int
    disabled: int


class HealthOut(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `level` is the worst."""

    level: Level
    certificates: list[CertificateOut]
    apns: ApnsOut
    google: GoogleOut
    pushes: PushesOut
    webhooks: WebhooksOut
