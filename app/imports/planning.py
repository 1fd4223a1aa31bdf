"""Decides, before anything is written, what becomes of each card of a file."""

from __future__ import annotations

import msgspec

from app.cards.holding_queries import HeldCard, HoldingRow
from app.cards.making import NumberOnly
from app.cards.numbers import Code
from app.imports.found import FoundCard, FoundFile, Picture, Remark
from app.imports.sameness import Sameness, folded, same


class Filling(msgspec.Struct, frozen=True):
    """A card that is there, with what was empty filled in, and pictures that it had not."""

    before: HeldCard
    after: HeldCard
    pictures: tuple[Picture, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """New cards, cards to be filled in, and the rows that make no new card."""

    new: tuple[FoundCard, ...]
    fillings: tuple[Filling, ...]
    skipped: tuple[Remark, ...]

    @property
    def pictured_rows(self) -> frozenset[int | str]:
        """The rows of cards whose pictures will be kept."""
        return frozenset(card.row for card in self.new) | {
            row for it in self.skipped if it.reason == "merged" for row in (it.row,)
        }


def plan(file: FoundFile, wallet: list[HeldCard]) -> Plan:
    """Compare a file with what the user holds, and with itself."""
    held = {_same_as_held(it): it for it in wallet}
    live = {
        (folded(it.state.card.shop_name), it.state.card.number)
        for it in wallet
        if it.state.card.program_id is not None or it.holding.access != "owner"
    }
    new: dict[Sameness, FoundCard] = {}
    filled: dict[Sameness, Filling] = {}
    skipped = []
    for card in file.cards:
        key = same(card.shop_name, card.number, _value(card), card.barcode_format)
        if (folded(card.shop_name), card.number) in live or key in new:
            skipped.append(Remark(card.row, "already-there"))
        elif key in held:
            before = filled.get(key, Filling(held[key], held[key]))
            after = _filled(before, card)
            if after == before:
                skipped.append(Remark(card.row, "already-there"))
                continue
            filled[key] = after
            skipped.append(Remark(card.row, "merged"))
        else:
            new[key] = card
    return Plan(tuple(new.values()), tuple(filled.values()), tuple(skipped))


def _filled(before: Filling, card: FoundCard) -> Filling:
    has = {*before.before.pictures, *(picture.side for picture in before.pictures)}
    added = tuple(picture for picture in card.pictures if picture.side not in has)
    return Filling(before.before, fill(before.after, card), before.pictures + added)


def fill(held: HeldCard, card: FoundCard) -> HeldCard:
    """Fill what is empty on our side; what the user has is never overwritten."""
    row, own, balance = held.state.card, held.holding, card.own_balance
    if row.own_value is None and balance is not None:
        row = msgspec.structs.replace(row, own_value=balance.value, own_currency=balance.currency)
    row = msgspec.structs.replace(
        row,
        valid_from=card.valid_from if row.valid_from is None else row.valid_from,
        expires_at=card.expires_at if row.expires_at is None else row.expires_at,
    )
    own = msgspec.structs.replace(
        own,
        label=own.label or card.label,
        color=own.color or card.color,
        note=own.note or card.note,
        group_names=_groups(card) if own.group_names == "[]" else own.group_names,
        last_used_at=card.last_used_at if own.last_used_at is None else own.last_used_at,
    )
    state = msgspec.structs.replace(held.state, card=row)
    return msgspec.structs.replace(held, state=state, holding=own)


def own_side(card: FoundCard, position: int) -> HoldingRow:
    """Return the holder's own side of a new card."""
    return HoldingRow(
        access="owner",
        position=position,
        label=card.label,
        color=card.color,
        note=card.note,
        group_names=_groups(card),
        is_favorite=int(card.is_favorite),
        is_archived=int(card.is_archived),
        last_used_at=card.last_used_at,
    )


def number_only(card: FoundCard) -> NumberOnly:
    """Return what the new card itself is."""
    balance = card.own_balance
    return NumberOnly(
        shop_name=card.shop_name,
        code=Code(card.number, _value(card), card.barcode_format),
        own_value=balance.value if balance else None,
        own_currency=balance.currency if balance else None,
        valid_from=card.valid_from,
        expires_at=card.expires_at,
    )


def _value(card: FoundCard) -> str:
    return card.number if card.barcode_value is None else card.barcode_value


def _same_as_held(held: HeldCard) -> Sameness:
    row = held.state.card
    return same(row.shop_name, row.number, row.barcode_value, row.barcode_format)


def _groups(card: FoundCard) -> str:
    return msgspec.json.encode(card.groups).decode()
