"""Puts a file's cards into a wallet: one unit of work per card, so that a crash leaves whole cards.

The same file sent again adds the rest, and after that changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import msgspec

from app.cards import holding_queries, picture_queries
from app.cards import service as cards
from app.cards.holding_queries import HeldCard
from app.cards.pictures import BYTES_MAX
from app.cards.queries import CardRow, CardState
from app.cards.registering import CARDS_PER_USER_MAX
from app.cards.schemas import CardOut
from app.cards.showing import Showing
from app.errors import Conflict
from app.http.ports import Ports
from app.ids import public_id
from app.imports.detecting import is_photo, read_file
from app.imports.found import FoundCard, FoundFile, Given, Remark
from app.imports.photos import read_photo, redrawn
from app.imports.planning import Plan, plan
from app.imports.portecarte import SIDES
from app.imports.reasons import sentence
from app.imports.schemas import ImportedOut, Progress, RemarkOut
from app.imports.writing import NewOne, fill, new_one, row_of, write
from app.programs import directory
from app.storage.database import Transaction

PICTURES_A_LINE = 10  # pictured cards between two words of progress


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a user wants imported. `only`: of the new cards those with these ids, None: all."""

    content: bytes
    password: str | None = None
    shop_name: str | None = None
    language: str = "en"
    only: frozenset[str] | None = None
    is_dry_run: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """A file that was read and fits into the wallet."""

    user_id: int
    order: Order
    file: FoundFile
    wallet: list[HeldCard]
    first_position: int
    picture_bytes: int  # what the wallet's pictures take already


async def import_file(ports: Ports, user_id: int, order: Order) -> ImportedOut:
    """Read a file and add its cards to a user's wallet; a dry run only says what would be.

    Raises: UnreadableFile, TooBig, Conflict.
    """
    prepared = await prepare(ports, user_id, order)
    told = [step async for step in steps(ports, prepared)]
    assert isinstance(told[-1], ImportedOut), "the answer is the last step"
    return told[-1]


async def prepare(ports: Ports, user_id: int, order: Order) -> Prepared:
    """Read the file and the wallet. Raises UnreadableFile, TooBig, Conflict."""
    file = await _read(ports, order)
    wallet, first, taken = await ports.database.read(partial(_wallet, user_id=user_id))
    if len(wallet) + len(plan(file, wallet).new) > CARDS_PER_USER_MAX:
        raise Conflict(f"a wallet holds at most {CARDS_PER_USER_MAX} cards")
    return Prepared(user_id, order, file, wallet, first, taken)


async def steps(ports: Ports, prepared: Prepared) -> AsyncGenerator[Progress | ImportedOut, None]:
    """Do it, telling how far it is; the last word is the answer. Left early, whole cards stay."""
    order, user_id, now = prepared.order, prepared.user_id, ports.clock.wall()
    file, of, done = prepared.file, _steps_of(prepared), 0
    async for pictured, redrawn_file in _with_pictures(ports, prepared):
        file, done = redrawn_file, pictured
        if done % PICTURES_A_LINE == 0 and done:
            yield Progress(done=done, of=of)
    decided = plan(file, prepared.wallet)
    new = _new_ones(ports, prepared, decided.new, now)
    rows: list[CardRow] = []
    if order.is_dry_run:
        rows = [row_of(one, now) for one in new]
    else:
        async for made in write(ports, user_id, new, now=now):
            rows += made
            yield Progress(done=min(of, done + len(rows)), of=of)
        for filling in decided.fillings:
            await fill(ports, user_id, filling, now=now)
    shown = await ports.database.read(
        lambda tx: [
            Showing(tx, now=now).card(HeldCard(CardState(row, None), one.own, _sides(one)))
            for row, one in zip(rows, new, strict=True)
        ]
    )
    yield _answer(file, decided, shown, order.language)


async def _read(ports: Ports, order: Order) -> FoundFile:
    usual = await ports.database.read(directory.usual_formats)
    given = Given(
        password=order.password,
        language=order.language,
        usual=usual,
        now=ports.clock.wall(),
        shop_name=order.shop_name,
        hosts=(ports.settings.public_url.partition("://")[2].partition(":")[0],),
    )
    if is_photo(order.content):
        return await read_photo(ports, order.content, given)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(ports.threads, read_file, order.content, given)


def _wallet(tx: Transaction, *, user_id: int) -> tuple[list[HeldCard], int, int]:
    taken = picture_queries.bytes_beside(tx, user_id, 0, "")
    first = holding_queries.place(tx, user_id).next_position
    return cards.cards_of_user(tx, user_id), first, taken


def _steps_of(prepared: Prepared) -> int:
    decided = plan(prepared.file, prepared.wallet)
    wanted = decided.pictured_rows
    pictured = sum(bool(card.pictures and card.row in wanted) for card in prepared.file.cards)
    return pictured + len(decided.new)


async def _with_pictures(
    ports: Ports, prepared: Prepared
) -> AsyncGenerator[tuple[int, FoundFile], None]:
    """Redraw the pictures that will be kept, card by card; those of other cards are let go."""
    file = prepared.file
    wanted = plan(file, prepared.wallet).pictured_rows
    left, done = BYTES_MAX - prepared.picture_bytes, 0
    kept: list[FoundCard] = []
    warned: list[Remark] = []
    for card in file.cards:
        if not card.pictures or card.row not in wanted:
            kept.append(msgspec.structs.replace(card, pictures=()))
            continue
        card, broken = await redrawn(ports, card, left)  # noqa: PLW2901  # what was sent is let go
        left -= sum(len(picture.content) for picture in card.pictures)
        done += 1
        kept.append(card)
        warned += broken
        yield done, file
    yield (
        done,
        msgspec.structs.replace(file, cards=tuple(kept), warnings=(*file.warnings, *warned)),
    )


def _new_ones(
    ports: Ports, prepared: Prepared, found: Sequence[FoundCard], now: int
) -> list[NewOne]:
    first, only = prepared.first_position, prepared.order.only
    new = [
        new_one(ports, prepared.user_id, card, position=first + index, now=now)
        for index, card in enumerate(found)
    ]
    return [it for it in new if only is None or public_id("card", it.derived) in only]


def _answer(file: FoundFile, decided: Plan, shown: list[CardOut], language: str) -> ImportedOut:
    skipped = sorted((*file.skipped, *decided.skipped), key=_in_order)

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


def _sides(one: NewOne) -> tuple[str, ...]:
    has = {picture.side for picture in one.found.pictures}
    return tuple(side for side in SIDES if side in has)


def _in_order(remark: Remark) -> tuple[int, str]:
    """Put lines before paths."""
    return (remark.row, "") if isinstance(remark.row, int) else (0, remark.row)
