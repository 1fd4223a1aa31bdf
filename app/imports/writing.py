"""Writes an import: units of work of one card or one wallet, a hundred of them to a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TypeVar, cast

import msgspec

from app.cards import holding_queries, picture_queries, queries
from app.cards import service as cards
from app.cards.holding_queries import HoldingRow
from app.cards.making import Drawn, draw_ids
from app.cards.numbers import Code
from app.cards.picture_queries import PictureRow
from app.cards.queries import CardRow
from app.http.ports import Ports
from app.ids import PUBLIC_BYTES
from app.imports.found import FoundCard, Picture
from app.imports.planning import Filling, number_only, own_side
from app.imports.sameness import same
from app.outbox import service as outbox
from app.storage.database import Transaction, Work
from app.users import queries as users

T = TypeVar("T")
BATCH = 100  # cards in one commit, each whole by itself
AT_ONCE = 4  # commits under way: PostgreSQL does them side by side


class NewOne(msgspec.Struct, frozen=True):
    """A card about to be made. `derived`: the public id that this card of a file has for a user."""

    found: FoundCard
    drawn: Drawn
    derived: bytes
    own: HoldingRow


def new_one(ports: Ports, user_id: int, found: FoundCard, *, position: int, now: int) -> NewOne:
    """Draw what a new card needs."""
    parts = same(found.shop_name, found.number, value_of(found), found.barcode_format)
    derived = ports.secrets.tag("imported-card", str(user_id), *parts)[:PUBLIC_BYTES]
    return NewOne(found, draw_ids(ports, now), derived, own_side(found, position))


async def write(
    ports: Ports, user_id: int, new: Sequence[NewOne], *, now: int
) -> AsyncIterator[list[CardRow]]:
    """Make the cards, one unit of work each, then put them into the wallet, another family.

    Yields the rows of each hundred. A card whose place is lost by a crash is found again.
    """
    parts = [new[begin : begin + BATCH] for begin in range(0, len(new), BATCH)]
    for begin in range(0, len(parts), AT_ONCE):
        works = (_write_part(ports, user_id, it, now) for it in parts[begin : begin + AT_ONCE])
        for made in await asyncio.gather(*works):
            yield made


async def _write_part(
    ports: Ports, user_id: int, part: Sequence[NewOne], now: int
) -> list[CardRow]:
    made = await _all(ports, [partial(_make, user_id=user_id, one=one, now=now) for one in part])
    pairs = list(zip(made, part, strict=True))
    await ports.database.write(partial(_hold, user_id=user_id, pairs=pairs, now=now))
    return made


async def fill(ports: Ports, user_id: int, filling: Filling, *, now: int) -> None:
    """Write what was empty on a card that is there."""
    row, own = filling.after.state.card, filling.after.holding
    if row != filling.before.state.card:
        await ports.database.write(partial(_fill_card, row=row, now=now))
    if own != filling.before.holding or filling.pictures:
        work = partial(
            _fill_holding,
            user_id=user_id,
            card_id=row.card_id,
            own=own,
            pictures=filling.pictures,
        )
        await ports.database.write(work)


def row_of(one: NewOne, now: int) -> CardRow:
    """Write down a card that is not made, for a dry run."""
    wanted = number_only(one.found)
    return CardRow(
        card_id=one.drawn.card_id,
        public_id=one.derived,
        program_id=None,
        authority="none",
        shop_name=wanted.shop_name,
        **msgspec.structs.asdict(wanted.code),
        own_value=wanted.own_value,
        own_currency=wanted.own_currency,
        valid_from=wanted.valid_from,
        expires_at=wanted.expires_at,
        created_at=now,
        voided_at=None,
    )


def value_of(found: FoundCard) -> str:
    """Return what the till reads."""
    return found.number if found.barcode_value is None else found.barcode_value


async def _all(ports: Ports, works: Sequence[Work[T]]) -> list[T]:
    done = await ports.database.write_batch(works)
    for result in done:
        if isinstance(result, Exception):
            raise result
    return cast("list[T]", done)


def _make(tx: Transaction, *, user_id: int, one: NewOne, now: int) -> CardRow:
    """Make one card, or find the one that a crash left without a place in the wallet."""
    drawn = one.drawn
    card_id = queries.card_id_by_public(tx, one.derived)
    if card_id is None:
        drawn = msgspec.structs.replace(drawn, public_id=one.derived)
    else:
        left = queries.lock_card(tx, card_id)
        is_ours = queries.access_of(tx, card_id, user_id) == "owner"
        if left is not None and left.voided_at is None and is_ours and _is_same(left, one.found):
            return left
    return cards.add_number_only(tx, user_id, number_only(one.found), drawn=drawn, now=now)


def _hold(
    tx: Transaction, *, user_id: int, pairs: Sequence[tuple[CardRow, NewOne]], now: int
) -> None:
    """Put cards into the wallet with their pictures; the user's family only, harmless twice."""
    if users.lock_user(tx, user_id) is None:
        return  # erased meanwhile
    for row, one in pairs:
        access = queries.access_of(tx, row.card_id, user_id)
        if access is not None:
            own = msgspec.structs.replace(one.own, access=access)
            holding_queries.insert(tx, user_id, row.card_id, own, now=now)
            _keep(tx, user_id, row.card_id, one.found.pictures)


def _keep(tx: Transaction, user_id: int, card_id: int, pictures: Sequence[Picture]) -> None:
    for picture in pictures:
        picture_queries.put(tx, user_id, PictureRow(card_id, picture.side, picture.content))


def _fill_card(tx: Transaction, *, row: CardRow, now: int) -> None:
    if queries.lock_card(tx, row.card_id) is not None:
        queries.update_own_card(tx, row)
        outbox.touch(tx, row.card_id, now=now)


def _fill_holding(
    tx: Transaction,
    *,
    user_id: int,
    card_id: int,
    own: HoldingRow,
    pictures: Sequence[Picture],
) -> None:
    if users.lock_user(tx, user_id) is None:
        return  # erased meanwhile
    if queries.access_of(tx, card_id, user_id) is None:
        return  # taken out of the wallet meanwhile
    holding_queries.update(tx, user_id, card_id, own)
    _keep(tx, user_id, card_id, pictures)


def _is_same(row: CardRow, found: FoundCard) -> bool:
    code, wanted = Code(row.number, row.barcode_value, row.barcode_format), number_only(found)
    return code == wanted.code and row.shop_name == wanted.shop_name
