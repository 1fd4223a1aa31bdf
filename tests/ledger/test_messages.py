"""What one card causes at another: applied once, also when the server dies in between."""

from __future__ import annotations

from typing import Any

from app.clock import DAY, SECOND
from app.http.ports import Ports
from app.ledger import message_queries, messages
from app.ledger import service as ledger
from app.loyalty.events import PayUnits, Purchase, Refund, Reserve
from app.storage.database import Transaction
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger

REFERRAL = PLAIN | {
    "referral": {
        "sponsor": {"type": "units", "unit": "pts", "points": 50},
        "referee": {"type": "units", "unit": "pts", "points": 20},
        "min_minor": 1_000,
    }
}
CHALLENGE = PLAIN | {
    "challenges": [
        {
            "id": "autumn",
            "start": "2026-09-01T00:00:00Z",
            "end": "2026-12-01T00:00:00Z",
            "agg": "tickets",
            "target": 4,
            "collective": True,
            "grant": {"type": "badge", "badge": "leaf"},
        }
    ]
}


async def balances(world: Ledger, *cards: int) -> list[int]:
    return [(await world.view(card)).balances["pts"] for card in cards]


async def test_a_referral_reaches_its_sponsor_once_and_is_taken_back(ports: Ports) -> None:
    world = await open_ledger(ports, REFERRAL)
    sponsor = await world.card()
    referee = await world.card(referred_by=sponsor)
    await world.post(referee, Purchase(amount_minor=500), "t0")
    assert await balances(world, sponsor, referee) == [0, 5]
    await world.post(referee, Purchase(amount_minor=2_000), "t1")
    assert await balances(world, sponsor, referee) == [50, 45]
    await world.post(referee, Refund(of="t1", amount_minor=1_500), "r1")
    assert await balances(world, sponsor, referee) == [0, 10]
    assert not await world.faults(sponsor, referee)


async def test_a_message_that_a_crash_left_is_delivered_by_the_sweeper_once(ports: Ports) -> None:
    world = await open_ledger(ports, REFERRAL)
    sponsor = await world.card()
    referee = await world.card(referred_by=sponsor)
    await world.only_post(referee, Purchase(amount_minor=2_000), "t1")
    assert await balances(world, sponsor) == [0]
    waiting = await ports.database.read(lambda tx: ledger.pending_for(tx, sponsor))
    assert [each.id for each in waiting] == ["referral:t1"]
    drawn, now = world.drawn(), world.now
    for _ in range(3):  # applied, and the server died before it was noted at the sender
        await ports.database.write(lambda tx: messages.apply(tx, waiting[0], drawn=drawn, now=now))
    assert await balances(world, sponsor) == [50]
    assert await world.sweep() == 0  # too fresh: whoever posted may still be at it
    world.forward(6)
    assert await world.sweep() == 1
    assert await balances(world, sponsor) == [50]
    assert not await ports.database.read(lambda tx: ledger.pending_for(tx, sponsor))


async def test_all_who_took_part_get_what_all_have_reached(ports: Ports) -> None:
    world = await open_ledger(ports, CHALLENGE)
    cards = [await world.card() for _ in range(4)]
    for number, card in enumerate(cards[:3]):
        await world.post(card, Purchase(amount_minor=100), f"t{number}")
    await world.post(cards[0], Refund(of="t0", amount_minor=100), "r0")
    await world.post(cards[1], Purchase(amount_minor=100), "t3")

    async def badges() -> list[bool]:
        return [(await world.view(card)).badges == ("leaf",) for card in cards]

    assert await badges() == [False] * 4  # three tickets stand
    await world.post(cards[2], Purchase(amount_minor=100), "t4")
    assert await badges() == [False, True, True, False]  # who took his back took no part
    await world.post(cards[3], Purchase(amount_minor=100), "t5")
    assert await badges() == [False, True, True, True]
    assert not await world.faults(*cards)


async def test_a_challenge_reached_while_nobody_told_is_granted_by_the_sweeper(
    ports: Ports,
) -> None:
    world = await open_ledger(ports, CHALLENGE)
    cards = [await world.card() for _ in range(5)]
    for number, card in enumerate(cards):
        await world.only_post(card, Purchase(amount_minor=100), f"t{number}")
    assert await world.sweep() > 0
    for card in cards:
        assert (await world.view(card)).badges == ("leaf",)
    assert await world.sweep() == 0


async def test_news_may_come_twice_and_late(ports: Ports) -> None:
    world = await open_ledger(ports, CHALLENGE)
    card = await world.card()
    await world.only_post(card, Purchase(amount_minor=100), "t1")
    old = await ports.database.read(lambda tx: message_queries.news_of(tx, card))
    await world.only_post(card, Purchase(amount_minor=100), "t2")
    new = await ports.database.read(lambda tx: message_queries.news_of(tx, card))
    for each in (*new, *old, *new, *old):
        await messages.tell(ports, world.program_id, each)

    def work(tx: Transaction) -> Any:
        sql = "SELECT sum(value) FROM challenge_sum WHERE program_id = ?"
        return tx.value(sql, world.program_id)

    assert await ports.database.read(work) == 2
    assert not await ports.database.read(lambda tx: message_queries.news_of(tx, card))


async def test_a_merged_card_hands_over_what_it_holds_with_its_expiries(ports: Ports) -> None:
    rules = PLAIN | {"units": [{"id": "pts", "pending": "P3D", "expiry": {"after": "P12M"}}]}
    world = await open_ledger(ports, rules)
    gone, kept = await world.card(), await world.card()
    await world.post(gone, Purchase(amount_minor=10_000), "t1", at=world.now - 40 * DAY)
    await world.post(gone, Purchase(amount_minor=3_000), "t2")
    await world.post(gone, Reserve(units=30), "h1")
    before = (await world.view(gone)).next_expiry
    drawn, now = world.drawn(), world.now
    merged = await ports.database.write(
        lambda tx: ledger.merge(tx, gone, kept, drawn=drawn, now=now)
    )
    assert merged is not None and await balances(world, gone, kept) == [0, 0]
    await ledger.settle(ports, merged)
    shown = await world.view(kept)
    assert shown.balances == {"pts": 100} and shown.next_expiry["pts"] == (before["pts"][0], 100)
    assert (
        await ports.database.write(lambda tx: ledger.merge(tx, gone, kept, drawn=drawn, now=now))
        is None
    )
    world.forward(3 * 86_400 + 10)
    await world.sweep()  # what was pending matures, and follows
    world.forward(6)
    await world.sweep()
    assert await balances(world, gone, kept) == [0, 130]
    assert not await world.faults(gone, kept)


async def test_what_is_sent_to_a_merged_card_reaches_the_one_that_stays(ports: Ports) -> None:
    world = await open_ledger(ports, REFERRAL)
    sponsor, kept = await world.card(), await world.card()
    referee = await world.card(referred_by=sponsor)
    drawn, now = world.drawn(), world.now
    await ports.database.write(lambda tx: ledger.merge(tx, sponsor, kept, drawn=drawn, now=now))
    await world.post(referee, Purchase(amount_minor=2_000), "t1")
    assert await balances(world, sponsor, kept, referee) == [0, 50, 40]


async def test_merchants_owe_for_what_was_spent_elsewhere_less_what_was_reversed(
    ports: Ports,
) -> None:
    rules = PLAIN | {"units": [{"id": "pts", "cost_micro": 5_500}]}
    world = await open_ledger(ports, rules)
    card, start = await world.card(), world.now
    await world.post(card, Purchase(amount_minor=10_000), "t1", merchant="bakery")
    await world.post(card, Purchase(amount_minor=5_000), "t2", merchant="cinema")
    await world.post(card, PayUnits(units=120), "b1", merchant="cinema")
    await world.post(card, PayUnits(units=10), "b2", merchant="bakery")
    world.forward(1)
    await world.post(card, PayUnits(units=11), "b3", merchant="bakery")

    def owed(since: int, until: int) -> Any:
        def work(tx: Transaction) -> Any:
            found = ledger.settlement(tx, world.program_id, since=since, until=until)
            return [(each.issuer, each.redeemer, each.units, each.minor) for each in found]

        return ports.database.read(work)

    assert await owed(start, world.now) == [
        ("bakery", "cinema", 100, 55),
        ("cinema", "bakery", 10, 5),
        ("cinema", "cinema", 20, 11),
    ]
    assert await owed(world.now, world.now + SECOND) == [("cinema", "bakery", 11, 6)]
