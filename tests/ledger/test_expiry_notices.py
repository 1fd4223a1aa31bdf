"""Expiries told beforehand: by the sweeper, once, on the pass and to the merchant."""

from __future__ import annotations

import msgspec

from app.cards.content import content_of
from app.clock import DAY, MINUTE
from app.http.ports import Ports
from app.loyalty.calendar import parse_instant
from app.loyalty.events import PayUnits, Purchase
from app.storage.database import Transaction
from passes.content import PassContent
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger

EXPIRY = {"after": "P12M", "align": "end_of_month", "notify_before": ["P1M", "P7D"]}
TOLD = PLAIN | {"units": [{"id": "pts", "expiry": EXPIRY}]}
DIES = parse_instant("2027-09-30T22:00:00Z")


async def told(world: Ledger, card_id: int) -> list[dict[str, object]]:
    """Return the expiries that the merchant was told of."""

    def work(tx: Transaction) -> list[str]:
        sql = "SELECT facts FROM event WHERE card_id = ? AND type = 'expiry.near' ORDER BY sequence"
        return tx.all(str, sql, card_id)

    found = await world.ports.database.read(work)
    return [msgspec.json.decode(facts)["expiry"] for facts in found]


async def shown(world: Ledger, card_id: int) -> PassContent:
    """Return what the card's pass shows."""
    now = world.now

    def work(tx: Transaction) -> PassContent:
        found = content_of(tx, card_id, user_id=0, now=now)
        assert found is not None
        return found.content

    return await world.ports.database.read(work)


async def test_the_sweeper_tells_of_an_expiry_once_a_period_and_the_pass_says_it(
    ports: Ports,
) -> None:
    world = await open_ledger(ports, TOLD)
    dies_at = "2027-09-30T22:00:00Z"
    world.forward_to(parse_instant("2026-09-10T10:00:00Z"))
    card = await world.card()
    await world.post(card, Purchase(amount_minor=12_000), "t1")
    world.forward_to(parse_instant("2027-08-30T22:00:00Z") - MINUTE)
    await world.sweep()
    assert await told(world, card) == [] and (await shown(world, card)).message is None
    world.forward_to(parse_instant("2027-08-31T22:00:00Z"))
    await world.sweep()
    await world.sweep()
    assert await told(world, card) == [{"unit": "pts", "units": 120, "at": dies_at}]
    pass_ = await shown(world, card)
    assert pass_.message == "120 pts à utiliser avant le 01/10/2027" and pass_.is_message_new
    await world.post(card, PayUnits(units=20), "p1")
    assert not (await shown(world, card)).is_message_new
    world.forward_to(DIES - 7 * DAY)
    await world.sweep()
    assert [each["units"] for each in await told(world, card)] == [120, 100]
    world.forward_to(DIES)
    await world.sweep()
    assert (await shown(world, card)).message is None
    assert len(await told(world, card)) == 2
    assert not await world.faults(card)


async def test_after_a_downtime_only_what_still_lies_ahead_is_told_and_once(ports: Ports) -> None:
    world = await open_ledger(ports, TOLD)
    world.forward_to(parse_instant("2026-09-10T10:00:00Z"))
    card, other, gone = await world.card(), await world.card(), await world.card()
    await world.post(card, Purchase(amount_minor=12_000), "t1")
    await world.post(other, Purchase(amount_minor=12_000), "t2")
    await world.post(gone, Purchase(amount_minor=12_000), "t3")
    world.forward_to(DIES - DAY)  # both periods are past, nobody was there
    await world.post(other, PayUnits(units=120), "p1")  # before the sweeper: nothing is left
    assert await told(world, other) == []
    await world.sweep()
    assert [each["units"] for each in await told(world, card)] == [120]
    assert await told(world, other) == []
    assert not await world.faults(card, other, gone)
    late = await world.card()
    await world.post(late, Purchase(amount_minor=100), "t4")
    world.forward_to(DIES + 400 * DAY)
    await world.sweep()
    assert await told(world, late) == []
    assert not await world.faults(late)
