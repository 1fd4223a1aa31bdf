"""What users get: the link that saves a card; and merchants: how Google takes their program."""

from __future__ import annotations

from typing import Literal

import msgspec


class RefusedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card that Google refused as it stands, in Google's words; another change is tried again."""

    card_number: str
    reason: str


class GoogleStateOut(msgspec.Struct, frozen=True, kw_only=True):
    """How Google Wallet takes a program.

    `state`: `unknown` until somebody asks for a link, then `waiting`, `told` or `refused`.
    `stopped`: why Google takes nothing at all from the account; None: it does.
    """

    class_id: str
    state: Literal["unknown", "waiting", "told", "refused"]
    refused: str | None
    stopped: str | None
    refused_cards: list[RefusedCard]


class SaveLinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a card is saved, and whether it stands in this holder's Google Wallet already."""

    save_url: str
    saved: bool
