"""Figures of random lives equal what is added up again from the ledger, on both engines."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.http.ports import Ports
from app.loyalty.figures import retention_rate
from app.loyalty.owing import liability_minor
from app.loyalty.rounding import rdiv
from app.partners.figure_schemas import StatsOut
from app.partners.figures import figures_of
from app.programs import service as programs
from tests.cards.cards_world import rows
from tests.ledger.conftest import ports
from tests.ledger.ledger_world import Ledger, open_ledger
from tests.ledger.random_days import RULES, Days, live

__all__ = ["ports"]
PARIS = ZoneInfo("Europe/Paris")
CARDS, EVENTS, WINDOW = 3, 18, 300


async def asked(world: Ledger, first: date, last: date) -> StatsOut:
    """Ask for figures of some days."""
    program = await world.ports.database.read(
        lambda tx: programs.program_by_id(tx, world.program_id)
    )
    assert program is not None
    begin, end, now = first.isoformat(), last.isoformat(), world.now
    return await world.ports.database.read(
        lambda tx: figures_of(tx, program, begin=begin, end=end, now=now)
    )


def day_of(at: int) -> date:
    """Return the local day of a moment, by the library alone."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).astimezone(PARIS).date()


class Recomputed:
    """The ledger's rows, added up by days the slow way."""

    def __init__(self, entries: list[Any], tickets: list[Any]) -> None:
        self.entries = [(card, kind, rule, unit, n, day_of(at)) for card, kind, rule, unit, n, at
                        in entries]  # fmt: skip
        self.tickets = [(card, net, day_of(at)) for card, net, at in tickets]

    def units(self, kind: str, first: date, last: date, sign: int = 1) -> dict[str, int]:
        found: Counter[str] = Counter()
        for _, each, rule, unit, units, day in self.entries:
            if (rule if rule == "opening" else each) == kind and first <= day <= last:
                found[unit] += sign * units
        return dict(found)

    def buyers(self, first: date, last: date) -> set[int]:
        return {card for card, net, day in self.tickets if net > 0 and first <= day <= last}

    def active(self, first: date, last: date) -> set[int]:
        used = {
            card
            for card, kind, _, _, _, day in self.entries
            if kind in {"earn", "burn"} and first <= day <= last
        }
        return used | self.buyers(first, last)


def compare(stats: StatsOut, known: Recomputed, first: date, last: date) -> None:
    """Compare what was answered with what the rows say."""
    assert stats.earned == known.units("earn", first, last)
    assert stats.burned == known.units("burn", first, last, -1)
    assert stats.expired == known.units("expire", first, last, -1)
    assert stats.adjusted == known.units("adjust", first, last)
    assert stats.reversed == known.units("reverse", first, last)
    assert stats.opened == known.units("opening", first, last)
    assert stats.active == len(known.active(first, last))
    count = sum(kind == "burn" and first <= day <= last for _, kind, _, _, _, day in known.entries)
    assert stats.redemptions == count == sum(day.redemptions for day in stats.days)
    before = first - timedelta(days=(last - first).days + 1)
    past = known.buyers(before, first - timedelta(days=1))
    loyal = len(past & known.buyers(first, last))
    assert stats.retention_rate == retention_rate(loyal, len(past))
    visits = sum(net > 0 and first <= day <= last for _, net, day in known.tickets)
    buyers = len(known.buyers(first, last))
    average = rdiv(visits * 100, buyers, "half_up") if buyers else None
    shown = stats.frequency.average
    assert shown == (None if average is None else f"{average // 100}.{average % 100:02d}")
    for place, day in enumerate(stats.days):
        on = first + timedelta(days=place)
        assert day.day == on.isoformat()
        assert day.earned == known.units("earn", on, on)
        assert day.burned == known.units("burn", on, on, -1)
        assert day.expired == known.units("expire", on, on, -1)
        assert day.active == len(known.active(on, on))


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_what_the_ledger_adds_up_to(ports: Ports, seed: int) -> None:
    world = await open_ledger(ports, RULES)
    other = await open_ledger(ports, RULES)  # another program's cards are not among them
    await live(other, await other.card(), Days(99, other.now), events=5, is_swept=False)
    start, cards = world.now, [await world.card(birthday="10-02") for _ in range(CARDS)]
    days = [Days(seed * 10 + number, start) for number in range(CARDS)]
    for _ in range(EVENTS):  # the cards' lives run beside each other
        for card, its_days in zip(cards, days, strict=True):
            await live(world, card, its_days, events=1, is_swept=True)
    await world.sweep()
    known = Recomputed(
        await rows(
            ports,
            "SELECT e.card_id, e.kind, e.rule, e.unit, e.units, e.at FROM entry e"
            " JOIN ledger_account a ON a.card_id = e.card_id WHERE a.program_id = ?",
            world.program_id,
        ),
        await rows(
            ports,
            "SELECT t.card_id, t.net, t.occurred_at FROM ticket t"
            " JOIN ledger_account a ON a.card_id = t.card_id WHERE a.program_id = ?",
            world.program_id,
        ),
    )
    first, last = day_of(start) - timedelta(days=45), day_of(world.now)
    drawn = random.Random(seed)
    for _ in range(4):
        begin = first + timedelta(days=drawn.randrange((last - first).days))
        end = min(last, begin + timedelta(days=drawn.choice((0, 1, 13, 60))))
        compare(await asked(world, begin, end), known, begin, end)
    await whole_life(world, cards, first, last)


async def whole_life(world: Ledger, cards: list[int], first: date, last: date) -> None:
    """Windows side by side add up to what the cards hold, and to the transfers."""
    total: defaultdict[str, Counter[str]] = defaultdict(Counter)
    begin = first
    while begin <= last:
        end = min(last, begin + timedelta(days=WINDOW))
        stats = await asked(world, begin, end)
        for kind in ("opened", "earned", "burned", "expired", "adjusted", "reversed"):
            total[kind].update(getattr(stats, kind))
        begin = end + timedelta(days=1)
    held: Counter[str] = Counter()
    owed: Counter[str] = Counter()
    for card in cards:
        view = await world.view(card)
        for unit, balance in view.balances.items():
            units = balance + view.pending.get(unit, 0) + view.held.get(unit, 0)
            held[unit] += units
            owed[unit] += max(0, units)
    assert total["earned"]["pts"] and total["expired"].total()
    for unit in held:
        moved = sum(total[kind][unit] for kind in ("opened", "earned", "adjusted", "reversed"))
        assert held[unit] == moved - total["burned"][unit] - total["expired"][unit], unit
    for place, kind in (("burned", "burned"), ("expired", "expired")):
        sums = await rows(
            world.ports,
            "SELECT t.unit, CAST(sum(t.units) AS BIGINT) FROM transfer t JOIN ledger_account a"
            " ON a.card_id = t.card_id WHERE a.program_id = ? AND t.credit = ? GROUP BY t.unit",
            *(world.program_id, place),
        )
        assert dict(sums) == {unit: n for unit, n in total[kind].items() if n}
    assert {unit: n for unit, n in stats.outstanding.items() if n} == +owed
    await owing(world, stats, owed)


async def owing(world: Ledger, stats: StatsOut, owed: Counter[str]) -> None:
    """What is owed is the units' cost by the rules in force, and the vouchers' worth."""
    rules = await world.ports.database.read(lambda tx: programs.rules_of(tx, world.program_id))
    ((vouchers,),) = await rows(
        world.ports,
        "SELECT CAST(coalesce(sum(v.value), 0) AS BIGINT) FROM voucher v JOIN ledger_account a"
        " ON a.card_id = v.card_id WHERE a.program_id = ? AND v.status = 'issued'"
        " AND v.kind = 'amount' AND (v.expires_at IS NULL OR v.expires_at > ?)",
        *(world.program_id, world.now),
    )
    assert stats.liability_minor == liability_minor(rules.at(world.now).program, owed) + vouchers
