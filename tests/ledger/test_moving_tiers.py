"""Two cards become one: the higher tier stays, its hold runs on, its grants come once."""

from __future__ import annotations

from typing import Any

from app.clock import DAY
from app.http.ports import Ports
from app.loyalty.events import Purchase
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger
from tests.ledger.test_handing_over import merge


def ladder(**gold: Any) -> dict[str, Any]:
    """Return a program whose gold, from 200 euros in a year on, gives a voucher."""
    year = {"type": "metric", "metric": "year", "op": "ge", "value": 20_000}
    return PLAIN | {
        "metrics": [{"id": "year", "agg": "net_amount", "window": {"rolling": "P12M"}}],
        "tiers": {
            "ladder": [
                {"id": "basic"},
                {
                    "id": "gold",
                    "enter": year,
                    "grants": [{"type": "voucher", "voucher": "bon"}],
                    **gold,
                },
            ]
        },
    }


HELD = ladder(hold="P3M")


async def two_cards(ports: Ports, program: dict[str, Any]) -> tuple[Ledger, int, int]:
    world = await open_ledger(ports, program)
    gone, kept = await world.card(), await world.card()
    await world.post(gone, Purchase(amount_minor=25_000), "t1")
    return world, gone, kept


async def test_the_higher_tier_stays_until_its_hold_ends(ports: Ports) -> None:
    world, gone, kept = await two_cards(ports, HELD)
    before = await world.view(gone)
    world.forward(30 * DAY // 1_000_000)
    await merge(world, gone, kept)
    after = await world.view(kept)
    assert (after.tier, after.tier_hold_until) == ("gold", before.tier_hold_until)
    world.forward(70 * DAY // 1_000_000)
    assert (await world.view(kept)).tier != "gold"
    assert not await world.faults(gone, kept)


async def test_a_grant_of_a_tier_comes_once_for_both_cards(ports: Ports) -> None:
    world, gone, kept = await two_cards(ports, HELD)
    await merge(world, gone, kept)
    assert len((await world.view(kept)).vouchers) == 1  # the one that moved
    await world.post(kept, Purchase(amount_minor=30_000), "t2")
    assert len((await world.view(kept)).vouchers) == 1


async def test_of_two_equal_tiers_the_later_hold_counts_and_a_lower_one_changes_nothing(
    ports: Ports,
) -> None:
    world, gone, kept = await two_cards(ports, HELD)
    world.forward(10 * DAY // 1_000_000)
    await world.post(kept, Purchase(amount_minor=25_000), "t2")
    later = (await world.view(kept)).tier_hold_until
    await merge(world, gone, kept)
    assert (await world.view(kept)).tier_hold_until == later
    basic = await world.card()
    await merge(world, basic, kept)
    assert (await world.view(kept)).tier == "gold"
    assert not await world.faults(gone, kept, basic)


async def test_a_tier_without_a_hold_follows_the_kept_cards_own_tickets(ports: Ports) -> None:
    world, gone, kept = await two_cards(ports, ladder())
    assert (await world.view(gone)).tier == "gold"
    await merge(world, gone, kept)
    assert (await world.view(kept)).tier in {None, "basic"}
    assert not await world.faults(gone, kept)
