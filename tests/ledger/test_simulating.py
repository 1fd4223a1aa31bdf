"""A dry run on the ledger: the last months by other rules, over the cards seen last."""

from __future__ import annotations

from app.clock import DAY
from app.http.ports import Ports
from app.ledger import simulating
from app.loyalty.events import PayUnits, Purchase
from app.programs.schemas import Simulation
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger
from tests.loyalty.programs import read


async def simulated(world: Ledger, rules: dict[str, object], *, days: int = 90) -> Simulation:
    since = world.now - days * DAY
    return await world.ports.database.read(
        lambda tx: simulating.simulate(
            tx, world.program_id, read(rules), since=since, now=world.now
        )
    )


async def test_who_gains_who_loses_and_what_is_owed_are_counted(ports: Ports) -> None:
    world = await open_ledger(ports)
    buyer, spender, idle = await world.card(), await world.card(), await world.card()
    await world.post(buyer, Purchase(amount_minor=1000), "t1")
    await world.post(spender, Purchase(amount_minor=500), "t2")
    await world.post(spender, PayUnits(units=5), "b1")
    assert idle not in {buyer, spender}
    same = await simulated(world, PLAIN)
    assert (same.cards, same.gains, same.loses) == (3, 0, 0)  # opening enrols, which is journalled
    assert (same.liability_before_minor, same.liability_after_minor) == (10, 10)
    double = PLAIN | {"earn": [PLAIN["earn"][0] | {"points": 2}]}
    more = await simulated(world, double)
    assert (more.gains, more.loses, more.liability_after_minor) == (2, 0, 25)
    less = await simulated(world, PLAIN | {"earn": []})
    assert (less.gains, less.loses, less.liability_after_minor) == (0, 1, 0)
    assert await world.faults(buyer, spender, idle) == []


async def test_what_came_before_the_months_asked_for_keeps_its_rules(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=1000), "t1")
    world.forward(40 * 86_400)
    await world.post(card, Purchase(amount_minor=1000), "t2")
    double = PLAIN | {"earn": [PLAIN["earn"][0] | {"points": 2}]}
    assert (await simulated(world, double, days=30)).liability_after_minor == 30
    assert (await simulated(world, double, days=60)).liability_after_minor == 40
    world.forward(10 * 86_400)
    assert (await simulated(world, double, days=5)).cards == 0
