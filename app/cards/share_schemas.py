"""What callers send and get about sharing a card (specs: api.md §4, imports.md §12)."""

from __future__ import annotations

import msgspec

from app.cards.sharing import Access


class NewShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an invitation lets do: `read` see the card and show its code; `full` spend of it too."""

    access: Access


class ShareOut(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that nobody accepted yet."""

    id: str
    access: str
    created_at: str
    expires_at: str


class NewShareOut(ShareOut, frozen=True, kw_only=True):
    """An invitation just made: its link, shown this once, also as a code to be photographed.

    `warning`: what to tell the owner before he passes it on, in his language.
    """

    url: str
    qr_svg: str
    warning: str


class HolderOut(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a card; `is_you`: who asks."""

    user_id: str
    display_name: str | None
    access: str
    since: str
    is_you: bool


class HoldersOut(msgspec.Struct, frozen=True, kw_only=True):
    """All who hold a card, its owner first: never more than a page.

    `warning`: what its owner should know as long as others hold it; null while nobody does.
    """

    items: list[HolderOut]
    next: None = None
    warning: str | None = None


class ReissuedOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the caller's passes ended, by wallet; their phones are being told."""

    apple: int
    google: int
