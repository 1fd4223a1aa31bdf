"""What users get: the link that saves a card in Google Wallet."""

from __future__ import annotations

import msgspec


class SaveLinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a card is saved, and whether it stands in this holder's Google Wallet already."""

    save_url: str
    saved: bool
