"""A member walks through a program like Walgreens Balance Rewards: steps, days, silence."""

from __future__ import annotations

import pytest

from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed


@pytest.fixture
async def shop(world: World) -> SeedShop:
    """Open the program in January 2027."""
    return await open_seed(world, "walgreens-like", start="2027-01-05T16:00:00Z")


async def test_points_post_after_three_days_and_buy_listed_steps(shop: SeedShop) -> None:
    ana = await shop.member()
    results = await ana.buy(
        "t1", lines=[{"unit_minor": 2_000, "tags": ["rx"]}, {"unit_minor": 1_099}]
    )
    assert results["earned"] == 600  # 500 for the prescription, 10 a dollar of the rest
    await ana.buy("t2", 150_000)
    assert (await ana.balance(), await ana.balance("pending")) == (0, 15_600)
    early = await ana.event("b0", "ladder", units=1_000)
    assert (early.status_code, early.json()["code"]) == (409, "insufficient")
    shop.move_to("2027-01-08T16:00:00Z")
    assert (await ana.balance(), await ana.balance("pending")) == (15_600, 0)
    for units, code in ((40_001, "above-maximum"), (4_000, "not-a-step"), (18_000, "insufficient")):
        refused = await ana.event(f"b-{units}", "ladder", units=units)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (await ana.done("b1", "ladder", units=10_000))["discount_minor"] == 1_000
    assert await ana.balance() == 5_600
    paid = await ana.buy(
        "t3",
        2_000,
        tenders=[{"type": "redemption", "minor": 1_000}, {"type": "card", "minor": 1_000}],
    )
    assert paid["earned"] == 0  # nothing on a ticket paid with points
    kinds = [(kind, units) for kind, units, _ in await ana.history()]
    assert ("burn", -10_000) in kinds and ("earn", 15_000) in kinds


async def test_a_till_holds_and_captures_a_step(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 60_000)
    shop.move_to("2027-01-08T16:00:00Z")
    body = {"card_id": ana.card, "burn": {"rule": "dollars", "units": 5_000}}
    held = await shop.till("POST", "/v1/checkout/holds", body)
    assert (held.status_code, held.json()["discount_minor"]) == (201, 500)
    assert await ana.balance() == 1_000
    sold = await ana.ticket(
        "t2",
        amount_minor=2_500,
        hold_id=held.json()["id"],
        tenders=[{"type": "redemption", "minor": 500}, {"type": "card", "minor": 2_000}],
    )
    assert (sold.status_code, sold.json()["flags"]) == (201, [])
    assert (await ana.balance(), await ana.balance("pending")) == (1_000, 0)


async def test_half_a_year_of_silence_takes_all_activity_saves_all(shop: SeedShop) -> None:
    ana, ben = await shop.member(), await shop.member()
    await ana.buy("a1", 50_000)
    await ben.buy("b1", 50_000)
    await ana.stay_until("2027-06-01T16:00:00Z")
    await ben.buy("b2", 1_000)
    shop.move_to("2027-07-05T14:59:59Z")  # the same hour in Chicago, now in summer time
    assert (await ana.balance(), await ben.balance()) == (5_000, 5_100)
    shop.move_to("2027-07-05T15:00:00Z")
    assert (await ana.balance(), await ben.balance()) == (0, 5_100)
    shop.move_to("2027-12-01T17:00:00Z")
    assert await ben.balance() == 0
