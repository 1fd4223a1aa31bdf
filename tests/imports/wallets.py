"""Wallets for round trips: any cards that a user may hold, put there and read back."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
from hypothesis import strategies as st

from app.cards import picture_queries
from app.cards import service as cards
from app.cards.holding_queries import HoldingRow
from app.cards.making import NumberOnly
from app.cards.numbers import Code
from app.cards.picture_queries import PictureRow
from app.http.ports import Ports
from app.ids import public_id
from app.imports.found import OwnBalance
from app.imports.sameness import same
from app.storage.database import Transaction
from passes.barcode import looks_like_payment_card
from tests.passes.barcode.values import DRAWABLE, values

VALUE_MAX = 512  # longer ones are not imported
CODES = [
    ("none", "A-1"), ("none", "№ 12 / b"), ("AZTEC", "Käseschnitte"),
    *((name, value) for name in DRAWABLE for value in islice(values(name, 12), 12)),
]  # fmt: skip


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A card as a user has it, without what is drawn anew in each wallet."""

    shop_name: str
    code: Code
    balance: OwnBalance | None = None
    valid_from: int | None = None
    expires_at: int | None = None
    label: str | None = None
    color: str | None = None
    note: str | None = None
    groups: tuple[str, ...] = ()
    is_favorite: bool = False
    is_archived: bool = False
    last_used_at: int | None = None
    pictures: dict[str, bytes] = {}


_SIGNS = st.sampled_from("\"\"'';,,\t#=@-+<>&\\éß中🛒 \u200d\u00ad")
_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | _SIGNS
_LINES = _LETTERS | st.just("\n")


def _line(size: int) -> st.SearchStrategy[str]:
    text = st.text(_LETTERS.filter(lambda it: it != "\t"), min_size=1, max_size=size)
    return text.map(str.strip).filter(bool)


def _moments(step: int, first: int) -> st.SearchStrategy[int | None]:
    last = 253_402_300_799 * 1_000_000
    return st.none() | st.integers(first // step, last // step).map(lambda it: it * step)


@st.composite
def kept(draw: st.DrawFn) -> Kept:
    """Draw one card."""
    barcode_format, value = draw(st.sampled_from(CODES))
    number = draw(st.just(value.strip() or "0") | _line(40))
    balance = st.from_regex(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?", fullmatch=True)
    own = st.builds(OwnBalance, balance, st.sampled_from([None, "EUR", "JPY"]))
    return Kept(
        shop_name=draw(_line(80)),
        code=Code(number, value, barcode_format),
        balance=draw(st.none() | own),
        valid_from=draw(_moments(1_000, 10**14)),
        expires_at=draw(_moments(1_000, 10**14)),
        label=draw(st.none() | _line(80)),
        color=draw(st.none() | st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)),
        note=draw(st.none() | st.text(_LINES, min_size=1, max_size=200)),
        groups=tuple(draw(st.lists(_line(80), max_size=4, unique=True))),
        is_favorite=draw(st.booleans()),
        is_archived=draw(st.booleans()),
        last_used_at=draw(
            _moments(1_000_000, 1_000_000).filter(lambda it: it is None or it < 10**17)
        ),
    )


def wallets(size: int = 5) -> st.SearchStrategy[list[Kept]]:
    """Draw a wallet in which no card stands twice."""
    each = kept().filter(_may_be_kept)
    return st.lists(each, max_size=size, unique_by=_sameness)


def _may_be_kept(card: Kept) -> bool:
    code = card.code
    return len(code.barcode_value) <= VALUE_MAX and not (
        code.barcode_format in {"none", "CODE_128", "GS1_128"}
        and any(map(looks_like_payment_card, (code.number, code.barcode_value)))
    )


def _sameness(card: Kept) -> Any:
    return same(card.shop_name, *msgspec.structs.astuple(card.code))


async def stock(ports: Ports, user_id: int, wallet: list[Kept]) -> None:
    """Put cards into a user's wallet, in this order."""
    now = ports.clock.wall()
    for position, card in enumerate(wallet):
        drawn = cards.draw_ids(ports, now)
        balance = card.balance
        wanted = NumberOnly(
            shop_name=card.shop_name,
            code=card.code,
            own_value=balance.value if balance else None,
            own_currency=balance.currency if balance else None,
            valid_from=card.valid_from,
            expires_at=card.expires_at,
        )
        own = HoldingRow(
            access="owner",
            position=position,
            label=card.label,
            color=card.color,
            note=card.note,
            group_names=msgspec.json.encode(card.groups).decode(),
            is_favorite=int(card.is_favorite),
            is_archived=int(card.is_archived),
            last_used_at=card.last_used_at,
        )

        def make(tx: Transaction, drawn: Any = drawn, wanted: NumberOnly = wanted) -> int:
            return cards.add_number_only(tx, user_id, wanted, drawn=drawn, now=now).card_id

        def hold(
            tx: Transaction, drawn: Any = drawn, own: HoldingRow = own, card: Kept = card
        ) -> None:
            cards.hold(tx, user_id, public_id("card", drawn.public_id), own, now=now)
            for side, png in card.pictures.items():
                picture_queries.put(tx, user_id, PictureRow(drawn.card_id, side, png))

        await ports.database.write(make)
        await ports.database.write(hold)


async def wallet_in(ports: Ports, user_id: int) -> list[Kept]:
    """Read a user's wallet back."""

    def work(tx: Transaction) -> list[Kept]:
        pictures: dict[int, dict[str, bytes]] = {}
        for row in picture_queries.pictures_of(tx, user_id):
            pictures.setdefault(row.card_id, {})[row.side] = row.png
        return [
            Kept(
                shop_name=held.state.card.shop_name,
                code=Code(
                    held.state.card.number,
                    held.state.card.barcode_value,
                    held.state.card.barcode_format,
                ),
                balance=None
                if held.state.card.own_value is None
                else OwnBalance(held.state.card.own_value, held.state.card.own_currency),
                valid_from=held.state.card.valid_from,
                expires_at=held.state.card.expires_at,
                label=held.holding.label,
                color=held.holding.color,
                note=held.holding.note,
                groups=tuple(msgspec.json.decode(held.holding.group_names)),
                is_favorite=bool(held.holding.is_favorite),
                is_archived=bool(held.holding.is_archived),
                last_used_at=held.holding.last_used_at,
                pictures=pictures.get(held.state.card.card_id, {}),
            )
            for held in cards.cards_of_user(tx, user_id)
        ]

    return await ports.database.read(work)
