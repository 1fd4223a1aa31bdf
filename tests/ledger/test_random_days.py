"""Whatever happens: all adds up, a replay gives every byte again, views are what is stored."""

from __future__ import annotations

import json
from functools import partial

import pytest

from app.http.ports import Ports
from app.ledger import queries
from app.ledger.posting import lock
from app.ledger.touching import touch
from app.ledger.viewing import View
from app.loyalty.calendar import parse_instant
from app.loyalty.events import Purchase
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger
from tests.ledger.random_days import RULES, Days, live

EVENTS = 60


@pytest.mark.parametrize("seed", range(6))
async def test_random_days_add_up_and_are_replayed_byte_for_byte(ports: Ports, seed: int) -> None:
    world = await open_ledger(ports, RULES)
    card = await world.card(birthday="10-02")
    taken = await live(world, card, Days(seed, world.now), events=EVENTS, is_swept=bool(seed % 2))
    assert taken > EVENTS // 3
    assert not await world.faults(card)


async def looked_at(world: Ledger, card: int) -> View:
    """Look at a card ahead, then bring it up to date and look again."""
    ahead = await world.view(card)
    await world.sweep()
    stored = await world.view(card)
    assert stored.sequence >= ahead.sequence
    assert _without_sequence(ahead) == _without_sequence(stored)
    return stored


def _without_sequence(view: View) -> list[object]:
    return [getattr(view, name) for name in View.__struct_fields__ if name != "sequence"]


@pytest.mark.parametrize("seed", range(10, 14))
async def test_what_is_seen_ahead_is_what_is_stored_later(ports: Ports, seed: int) -> None:
    world = await open_ledger(ports, RULES)
    card, days = await world.card(birthday="10-02"), Days(seed, world.now)
    for _ in range(12):
        await live(world, card, days, events=3, is_swept=False)
        await looked_at(world, card)
    assert not await world.faults(card)


@pytest.mark.parametrize("seed", range(20, 26))
async def test_a_sweeper_after_downtime_does_what_one_on_time_did(ports: Ports, seed: int) -> None:
    on_time, late = await open_ledger(ports, RULES), await open_ledger(ports, RULES)
    start = ports.clock.wall()
    cards = [await world.card() for world in (on_time, late)]
    days = Days(seed, start)
    for _ in range(25):
        own_id, event, at = days.event()
        for world, card in zip((on_time, late), cards, strict=True):
            try:
                await world.post(card, event, own_id, at=at)
            except Exception as error:
                assert getattr(error, "status", 500) < 500
        on_time.forward(3_600)
        days.now += 3_600 * 1_000_000
    for _ in range(100):  # days on which one server runs and the other does not
        on_time.forward(86_400)
        await touch_one(on_time, cards[0])
    await touch_one(late, cards[1])
    first, second = [
        await world.view(card) for world, card in zip((on_time, late), cards, strict=True)
    ]
    shown = ("balances", "pending", "held", "debt", "tier", "tier_hold_until", "badges", "metrics")
    for name in (*shown, "next_expiry"):
        assert getattr(first, name) == getattr(second, name), name
    issued = [[each.voucher for each in view.vouchers] for view in (first, second)]
    assert issued[0] == issued[1]
    assert not await on_time.faults(*cards)


async def touch_one(world: Ledger, card: int) -> None:
    """Run what is due on one card only."""
    drawn, now = world.drawn(), world.now
    await world.ports.database.write(partial(touch, card_id=card, drawn=drawn, now=now))
    row = await world.ports.database.write(partial(lock, card_id=card))
    assert row.next_due_at is None or row.next_due_at > now


@pytest.mark.parametrize("days", [0, 5])
async def test_new_rules_reach_cards_that_nothing_was_due_for(ports: Ports, days: int) -> None:
    world = await open_ledger(ports)
    cards = [await world.card() for _ in range(3)]
    for number, card in enumerate(cards[:2]):
        await world.post(card, Purchase(amount_minor=50_000), f"t{number}")
    await world.sweep()
    season = {**PLAIN["burn"][1], "id": "season", "mode": "scheduled", "at": ["10-15"]}
    effective_from = world.now + days * 86_400_000_000
    await world.publish(PLAIN | {"burn": [season]}, effective_from=effective_from)
    await world.sweep()
    world.forward_to(parse_instant("2026-10-14T22:00:00Z"))
    await world.sweep()
    for card, expected in zip(cards, (1, 1, 0), strict=True):
        row = await ports.database.read(partial(queries.account, card_id=card))
        assert row is not None and json.loads(row.state).get("vouchers", 0) == expected
    assert not await world.faults(*cards)


async def test_only_one_sweeper_leads_and_another_takes_over(ports: Ports) -> None:
    async def take(holder: bytes) -> bool:
        now = ports.clock.wall()
        return await ports.database.write(
            lambda tx: queries.take_lease(tx, "sweep", holder, now=now, until=now + 60_000_000)
        )

    world = await open_ledger(ports)
    assert await take(b"one") and not await take(b"two") and await take(b"one")
    world.forward(60)
    assert await take(b"two") and not await take(b"one")
