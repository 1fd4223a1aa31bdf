"""A ticket on the wrong card moves to the right one: whole, once, also when the server dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import pytest

from app.checkout import moving
from app.checkout.seller import Seller
from app.checkout.till_controller import bring_left
from app.checkout.till_schemas import NewMove
from app.clock import DAY, SECOND
from app.http.ports import Ports
from app.storage.database import Transaction
from tests.checkout.till_world import TICKETS, Shop, code_of, rows, shop
from tests.flows.conftest import World

T = TypeVar("T")
LINES = [{"unit_minor": 1_000, "qty": 2, "tags": ["coffee"]}, {"unit_minor": 0, "qty": 1}]


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def move(here: Shop, ticket: str, to: Any, new_id: str = "new", **more: Any) -> Any:
    body = {"card_id": to["id"], "new_id": new_id, **more}
    return await here.till("POST", f"{TICKETS}/{ticket}/move", body)


async def balances(here: Shop, *cards: Any) -> list[int]:
    return [await here.balance(card) for card in cards]


async def test_a_ticket_moves_whole_and_is_answered_again(open_shop: Shop) -> None:
    wrong, right = await open_shop.card("4711"), await open_shop.card("4712")
    sold = (await open_shop.sell(wrong, "t", lines=LINES)).json()
    moved = await move(open_shop, "t", right)
    assert moved.status_code == 201, moved.text
    told = moved.json()
    assert (told["id"], told["moved_from"]) == ("new", sold["ticket_id"])
    assert told["results"]["earned_units"] == {"pts": 20}
    assert told["card"]["id"] == right["id"]
    assert await balances(open_shop, wrong, right) == [0, 20]
    for name in ("t", sold["ticket_id"]):
        again = await move(open_shop, name, right)
        assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
        assert again.json()["ticket_id"] == told["ticket_id"]
    elsewhere = await move(open_shop, "t", await open_shop.card("4713"))
    assert code_of(elsewhere) == (409, "already-moved")
    back = await open_shop.till("POST", f"{TICKETS}/t/refunds", {"id": "r", "amount_minor": 1})
    assert code_of(back) == (409, "over-refund")
    back = await open_shop.till("POST", f"{TICKETS}/new/refunds", {"id": "r", "amount_minor": 500})
    assert back.status_code == 201
    assert await balances(open_shop, wrong, right) == [0, 15]
    by_code = {"code": "4711", "new_id": "third"}
    back_again = await open_shop.till("POST", f"{TICKETS}/new/move", by_code)
    assert code_of(back_again) == (409, "ticket-not-whole")


async def test_what_cannot_move_stays(world: World, open_shop: Shop) -> None:
    wrong, right = await open_shop.card("4711", units=500), await open_shop.card("4712")
    await open_shop.sell(wrong, "t", amount_minor=1_000)
    await open_shop.sell(right, "taken", amount_minor=100)
    path = f"{TICKETS}/t/move"
    for body, expected in (
        ({"new_id": "n"}, (400, "invalid-input")),
        ({"new_id": "n", "card_id": wrong["id"]}, (400, "invalid-input")),
        ({"new_id": "n", "card_id": "card_" + "0" * 32}, (404, "not-found")),
        ({"new_id": "n", "code": "9999"}, (404, "card-not-found")),
        ({"new_id": "taken", "card_id": right["id"]}, (422, "idempotency-conflict")),
        ({"new_id": "t", "card_id": right["id"]}, (422, "idempotency-conflict")),
        ({"new_id": "n", "card_id": right["id"], "x": 1}, (400, "invalid-input")),
        ({"new_id": "n", "card_id": right["id"], "occurred_at": "now"}, (400, "invalid-input")),
        (
            {"new_id": "n", "card_id": right["id"], "occurred_at": "2020-01-01T00:00:00Z"},
            (409, "too-late"),
        ),
    ):
        answer = await open_shop.till("POST", path, body)
        assert code_of(answer) == expected, (body, answer.text)
    assert code_of(await move(open_shop, "none", right)) == (404, "not-found")
    stranger = await shop(world, "Elsewhere")
    foreign = await stranger.till("POST", path, {"new_id": "n", "card_id": right["id"]})
    assert code_of(foreign) == (404, "not-found")
    hold = (await open_shop.hold(wrong, {"rule": "pay", "units": 100})).json()
    await open_shop.sell(wrong, "spent", amount_minor=1_000, hold_id=hold["id"])
    assert code_of(await move(open_shop, "spent", right)) == (409, "ticket-not-whole")
    world.clock.forward(DAY // SECOND)
    assert code_of(await move(open_shop, "t", right)) == (409, "too-late")
    assert await balances(open_shop, wrong, right) == [419, 1]


async def test_of_moves_and_refunds_at_once_exactly_one_wins(open_shop: Shop) -> None:
    wrong, one, two = [await open_shop.card(f"471{number}") for number in range(3)]
    for number in range(4):
        ticket = f"t{number}"
        await open_shop.sell(wrong, ticket, amount_minor=1_000)
        answers = await asyncio.gather(
            move(open_shop, ticket, one, f"{ticket}-1"),
            move(open_shop, ticket, two, f"{ticket}-2"),
            open_shop.other(
                "POST", f"{TICKETS}/{ticket}/refunds", {"id": f"r{number}", "lines": [[0, 1]]}
            ),
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    total = sum(await balances(open_shop, one, two))
    assert await balances(open_shop, wrong) == [0]
    assert total in range(0, 50, 10)
    twice = await asyncio.gather(
        *(open_shop.sell(one, "double", amount_minor=500) for _ in range(2)),
    )
    assert {answer.status_code for answer in twice} == {201}
    same = await asyncio.gather(*(move(open_shop, "double", two, "d") for _ in range(3)))
    assert {answer.status_code for answer in same} == {201}
    assert sum(await balances(open_shop, one, two)) == total + 5


class Died(Exception):
    """The server has died after a commit."""


class Dying:
    """A database whose process dies after so many commits."""

    def __init__(self, database: Any, lives: int) -> None:
        self._database = database
        self.lives = lives

    async def write(self, work: Callable[[Transaction], T]) -> T:
        done: T = await self._database.write(work)
        self.lives -= 1
        if self.lives == 0:
            raise Died
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


async def moved_until_death(ports: Ports, seller: Seller, to: str, ticket: str, lives: int) -> bool:
    """Move a ticket as the route does, on a database that dies; say whether it got through."""
    dying = msgspec.structs.replace(ports, database=Dying(ports.database, lives))
    sent, now, seed = NewMove(card_id=to, new_id=f"{ticket}-new"), ports.clock.wall(), b"s" * 16
    try:
        begun = await dying.database.write(
            lambda tx: moving.begin(
                tx, seller, ticket, sent, secrets=ports.secrets, seed=seed, now=now
            )
        )
        await moving.bring(dying, begun.row)
    except Died:
        return False
    return True


@pytest.mark.parametrize("is_repeated", [True, False])
async def test_a_move_that_dies_after_any_write_ends_well(
    world: World, open_shop: Shop, is_repeated: bool
) -> None:
    wrong, right = await open_shop.card("4711"), await open_shop.card("4712")
    merchant = (await rows(world.ports, "SELECT merchant_id, till_id FROM till"))[0]
    seller = Seller(merchant_id=merchant[0], name="till:1", till_id=merchant[1])
    lives, has_lived = 1, False
    while not has_lived:
        ticket = f"t{lives}"
        await open_shop.sell(wrong, ticket, amount_minor=1_000)
        has_lived = await moved_until_death(world.ports, seller, right["id"], ticket, lives)
        if is_repeated:
            assert await moved_until_death(world.ports, seller, right["id"], ticket, 100)
        else:
            world.clock.forward(6)
            await bring_left(world.ports)
        assert await balances(open_shop, wrong, right) == [0, 10 * lives]
        lives += 1
    assert lives > 3, "the refund, the sale there and its note are writes of their own"
    assert await bring_left(world.ports) == 0
