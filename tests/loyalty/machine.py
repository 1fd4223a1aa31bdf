"""Drives a world of cards at random, and asserts after every step what must always be true."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.loyalty import calendar, events
from app.loyalty.events import Step
from app.loyalty.model import INTERNAL, Refusal
from app.loyalty.replay import World
from app.loyalty.rules import Rules
from tests.loyalty import drawn_programs as drawn
from tests.loyalty.invariants import check, check_after_time, essence, written

MEMBERS = ("ann", "bob", "cem")
WHO = st.sampled_from(MEMBERS)
MINORS = st.sampled_from([0, 1, 99, 100, 101, 999, 1_000, 2_000, 2_995, 5_000, 25_001, 60_001])
UNITS = st.sampled_from([1, 2, 3, 10, 20, 49, 50, 51, 100, 500, 1_000])
PERIODS = st.sampled_from(
    [
        *("PT1M", "PT9M", "PT10M", "PT20H", "PT36H", "P1D", "P2D", "P3D", "P5D", "P7D", "P10D"),
        "P14D",
        "P1M",
        "P1M",
        "P12M",
    ]
)
LATE = st.sampled_from([None, None, None, "PT1M", "P1D", "P4D", "P10D", "P1M", "P1M3D", "P12M"])
PLACES = st.integers(0, 7)
SEEN = {"steps": 0, "done": 0, "refused": 0}  # over all examples, to be told after a long run
REFUSED: dict[str, int] = {}


def lines() -> st.SearchStrategy[tuple[events.NewLine, ...]]:
    """Draw a ticket's lines."""
    line = st.builds(
        events.NewLine,
        unit_minor=MINORS,
        qty=st.sampled_from([1, 2, 3]),
        sku=st.sampled_from([None, "a", "SKU-A"]),
        tags=st.sampled_from([(), ("coffee",), ("gift",), ("rx", "coffee")]),
    )
    return st.lists(line, min_size=1, max_size=3).map(tuple)


class Cards(RuleBasedStateMachine):
    """Cards of one program, from an empty world on."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str | None, Any]] = []  # (card, step), or (None, a moment)
        self.number = 0

    @initialize(rules=drawn.rules())
    def begin(self, rules: Rules) -> None:
        self.rules = rules
        self.world = World(rules)
        self.at = drawn.START
        self._move(drawn.START)
        for member, sponsor in zip(MEMBERS, (None, "ann", "bob"), strict=True):
            attrs = events.Attributes(birthday="02-29")
            self._do(member, events.Enrol(referred_by=sponsor, attrs=attrs))

    @property
    def program(self) -> Any:
        assert self.world.now is not None
        return self.rules.at(self.world.now).program

    def _move(self, at: int) -> None:
        self.told.append((None, at))
        self.world.move_to(at)
        check_after_time(self.world)

    def _do(self, member: str, event: Any, late: str | None = None, merchant: str = "") -> Any:
        """Do a step now, which occurred then; a refused one leaves nothing behind."""
        self.number += 1
        at = calendar.subtract(self.at, late, "Europe/Paris")
        step = Step(f"s{self.number}", at, event, merchant or None)
        self._move(self.at)  # what is due until now has run, as before each step of a timeline
        self.told.append((member, step))
        before = written(self.world)
        done = self.world.take(member, step, step)
        SEEN["steps"] += 1
        if isinstance(done, Refusal):
            SEEN["refused"] += 1
            REFUSED[done.code] = REFUSED.get(done.code, 0) + 1
            assert written(self.world) == before, done
        else:
            SEEN["done"] += 1
        return done

    @rule(period=PERIODS)
    def time_passes(self, period: str) -> None:
        if self.at > drawn.START + 3 * 366 * calendar.DAY:
            return
        self.at = calendar.add(self.at, period, self.program.tz)
        self._move(self.at)

    @rule()
    def the_next_due_moment_comes(self) -> None:
        """Go to the very moment at which something is due."""
        from app.loyalty.engine import next_due_at

        found = [
            next_due_at(shelf.account, self.rules, now=self.at)
            for shelf in self.world.shelves.values()
        ]
        moments = [at for at in found if at is not None and at < self.at + 366 * calendar.DAY]
        if not moments:
            return
        self.at = min(moments)
        self._move(self.at)

    @rule(who=WHO, minor=MINORS, late=LATE, merchant=st.sampled_from(["", "books", "bakery"]))
    def buys(self, who: str, minor: int, late: str | None, merchant: str) -> None:
        self._do(who, events.Purchase(amount_minor=minor), late, merchant)

    @rule(who=WHO, bought=lines(), late=LATE, web=st.booleans(), paid=st.sampled_from([0, 150]))
    def buys_articles(
        self, who: str, bought: tuple[events.NewLine, ...], late: str | None, web: bool, paid: int
    ) -> None:
        tenders = (events.Tender("points", paid),) if paid else ()
        channel = "web" if web else "store"
        self._do(who, events.Purchase(lines=bought, tenders=tenders, channel=channel), late)

    @rule(who=WHO, place=PLACES, part=st.sampled_from([1, 2, 3]), more=st.sampled_from([0, 0, 1]))
    def brings_back_money(self, who: str, place: int, part: int, more: int) -> None:
        tickets = list(self.world.shelf(who).tickets.values())
        if not tickets:
            return
        ticket = tickets[-1 - place % len(tickets)]
        self._do(who, events.Refund(of=ticket.id, amount_minor=ticket.net // part + more))

    @rule(who=WHO, place=PLACES, line=st.integers(0, 2), qty=st.integers(1, 3))
    def brings_back_articles(self, who: str, place: int, line: int, qty: int) -> None:
        tickets = list(self.world.shelf(who).tickets.values())
        if not tickets:
            return
        ticket = tickets[-1 - place % len(tickets)]
        self._do(who, events.Refund(of=ticket.id, lines=((line, qty),)))

    @rule(who=WHO, name=st.sampled_from(["review", "quiz"]), late=LATE, thing=PLACES)
    def does_something_else(self, who: str, name: str, late: str | None, thing: int) -> None:
        named = {each.event for each in self.program.earn if hasattr(each, "event")}
        event = sorted(named)[thing % len(named)] if named else name
        values = {"score": thing, "points": thing}
        self._do(who, events.Interaction(event=event, object=str(thing), values=values), late)

    @rule(who=WHO, units=UNITS, place=PLACES, merchant=st.sampled_from(["", "books"]))
    def burns(self, who: str, units: int, place: int, merchant: str) -> None:
        burn = self.program.burn
        if not burn:
            return
        chosen = burn[place % len(burn)]
        kind = type(chosen).__name__
        event: Any
        match kind:
            case "Pay":
                event = events.PayUnits(units=units, rule=chosen.id)
            case "Ladder":
                steps = [step for step, _minor in chosen.steps]
                event = events.LadderStep(units=[*steps, units][units % (len(steps) + 1)])
            case "ItemForUnits":
                event = events.RedeemItem(unit_minor=units * 99, qty=1 + place % 2, rule=chosen.id)
            case "ConvertToVoucher":
                event = events.Convert(rule=chosen.id)
            case _:
                event = events.TakeReward(rule=chosen.id)
        self._do(who, event, None, merchant)

    @rule(who=WHO, units=UNITS, ttl=st.sampled_from(["PT10M", "P1D", "P10D"]))
    def sets_aside(self, who: str, units: int, ttl: str) -> None:
        self._do(who, events.Reserve(units=units, ttl=ttl, discount_minor=999))

    @rule(who=WHO, place=PLACES, units=st.sampled_from([None, 1, 3, 20]), is_kept=st.booleans())
    def resolves(self, who: str, place: int, units: int | None, is_kept: bool) -> None:
        """Take or leave any hold, open or not: it resolves at most once."""
        holds = list(self.world.shelf(who).holds.values())
        if not holds:
            return
        hold = holds[-1 - place % len(holds)]
        was_open = hold.status == "open"
        event = events.Capture(of=hold.id, units=units) if is_kept else events.Void(of=hold.id)
        done = self._do(who, event)
        assert was_open or isinstance(done, Refusal)

    @rule(who=WHO, place=PLACES)
    def cancels(self, who: str, place: int) -> None:
        burns = [
            each
            for each in self.world.shelf(who).burns.values()
            if not each.id.startswith(INTERNAL)
        ]
        if not burns:
            return
        burn = burns[-1 - place % len(burns)]
        was_reversed = burn.is_reversed
        done = self._do(who, events.ReverseBurn(of=burn.id))
        assert not was_reversed or isinstance(done, Refusal)

    @rule(who=WHO, place=PLACES, basket=MINORS)
    def uses_a_voucher(self, who: str, place: int, basket: int) -> None:
        vouchers = self.world.shelf(who).vouchers
        if not vouchers:
            return
        index = place % len(vouchers)
        was = vouchers[index + 1].status
        done = self._do(who, events.UseVoucher(index=index, basket_minor=basket))
        assert was == "issued" or isinstance(done, Refusal)

    @rule(who=WHO, late=LATE)
    def plays(self, who: str, late: str | None) -> None:
        if not self.program.instants:
            return
        self._do(who, events.Play(), late)

    @rule(who=WHO, units=UNITS, down=st.booleans(), late=LATE)
    def is_corrected(self, who: str, units: int, down: bool, late: str | None) -> None:
        unit = self.program.units[units % len(self.program.units)].id
        self._do(who, events.Adjust(unit=unit, units=-units if down else units, reason="r"), late)

    @rule(who=WHO, units=UNITS, days=st.integers(-2, 20), late=LATE)
    def opens_with(self, who: str, units: int, days: int, late: str | None) -> None:
        unit, at = self.program.units[0].id, self.at + days * calendar.DAY
        lot = events.OpeningLot(unit=unit, units=units, expires_at=calendar.write_instant(at))
        endless = events.OpeningLot(unit=unit, units=units)
        self._do(who, events.Opening(lots=(lot, endless)), late)

    @rule(place=PLACES, other=st.booleans())
    def is_told_again(self, place: int, other: bool) -> None:
        """The same id and body is answered again and does nothing; another body is refused."""
        told = [(member, step) for member, step in self.told if member is not None]
        member, step = told[-1 - place % len(told)]
        if step.id not in self.world.done:
            return
        before = written(self.world)
        body = msgspec.structs.replace(step, occurred_at=step.occurred_at + 1) if other else step
        done = self.world.take(member, step, body)
        assert written(self.world) == before
        if other:
            assert isinstance(done, Refusal) and done.code == "duplicate_conflict"
        else:
            assert done == self.world.done[step.id].results | {"replayed": True}

    @invariant()
    def all_figures_agree(self) -> None:
        if self.told:
            check(self.world)

    def teardown(self) -> None:
        """Replay from zero: the same cards, byte for byte; looking more often changes nothing."""
        if not self.told:
            return
        again, oftener = World(self.rules), World(self.rules)
        for member, told in self.told:
            if member is not None:
                again.take(member, told, told)
                oftener.take(member, told, told)
                continue
            for at in between(oftener.now, told):
                oftener.move_to(at)
            again.move_to(told)
        assert written(again) == written(self.world)
        if len(self.rules.versions) == 1 and waits_for_no_look(self.program):
            for member, shelf in self.world.shelves.items():
                assert essence(oftener.shelf(member)) == essence(shelf)
                assert oftener.shelf(member).entries == shelf.entries


def between(last: int | None, at: int) -> list[int]:
    """Name some moments until another, and itself."""
    if last is None:
        return [at]
    return [last + (at - last) * part // 7 for part in (1, 3, 4, 6, 7)]


def waits_for_no_look(program: Any) -> bool:
    """Say whether tiers change at events and at the ends of holds alone.

    A tier without hold follows its conditions when it is looked at (specs/loyalty.md §2, §5).
    """
    ladder = program.tiers.ladder if program.tiers is not None else ()
    # A prize or a challenge's grant that such a metric counts is seen at the next look, too.
    if ladder and any(metric.agg == "earned" for metric in program.metrics):
        return False
    text = str([tier.enter for tier in ladder])
    follows_time = any(word in text for word in ("Not(", "op='l", "Date", "Birth", "Tenure"))
    return all(tier.hold is not None for tier in ladder[1:]) and not follows_time
