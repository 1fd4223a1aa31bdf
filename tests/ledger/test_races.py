"""Many at once: the same id, the same voucher, the last units of a balance."""

from __future__ import annotations

import asyncio

import pytest

from app.errors import IdempotencyConflict, Refused
from app.http.ports import Ports
from app.ledger import claiming
from app.ledger.posting import Posted
from app.loyalty.events import Convert, PayUnits, Play, Purchase, Step, TakeReward, UseVoucher
from tests.ledger.ledger_world import PLAIN, open_ledger


async def test_one_of_many_deliveries_of_an_event_counts(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    posts = [world.post(card, Purchase(amount_minor=10_000), "t1") for _ in range(20)]
    done = await asyncio.gather(*posts)
    assert sum(not each.is_replay for each in done) == 1
    assert {each.results["earned"] for each in done} == {100}
    assert (await world.view(card)).balances == {"pts": 100}
    assert not await world.faults(card)


async def test_one_id_on_two_cards_at_once_counts_on_one(ports: Ports) -> None:
    world = await open_ledger(ports)
    cards = [await world.card() for _ in range(6)]
    posts = [world.post(card, Purchase(amount_minor=10_000), "t1") for card in cards]
    done = await asyncio.gather(*posts, return_exceptions=True)
    assert sum(isinstance(each, Posted) for each in done) == 1
    assert sum(isinstance(each, IdempotencyConflict) for each in done) == 5


async def test_one_of_many_tills_uses_a_voucher(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=10_000), "t1")
    await world.post(card, Convert(), "c1")
    uses = [world.post(card, UseVoucher(index=0), f"u{n}") for n in range(12)]
    done = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(isinstance(each, Posted) for each in done) == 1
    assert {each.code for each in done if isinstance(each, Refused)} == {"already-used"}
    assert not await world.faults(card)


async def test_no_more_than_the_balance_is_spent_by_however_many(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=10_000), "t1")
    burns = [world.post(card, PayUnits(units=30), f"b{n}") for n in range(10)]
    done = await asyncio.gather(*burns, return_exceptions=True)
    assert sum(isinstance(each, Posted) for each in done) == 3
    assert (await world.view(card)).balances == {"pts": 10}
    assert not await world.faults(card)


REWARDS = PLAIN | {
    "burn": [
        {
            "type": "catalogue",
            "id": "mug",
            "unit": "pts",
            "cost": 10,
            "stock": 3,
            "grant": {"type": "badge", "badge": "mug"},
        }
    ],
    "instants": [
        {
            "id": "wheel",
            "instants": ["2026-09-01T10:00:00Z", "2026-09-02T10:00:00Z"],
            "prize": {"type": "units", "unit": "pts", "points": 7},
            "max_plays_per_day": 5,
        }
    ],
}


async def test_a_stock_and_its_instants_are_shared_by_all_cards_at_once(ports: Ports) -> None:
    world = await open_ledger(ports, REWARDS)
    cards = [await world.card() for _ in range(8)]
    for number, card in enumerate(cards):
        await world.post(card, Purchase(amount_minor=5_000), f"t{number}")

    async def take(card: int, event: TakeReward | Play, own_id: str) -> Posted:
        step = Step(own_id, world.now, event)
        claims, claimed = await claiming.claim(
            ports, world.program_id, card, event_id=own_id, step=step, now=world.now
        )
        try:
            return await world.post(card, event, own_id, claims=claims, claimed=claimed)
        finally:
            await claiming.resolve(ports, claimed)

    rewards = [take(card, TakeReward(), f"r{card}") for card in cards]
    done = await asyncio.gather(*rewards, return_exceptions=True)
    assert sum(isinstance(each, Posted) for each in done) == 3
    assert {each.code for each in done if isinstance(each, Refused)} == {"out-of-stock"}
    plays = await asyncio.gather(*(take(card, Play(), f"p{card}") for card in cards))
    won = sorted(each.results["won"] for each in plays if each.results["won"])
    assert won == ["2026-09-01T10:00:00Z", "2026-09-02T10:00:00Z"]
    assert not await world.faults(*cards)


async def test_what_nobody_posted_goes_back_and_what_a_crash_left_is_confirmed(
    ports: Ports,
) -> None:
    world = await open_ledger(ports, REWARDS)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=5_000), "t1")
    step = Step("r1", world.now, TakeReward())
    for own_id in ("r1", "r2", "r3"):  # three claims, of which one is posted; nobody resolves any
        claims, _claimed = await claiming.claim(
            ports, world.program_id, card, event_id=own_id, step=step, now=world.now
        )
        assert claims.has_stock
    await world.post(card, TakeReward(), "r2")
    claims, _claimed = await claiming.claim(
        ports, world.program_id, card, event_id="r4", step=step, now=world.now
    )
    assert not claims.has_stock
    world.forward(61)
    assert await world.sweep() == 3
    for own_id, has_stock in (("r4", True), ("r5", True), ("r6", False), ("r2", True)):
        claims, _claimed = await claiming.claim(
            ports, world.program_id, card, event_id=own_id, step=step, now=world.now
        )
        assert claims.has_stock is has_stock, own_id


async def test_a_post_that_comes_after_its_claim_was_given_back_gets_nothing(
    ports: Ports,
) -> None:
    world = await open_ledger(ports, REWARDS)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=5_000), "t1")
    late = []
    for own_id, event in (("r1", TakeReward()), ("p1", Play())):
        step = Step(own_id, world.now, event)
        late.append(
            await claiming.claim(
                ports, world.program_id, card, event_id=own_id, step=step, now=world.now
            )
        )
    world.forward(61)
    assert await world.sweep() == 2  # both given back: another card may have them
    (reward, of_reward), (play, of_play) = late
    assert play.instant is not None
    played = await world.post(card, Play(), "p1", claims=play, claimed=of_play)
    assert played.results["won"] is None
    with pytest.raises(Refused) as refused:
        await world.post(card, TakeReward(), "r1", claims=reward, claimed=of_reward)
    assert refused.value.code == "out-of-stock"
    assert not await world.faults(card)
