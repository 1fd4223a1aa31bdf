"""What types cannot say of tiers: that each can be reached, and be seen."""

from __future__ import annotations

from collections.abc import Iterator

from app.loyalty import calendar
from app.loyalty.check_when import wrong_condition
from app.loyalty.faults import Fault, Known, repeated, wrong_grant, wrong_period
from app.loyalty.program import All, Not, Program, Tier, TierAtLeast
from app.loyalty.reach import Search, can_hold, implies


def wrong_tiers(program: Program, known: Known) -> Iterator[Fault]:
    """Find faults in the ladder."""
    if program.tiers is None:
        return
    ladder = program.tiers.ladder
    if not ladder:
        yield Fault("tiers.ladder", "at least the base tier expected")
        return
    faults = list(repeated("tiers.ladder", [tier.id for tier in ladder]))
    for place, tier in enumerate(ladder):
        faults += _wrong_tier(f"tiers.ladder[{place}]", tier, place, known)
    yield from faults
    if not faults:  # else what they say cannot be compared
        yield from _unreachable(ladder, known.tiers)


def _wrong_tier(path: str, tier: Tier, place: int, known: Known) -> Iterator[Fault]:
    if place == 0 and tier.enter is not None:
        yield Fault(f"{path}.enter", "the first tier is the base: every card has it")
    if place > 0 and tier.enter is None:
        yield Fault(f"{path}.enter", "say when this tier is entered; without it nobody is")
    for field in ("enter", "keep"):
        condition = getattr(tier, field)
        if condition is not None:
            yield from wrong_condition(f"{path}.{field}", condition, known)
    yield from wrong_period(f"{path}.hold", tier.hold)
    if tier.hold is not None and 0 < calendar.add(0, tier.hold, "UTC") < calendar.DAY:
        # Each end of a hold is an instant of its own that a card catches up with.
        yield Fault(f"{path}.hold", "at least a day expected")
    yield from wrong_period(f"{path}.grace", tier.grace)
    if tier.grace is not None and tier.hold is None:
        yield Fault(f"{path}.grace", "grace follows a hold, and there is none")
    if tier.keep is not None and tier.hold is None:
        yield Fault(f"{path}.keep", "keep is asked when a hold ends, and there is none")
    for at, grant in enumerate(tier.grants):
        yield from wrong_grant(f"{path}.grants[{at}]", grant, known)


def _unreachable(ladder: tuple[Tier, ...], tiers: tuple[str, ...]) -> Iterator[Fault]:
    """Find tiers no card can enter, and tiers whose every card stands higher."""
    search = Search(tiers)
    for place, tier in enumerate(ladder):
        enter = tier.enter or All(of=())
        # Whoever is to enter stands below.
        below = Not(of=TierAtLeast(tier=tier.id)) if place else All(of=())
        if not can_hold((enter, below), search):
            yield Fault(f"tiers.ladder[{place}].enter", "this can never hold: nobody enters")
            continue
        for other in ladder[place + 1 :]:
            if other.enter is not None and implies(enter, other.enter, search):
                text = f"whoever enters {tier.id} enters {other.id} too: {tier.id} is never seen"
                yield Fault(f"tiers.ladder[{place}]", text)
                break
