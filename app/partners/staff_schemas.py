"""What owners send and get about who works for a merchant (specs: api §5)."""

from __future__ import annotations

from typing import Literal

import msgspec

from app.http.fields import Email, Name

Role = Literal["owner", "staff", "viewer"]


class NewStaff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to let in. owner: all · staff: reads and writes · viewer: reads."""

    email: Email
    role: Role


class StaffOut(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works for the merchant; `email` null: he has none any more."""

    id: str
    email: str | None
    role: str
    added_at: str


class NewMerchant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A merchant to start; whoever asks becomes its owner."""

    name: Name


class MerchantOut(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant where one works, and as what. `id` goes into the header X-Merchant."""

    id: str
    name: str
    slug: str
    role: str


class Merchants(msgspec.Struct, frozen=True, kw_only=True):
    """Where one works."""

    items: list[MerchantOut]
    next: str | None = None
