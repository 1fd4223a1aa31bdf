"""Our own export, `portecarte/1`: all that a card has, keys in one order so that two compare."""

from __future__ import annotations

from base64 import b64encode

import msgspec
from msgspec import UNSET, UnsetType

from app.cards.schemas import BalanceOut, OwnBalanceOut, TierOut
from app.clock import rfc3339
from app.imports.leaving import SIDES, LeavingCard, LeavingWallet, groups_of

FORMAT = "portecarte/1"


class LiveOut(msgspec.Struct, frozen=True, kw_only=True):
    """What its program or merchant says of a live card at the moment of the export."""

    authority: str
    balances: list[BalanceOut]
    tier: TierOut | None
    as_of: str | None
    sequence: int | None


class CardFile(msgspec.Struct, frozen=True, kw_only=True):
    """One card; `pictures`: PNG in base64 by side."""

    id: str
    shop_name: str
    program_id: str | UnsetType = UNSET
    number: str
    barcode_value: str
    barcode_format: str
    label: str | None
    note: str | None
    groups: list[str]
    color: str | None
    is_favorite: bool
    is_archived: bool
    position: int
    valid_from: str | None
    expires_at: str | None
    own_balance: OwnBalanceOut | None
    last_used_at: str | None
    live: LiveOut | UnsetType = UNSET
    pictures: dict[str, str] | UnsetType = UNSET


class WalletFile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    format: str
    exported_at: str
    groups: list[str]
    cards: list[CardFile]


def portecarte_json(wallet: LeavingWallet) -> bytes:
    """Write the file, indented."""
    file = WalletFile(
        format=FORMAT,
        exported_at=rfc3339(wallet.at),
        groups=groups_of(wallet),
        cards=[_card(card) for card in wallet.cards],
    )
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def _card(card: LeavingCard) -> CardFile:
    shown = card.shown
    same = {name: getattr(shown, name) for name in _SAME}
    pictures = {
        side: b64encode(card.pictures[side]).decode() for side in SIDES if side in card.pictures
    }
    return CardFile(
        **same,
        program_id=shown.program_id or UNSET,
        live=_live(card) if shown.program_id else UNSET,
        pictures=pictures or UNSET,
    )


_SAME = (
    *("id", "shop_name", "number", "barcode_value", "barcode_format", "label", "note", "groups"),
    *("color", "is_favorite", "is_archived", "position", "valid_from", "expires_at"),
    *("own_balance", "last_used_at"),
)


def _live(card: LeavingCard) -> LiveOut:
    shown = card.shown
    return LiveOut(
        authority=shown.authority,
        balances=shown.balances,
        tier=shown.tier,
        as_of=shown.as_of,
        sequence=shown.sequence,
    )
