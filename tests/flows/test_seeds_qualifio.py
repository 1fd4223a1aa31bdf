"""A member walks through earn and burn on interactions, as with Qualifio Loyalty."""

from __future__ import annotations

import pytest

from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed


@pytest.fixture
async def shop(world: World) -> SeedShop:
    """Open the program on a day in January, half past four in the afternoon in Paris."""
    return await open_seed(world, "qualifio", start="2027-01-05T15:30:00Z")


async def test_interactions_earn_within_their_limits(shop: SeedShop) -> None:
    ana = await shop.member()
    quiz = await ana.done("q1", "event", event="quiz", values={"correct": 3})
    assert quiz["earned"] == 250  # 100 + 3 * 50
    assert (await ana.done("o1", "event", event="newsletter_optin"))["earned"] == 200
    assert (await ana.done("o2", "event", event="newsletter_optin"))["earned"] == 0  # once
    assert (await ana.done("r1", "event", event="review"))["earned"] == 20
    assert (await ana.done("r2", "event", event="review"))["earned"] == 0  # once a day
    shop.move_to("2027-01-05T23:00:00Z")  # midnight in Paris
    assert (await ana.done("r3", "event", event="review"))["earned"] == 20
    assert await ana.balance() == 490
    again = await ana.event("q1", "event", event="quiz", values={"correct": 9})
    assert (again.status_code, again.json()["code"]) == (422, "idempotency-conflict")
    texts = [text for _, _, text in await ana.history()]
    assert len(texts) >= 4 and all(texts)


async def test_the_last_mug_goes_to_who_comes_first(shop: SeedShop) -> None:
    ana, ben = await shop.member(), await shop.member()
    poor = await ana.redeem("catalogue", rule="mug")
    assert (poor.status_code, poor.json()["code"]) == (409, "insufficient")
    for member in (ana, ben):
        await member.done(f"q-{member.number}", "event", event="quiz", values={"correct": 5})
    assert await ana.balance() == 350
    taken = await ana.redeem("catalogue", rule="mug")
    assert taken.status_code == 201, taken.text
    assert await ana.balance() == 50
    late = await ben.redeem("catalogue", rule="mug")
    assert (late.status_code, late.json()["code"]) == (409, "out-of-stock")
    assert await ben.balance() == 350
    kinds = [(kind, units) for kind, units, _ in await ana.history()]
    assert kinds[0] == ("burn", -300)
