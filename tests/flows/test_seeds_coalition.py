"""A member walks through a coalition: one card at bakery, books and grocer, and a friend."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cards.cards_world import Asking, merchant
from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed


@pytest.fixture
async def bakery(world: World) -> Asking:
    return (await merchant(world, "bakery"))[1]


@pytest.fixture
async def books(world: World) -> Asking:
    return (await merchant(world, "books"))[1]


@pytest.fixture
async def shop(world: World, bakery: Asking, books: Asking) -> SeedShop:
    """Open the program, run by the grocer, on a Monday in January."""
    start = "2027-01-04T10:00:00Z"
    return await open_seed(world, "coalition-cashback", start=start, run_by="grocer")


async def test_a_card_earns_at_each_partner_and_pays_at_another(
    shop: SeedShop, bakery: Asking, books: Asking
) -> None:
    ana = await shop.member()
    assert (await ana.done("b1", "purchase", bakery, amount_minor=6_000))["earned"] == 300
    assert (await ana.done("k1", "purchase", books, amount_minor=6_667))["earned"] == 200
    assert (await ana.balance(), await ana.balance("pending")) == (0, 500)
    shop.move_to("2027-01-18T10:00:00Z")  # 14 days later
    assert (await ana.balance(), await ana.balance("pending")) == (500, 0)
    few = await ana.event("p0", "pay", units=99)
    assert (few.status_code, few.json()["code"]) == (409, "below-minimum")
    paid = await ana.done("p1", "pay", units=400)  # at the grocer
    assert paid["settlement"] == {"bakery>grocer": 300, "books>grocer": 100}
    assert (paid["discount_minor"], await ana.balance()) == (400, 100)
    assert (await ana.done("x1", "reverse_burn", of="p1")) is not None
    assert await ana.balance() == 500
    kinds = [(kind, units) for kind, units, _ in await ana.history()]
    assert kinds == [("reverse", 400), ("burn", -400), ("earn", 200), ("earn", 300)]


async def test_tuesday_begins_at_midnight_in_paris(shop: SeedShop, books: Asking) -> None:
    ana = await shop.member()
    shop.move_to("2027-01-04T22:59:59Z")
    assert (await ana.done("k1", "purchase", books, amount_minor=6_667))["earned"] == 200
    shop.move_to("2027-01-04T23:00:00Z")
    assert (await ana.done("k2", "purchase", books, amount_minor=6_667))["earned"] == 400
    capped = await ana.done("k3", "purchase", books, amount_minor=100_000)
    assert capped["earned"] == 2_000  # the cap of 10.00 comes before the doubling


async def test_the_grocer_counts_neither_gift_cards_nor_what_points_paid(shop: SeedShop) -> None:
    ana = await shop.member()
    lines = [{"unit_minor": 5_000, "tags": ["gift_card"]}, {"unit_minor": 2_000}]
    tenders = [{"type": "points", "minor": 500}, {"type": "card", "minor": 6_500}]
    assert (await ana.buy("g1", lines=lines, tenders=tenders))["earned"] == 15


async def test_a_shop_that_is_no_partner_is_told_nothing(world: World, shop: SeedShop) -> None:
    ana = await shop.member()
    stranger = (await merchant(world, "florist"))[1]
    told = await ana.event("f1", "purchase", stranger, amount_minor=1_000)
    assert told.status_code == 404


async def test_a_friend_brings_both_their_share_until_he_returns_it(shop: SeedShop) -> None:
    ana = await shop.enrolled("ANA-1")
    friend: Any = await shop.enrolled("BEN-1", referred_by="ANA-1")
    await shop.sweep()
    assert await ana.balance("pending") == 0  # enrolment alone pays nothing
    await friend.buy("t1", 2_000)
    await shop.sweep()
    assert (await friend.balance("pending"), await ana.balance("pending")) == (220, 500)
    await friend.buy("t2", 5_000)
    await shop.sweep()
    assert (await friend.balance("pending"), await ana.balance("pending")) == (270, 500)
    await friend.refund("t1", "r1", amount_minor=1)
    await shop.sweep()
    assert (await friend.balance("pending"), await ana.balance("pending")) == (69, 0)
