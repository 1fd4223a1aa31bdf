"""Puts a file's cards into a wallet: one unit of work per card, so that a crash leaves whole cards.

The same file sent again adds the rest, and after that changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TypeVar, cast

import msgspec

from app.cards import holding_queries, queries
from app.cards import service as cards
from app.cards.holding_queries import HeldCard, HoldingRow
from app.cards.making import Drawn, draw_ids
from app.cards.numbers import Code
from app.cards.queries import CardRow, CardState
from app.cards.registering import CARDS_PER_USER_MAX
from app.cards.schemas import CardOut
from app.cards.showing import Showing
from app.errors import Conflict
from app.http.ports import Ports
from app.ids import PUBLIC_BYTES, public_id
from app.imports.catima import looks_like_catima, read_catima
from app.imports.files import READ_FORMATS, text_of, unreadable
from app.imports.found import FoundCard, FoundFile, Remark
from app.imports.planning import Filling, Plan, number_only, own_side, plan
from app.imports.reasons import sentence
from app.imports.sameness import same
from app.imports.schemas import ImportedOut, RemarkOut
from app.outbox import service as outbox
from app.storage.database import Transaction, Work

T = TypeVar("T")
BATCH = 100  # cards in one commit, each whole by itself


class NewOne(msgspec.Struct, frozen=True):
    """A card about to be made. `derived`: the public id that this card of a file has for a user."""

    found: FoundCard
    drawn: Drawn
    derived: bytes
    own: HoldingRow


def read_file(content: bytes) -> FoundFile:
    """Detect the format by content and read it. Raises UnreadableFile, TooBig."""
    is_binary = content.startswith(_BINARY) or b"\x00" in content[:4096]
    text = "" if is_binary else text_of(content)
    if not looks_like_catima(text):
        raise unreadable("unknown-file", f"This file is not known. What is read: {READ_FORMATS}.")
    return read_catima(text)


_BINARY = (b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"%PDF")


async def import_file(
    ports: Ports, user_id: int, content: bytes, *, language: str, is_dry_run: bool = False
) -> ImportedOut:
    """Read a file and add its cards to a user's wallet; a dry run only says what would be."""
    file = await asyncio.get_running_loop().run_in_executor(ports.threads, read_file, content)
    wallet, first = await ports.database.read(
        lambda tx: (cards.cards_of_user(tx, user_id), cards.place_of(tx, user_id))
    )
    decided = plan(file, wallet)
    if len(wallet) + len(decided.new) > CARDS_PER_USER_MAX:
        raise Conflict(f"a wallet holds at most {CARDS_PER_USER_MAX} cards")
    now = ports.clock.wall()
    new = [
        _new_one(ports, user_id, found, position=first + index, now=now)
        for index, found in enumerate(decided.new)
    ]
    if is_dry_run:
        rows = [_row(one, now) for one in new]
    else:
        rows = await _write(ports, user_id, new, now=now)
        await _fill(ports, user_id, decided.fillings, now=now)
    shown = await ports.database.read(
        lambda tx: [
            Showing(tx, now=now).card(HeldCard(CardState(row, None), one.own))
            for row, one in zip(rows, new, strict=True)
        ]
    )
    return _answer(file, decided, shown, language)


def _new_one(ports: Ports, user_id: int, found: FoundCard, *, position: int, now: int) -> NewOne:
    parts = same(found.shop_name, found.number, _value(found), found.barcode_format)
    derived = ports.secrets.tag("imported-card", str(user_id), *parts)[:PUBLIC_BYTES]
    return NewOne(found, draw_ids(ports, now), derived, own_side(found, position))


async def _write(ports: Ports, user_id: int, new: list[NewOne], *, now: int) -> list[CardRow]:
    """Make the cards, then put them into the wallet: two families, so two units of work each."""
    rows: list[CardRow] = []
    for begin in range(0, len(new), BATCH):
        part = new[begin : begin + BATCH]
        made = await _all(
            ports, [partial(_make, user_id=user_id, one=one, now=now) for one in part]
        )
        await _all(
            ports,
            [
                partial(_hold, user_id=user_id, row=row, own=one.own, now=now)
                for row, one in zip(made, part, strict=True)
            ],
        )
        rows += made
    return rows


async def _fill(ports: Ports, user_id: int, fillings: Sequence[Filling], *, now: int) -> None:
    for filling in fillings:
        row, own = filling.after.state.card, filling.after.holding
        if row != filling.before.state.card:
            await ports.database.write(partial(_fill_card, row=row, now=now))
        if own != filling.before.holding:
            work = partial(_fill_holding, user_id=user_id, card_id=row.card_id, own=own)
            await ports.database.write(work)


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


def _hold(tx: Transaction, *, user_id: int, row: CardRow, own: HoldingRow, now: int) -> None:
    cards.hold(tx, user_id, public_id("card", row.public_id), own, now=now)


def _fill_card(tx: Transaction, *, row: CardRow, now: int) -> None:
    if queries.lock_card(tx, row.card_id) is not None:
        queries.update_own_card(tx, row)
        outbox.touch(tx, row.card_id, now=now)


def _fill_holding(tx: Transaction, *, user_id: int, card_id: int, own: HoldingRow) -> None:
    holding_queries.update(tx, user_id, card_id, own)


def _row(one: NewOne, now: int) -> CardRow:
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


def _value(found: FoundCard) -> str:
    return found.number if found.barcode_value is None else found.barcode_value


def _is_same(row: CardRow, found: FoundCard) -> bool:
    code, wanted = Code(row.number, row.barcode_value, row.barcode_format), number_only(found)
    return code == wanted.code and row.shop_name == wanted.shop_name


def _answer(file: FoundFile, decided: Plan, shown: list[CardOut], language: str) -> ImportedOut:
    skipped = sorted((*file.skipped, *decided.skipped), key=lambda remark: str(remark.row))

    def said(remarks: Sequence[Remark]) -> list[RemarkOut]:
        return [
            RemarkOut(row=it.row, reason=it.reason, detail=sentence(it.reason, it.field, language))
            for it in remarks
        ]

    return ImportedOut(
        imported=len(shown),
        skipped=len(skipped),
        skipped_rows=said(skipped),
        failed=said(file.failed),
        warnings=said(file.warnings),
        cards=shown,
    )
