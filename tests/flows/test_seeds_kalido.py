"""A member walks through Kalido's levers: scale, seniority, status, challenges, instant wins."""

from __future__ import annotations

from typing import Any

import pytest

from app.loyalty.reading import read_program
from app.sandbox import seed_programs
from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed

A: dict[str, Any] = {"unit_minor": 1_000, "sku": "SKU-A"}


@pytest.fixture
async def shop(world: World) -> SeedShop:
    """Open the program in September 2026."""
    return await open_seed(world, "kalido")


async def test_points_by_article_double_after_two_years(shop: SeedShop) -> None:
    ana = await shop.member()
    lines = [{**A, "qty": 2}, {"unit_minor": 9_900, "sku": "SKU-B"}]
    results = await ana.buy("t1", lines=lines)
    assert results["earned_units"] == {"pts": 220, "status": 11}
    assert (await ana.buy("t2", lines=[{**A, "tags": ["promo"]}]))["earned"] == 50  # best, not both
    shop.move_to("2028-09-21T14:13:19Z")
    assert (await ana.buy("t3", lines=[A]))["earned"] == 50
    shop.move_to("2028-09-21T14:13:20Z")
    assert (await ana.buy("t4", lines=[A]))["earned"] == 100


async def test_engagement_lifts_the_status_and_a_year_takes_one_level(shop: SeedShop) -> None:
    ana = await shop.member()
    assert await ana.tier() == "bronze"
    await ana.buy("t1", 20_000)
    review = {"event": "review", "object": "SKU-A"}
    assert (await ana.done("e1", "event", **review))["earned_units"] == {"status": 5}
    assert (await ana.done("e2", "event", **review))["earned_units"] == {}  # once an object
    assert await ana.tier() == "bronze"  # 25 of 30
    await ana.done("e3", "event", event="review", object="SKU-B")
    assert (await ana.tier(), await ana.balances()) == ("argent", {"pts": 0, "status": 30})
    await ana.buy("t2", 70_000)
    assert await ana.tier() == "or"
    shop.move_to("2027-09-21T14:13:20Z")
    assert await ana.tier() == "argent"
    shop.move_to("2028-09-21T14:13:20Z")
    assert await ana.tier() == "bronze"


async def test_status_cannot_be_burned(world: World) -> None:
    rules = seed_programs.rules_of("kalido")
    burn = {"type": "pay", "id": "pay", "unit": "status", "minor_per_unit": 1}
    assert isinstance(read_program(rules | {"burn": [burn]}), list)


async def test_late_tickets_of_january_bring_the_badge_and_the_common_prize(
    shop: SeedShop,
) -> None:
    ana, ben, cy = await shop.member(), await shop.member(), await shop.member()
    for day in range(1, 4):  # an offline till that sends them months later
        assert (await ana.account())["balances"][0]["value"] == 0
        await ana.done(
            f"a{day}", "purchase", amount_minor=2_000, occurred_at=f"2026-01-0{day}T10:00:00Z"
        )
    await ben.done("b1", "purchase", amount_minor=4_000, occurred_at="2026-01-31T23:59:59Z")
    await cy.done("c1", "purchase", amount_minor=4_000, occurred_at="2026-02-01T00:00:00Z")
    await shop.sweep()
    assert [await each.balance() for each in (ana, ben, cy)] == [40, 40, 0]
    await ben.done("b2", "purchase", amount_minor=9_000, occurred_at="2026-01-31T23:59:59Z")
    await shop.sweep()
    assert await ben.balance() == 40  # once


async def test_a_play_takes_the_first_winning_instant_that_is_free(shop: SeedShop) -> None:
    ana, ben = await shop.member(), await shop.member()
    first = await ana.redeem("play")
    assert first.status_code == 201, first.text
    assert first.json()["results"]["won"] == "2026-01-10T10:00:00Z"
    second = await ben.redeem("play")
    assert second.json()["results"]["won"] == "2026-01-10T15:00:00Z"
    assert (await ana.redeem("play")).json()["results"]["won"] is None
    third = await ana.redeem("play")
    assert (third.status_code, third.json()["code"]) == (409, "limit")  # two plays a day
    assert (await ana.balance(), await ben.balance()) == (100, 100)
