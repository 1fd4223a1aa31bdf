"""A member walks through Sephora's levels: White at the till, Black with its 10 %, Gold."""

from __future__ import annotations

import pytest

from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed


@pytest.fixture
async def shop(world: World) -> SeedShop:
    """Open the program in January 2027."""
    return await open_seed(world, "sephora", start="2027-01-10T10:00:00Z")


async def test_one_purchase_in_a_store_of_three_countries_enrols(shop: SeedShop) -> None:
    ana = await shop.member()
    assert (await ana.account())["enrolled_at"] is None
    for own_id, where in (("w1", {"channel": "web"}), ("w2", {"country": "BE"})):
        assert await ana.buy(own_id, 2_000, **where) == {"enrolled": False, "earned": 0}
    assert (await ana.buy("w3", 0, country="MC"))["enrolled"] is False
    assert await ana.balance() == 0
    first = await ana.buy("t1", 2_000, country="LU")
    assert (first["enrolled"], first["earned"]) == (True, 20)  # the enrolling purchase counts
    assert (await ana.tier(), await ana.balance()) == ("white", 20)
    assert (await ana.account())["enrolled_at"] == "2027-01-10T10:00:00Z"
    assert (await ana.buy("w4", 500, channel="web", country="BE"))["earned"] == 5


async def test_four_visits_bring_black_with_ten_percent_once(shop: SeedShop) -> None:
    ana = await shop.member()
    for day in range(3):
        await ana.buy(f"t{day}", 500)
    assert (await ana.tier(), await ana.vouchers()) == ("white", [])
    await ana.buy("t3", 500)
    assert await ana.tier() == "black"
    assert await ana.vouchers() == [("black10", 1_000, "issued")]
    quoted = await shop.till(
        "POST", "/v1/checkout/quotes", {"card_id": ana.card, "basket": {"amount_minor": 4_990}}
    )
    assert quoted.json()["earned_units"] == {"pts": 49}
    paid = await ana.ticket("t4", amount_minor=4_990, voucher_codes=[await ana.code()])
    assert paid.json()["results"]["discount_minor"] == 499
    assert await ana.vouchers() == [("black10", 1_000, "used")]


async def test_a_refund_revokes_black_and_its_unused_voucher(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 15_000)
    assert (await ana.tier(), await ana.balance()) == ("black", 150)
    assert (await ana.refund("t1", "r1", amount_minor=1))["reversed"] == 1
    assert (await ana.tier(), await ana.balance()) == ("white", 149)
    assert await ana.vouchers() == [("black10", 1_000, "void")]
    await ana.buy("t2", 100)
    assert await ana.tier() == "black"
    assert await ana.vouchers() == [("black10", 1_000, "void"), ("black10", 1_000, "issued")]


async def test_gold_is_held_for_a_year_then_falls_to_black(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 149_999)
    assert await ana.tier() == "black"
    await ana.buy("t2", 100)
    assert (await ana.tier(), await ana.balance()) == ("gold", 1_500)
    assert await ana.vouchers() == [("black10", 1_000, "issued")]
    shop.move_to("2028-01-10T09:59:59Z")
    assert await ana.tier() == "gold"
    shop.move_to("2028-01-10T10:00:00Z")
    assert (await ana.tier(), await ana.balance()) == ("black", 1_500)
