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
    """Pushes to iPhones. `queue`: cards and phones that wait; figures of 7 days."""

    level: Level
    queue: int
    delivered: int
    failed: int
    silent: int  # feeds of phones whose token Apple knows no more
    last_success_at: str | None


class GoogleOut(msgspec.Struct, frozen=True, kw_only=True):
    """Google Wallet. `refused`: objects Google does not take; `stopped`: why nothing is sent."""

    level: Level
    queue: int
    refused: int
    stopped: str | None
    last_success_at: str | None


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
    webhooks: WebhooksOut
