"""Exports a wallet: every card with its figures and pictures, read in one go, then written."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Literal

from app.cards import picture_queries
from app.cards import service as cards
from app.cards.holding_queries import HeldCard
from app.cards.schemas import CardOut
from app.cards.showing import Showing
from app.errors import NotFound
from app.http.ports import Ports
from app.imports.catima_writing import catima_zip
from app.imports.found import OwnBalance
from app.imports.leaving import LeavingCard, LeavingWallet
from app.imports.portecarte_writing import portecarte_json
from app.programs.content import program_content
from app.storage.database import Transaction
from app.users import service as users
from passes.money import amount

Format = Literal["catima", "portecarte"]


async def exported(
    ports: Ports, user_id: int, form: Format, *, password: str | None = None
) -> bytes:
    """Return a user's export. `password`: encrypts a zip of Catima's."""
    now = ports.clock.wall()
    wallet = await ports.database.read(partial(wallet_of, user_id=user_id, now=now))
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(ports.threads, partial(written, wallet, form, password))


def wallet_of(tx: Transaction, *, user_id: int, now: int) -> LeavingWallet:
    """Read a user's cards in his order, as they are at a moment. Raises NotFound: no such user."""
    user = users.user_by_id(tx, user_id)
    if user is None:
        raise NotFound
    pictures: dict[int, dict[str, bytes]] = {}
    for row in picture_queries.pictures_of(tx, user_id):
        pictures.setdefault(row.card_id, {})[row.side] = row.png
    show = Showing(tx, now=now)
    leaving = []
    for held in cards.cards_of_user(tx, user_id):
        shown = show.card(held)
        leaving.append(
            LeavingCard(
                held=held,
                shown=shown,
                balance=_balance(show, held, shown),
                pictures=pictures.get(held.state.card.card_id, {}),
            )
        )
    return LeavingWallet(cards=tuple(leaving), language=user.language, at=now)


def written(wallet: LeavingWallet, form: Format, password: str | None = None) -> bytes:
    """Write a wallet in one of the two forms."""
    return (
        portecarte_json(wallet) if form == "portecarte" else catima_zip(wallet, password=password)
    )


def _balance(show: Showing, held: HeldCard, shown: CardOut) -> OwnBalance | None:
    """Return the figure shown: the user's own, or a live card's first unit."""
    row = held.state.card
    if row.program_id is None:
        return None if row.own_value is None else OwnBalance(row.own_value, row.own_currency)
    if not shown.balances:
        return None
    figure = shown.balances[0]
    for unit in program_content(show.program(row.program_id)).units:
        if unit.id == figure.unit and unit.currency is not None:
            return OwnBalance(str(amount(figure.value, unit.currency)), unit.currency)
    return OwnBalance(str(figure.value), None)
