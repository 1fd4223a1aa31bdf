"""Tiers at every boundary: up at once, held, in grace, down by the policy, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from app.loyalty import calendar, events
from app.loyalty.calendar import DAY
from app.loyalty.replay import World
from app.loyalty.vectors import tier_of
from tests.loyalty.small import (
    EVER,
    START,
    available,
    buy,
    card,
    do,
    give,
    look,
    program,
    unchecked,
    world_of,
)

TZ = "Europe/Paris"
WEEK = {"id": "week", "agg": "net_amount", "window": {"rolling": "P7D"}}
EVERY = {"id": "every", "agg": "net_amount"}
UNITS = {"id": "counted", "agg": "earned", "unit": "pts"}
METRICS = [WEEK, EVERY, UNITS]
VOUCHERS = [{"id": "cheque", "kind": "amount", "value": 500}]
CHEQUE = {"type": "voucher", "voucher": "cheque"}
BADGE = {"type": "badge", "badge": "star"}


def week(value: int, metric: str = "week") -> dict[str, Any]:
    return {"type": "metric", "metric": metric, "op": "ge", "value": value}


def ladder(*tiers: dict[str, Any], **policy: Any) -> World:
    """Open a world of a ladder: `base`, then a, b, c … entered at 100, 200, 300 … in 7 days."""
    named = [
        {"id": "abcde"[place], "enter": week(100 * (place + 1))} | tier
        for place, tier in enumerate(tiers)
    ]
    tiers_of = {"ladder": [{"id": "base"}, *named]} | policy
    return unchecked(metrics=METRICS, vouchers=VOUCHERS, tiers=tiers_of, burn=None)


def tier(world: World) -> str | None:
    return tier_of(world.book("m"))


def after(period: str, at: int = START) -> int:
    return calendar.add(at, period, TZ)


def standing(world: World) -> tuple[str | None, int | None, bool]:
    account = card(world).account
    return tier(world), account.tier_hold_until, account.is_in_grace


def statuses(world: World) -> list[str]:
    return [each.status for each in card(world).vouchers.values()]


# Up


@pytest.mark.parametrize(("minor", "reached"), [(99, "base"), (100, "a"), (199, "a"), (200, "b")])
def test_a_card_rises_at_once_to_the_highest_tier_whose_condition_holds(
    minor: int, reached: str
) -> None:
    world = ladder({}, {})
    buy(world, "t", minor)
    assert tier(world) == reached
    assert card(world).account.tier_since == (None if reached == "base" else START)


def test_the_highest_counts_though_a_lower_condition_does_not_hold() -> None:
    world = ladder({"enter": week(900, "every")}, {})
    buy(world, "t", 200)
    assert tier(world) == "b"


def test_a_higher_tier_without_a_condition_is_never_entered() -> None:
    world = ladder({}, {"enter": None})
    buy(world, "t", 900)
    assert tier(world) == "a"


@pytest.mark.parametrize(("skipped", "given"), [("all", ["a", "b"]), ("top", ["b"])])
def test_levels_that_are_passed_give_their_grants(skipped: str, given: list[str]) -> None:
    world = ladder({"grants": [CHEQUE]}, {"grants": [CHEQUE]}, {}, skipped_grants=skipped)
    buy(world, "t", 200)
    assert [each.source for each in card(world).vouchers.values()] == given
    assert list(card(world).account.granted) == [f"{each}:0" for each in given]


def test_each_grant_is_given_once_in_the_order_of_levels_with_its_voucher_noted() -> None:
    units = {"type": "units", "unit": "pts", "points": 9}
    world = ladder({"grants": [BADGE, CHEQUE, CHEQUE]}, {"grants": [units]})
    buy(world, "t", 50)
    buy(world, "u", 150)
    assert card(world).account.granted == {"a:0": 0, "a:1": 1, "a:2": 2, "b:0": 0}
    entry = card(world).entries[-1]
    assert (entry.units, entry.rule, entry.why) == (9, "b", {"tier": "b"})
    assert [lot.source for lot in card(world).lots.values()] == ["u", "b"]


def test_a_card_on_the_first_rung_is_not_given_what_the_base_would_grant_again() -> None:
    world = ladder({"grants": [CHEQUE]}, {"grants": [CHEQUE]})
    buy(world, "t", 100)
    buy(world, "u", 100)
    assert [each.source for each in card(world).vouchers.values()] == ["a", "b"]


def test_climbing_again_grants_nothing_twice() -> None:
    world = ladder({"grants": [CHEQUE]})
    buy(world, "t", 100)
    look(world, after("P7D"))
    assert tier(world) == "base"
    buy(world, "u", 100)
    assert (tier(world), len(card(world).vouchers)) == ("a", 1)


def test_a_correction_and_an_opening_balance_lift_a_card_at_once() -> None:
    world = ladder({"enter": week(10, "counted")}, {"enter": week(20, "counted")})
    give(world, "o", 10)
    assert tier(world) == "a"
    do(world, "c", events.Adjust(unit="pts", units=10, reason="r"))
    assert tier(world) == "b"


# Without a hold


def test_a_tier_without_a_hold_follows_the_conditions_down_in_real_time() -> None:
    world = ladder({}, {})
    buy(world, "t", 200)
    look(world, after("P7D") - 1)
    assert tier(world) == "b"
    look(world, after("P7D"))
    assert standing(world) == ("base", None, False)
    assert card(world).account.tier_since == after("P7D")


@pytest.mark.parametrize(
    ("policy", "reached"), [("recompute", "a"), ("one_down", "a"), ("never", "c")]
)
def test_a_tier_without_a_hold_goes_down_by_the_policy(policy: str, reached: str) -> None:
    """`one_down` goes on through levels that protect nothing, to the qualified one."""
    world = ladder({}, {}, {}, downgrade=policy)
    buy(world, "t", 200)
    look(world, START + DAY)
    buy(world, "u", 100)
    assert tier(world) == "c"
    look(world, after("P7D"))
    assert tier(world) == reached


def test_one_level_down_stops_at_a_level_with_a_hold_and_starts_it() -> None:
    world = ladder({}, {"hold": "P30D"}, {}, {}, downgrade="one_down")
    buy(world, "t", 400)
    assert tier(world) == "d"
    look(world, after("P8D"))
    assert standing(world) == ("b", after("P38D"), False)


# With a hold


def test_a_hold_protects_a_tier_and_is_not_put_off_by_qualifying_again() -> None:
    world = ladder({"hold": "P1M"})
    buy(world, "t", 100)
    look(world, START + 2 * DAY)
    buy(world, "u", 100)
    assert standing(world) == ("a", after("P1M"), False)
    look(world, after("P1M") - 1)
    assert standing(world) == ("a", after("P1M"), False)
    look(world, after("P1M"))
    assert standing(world) == ("base", None, False)
    assert card(world).account.tier_since == after("P1M")


def test_a_hold_whose_condition_holds_at_its_end_starts_again_from_that_instant() -> None:
    world = ladder({"hold": "P1M"})
    buy(world, "t", 100)
    buy(world, "u", 100, at=after("P1M") - DAY)
    look(world, after("P1M") + DAY)
    until = after("P1M", after("P1M"))
    assert standing(world) == ("a", until, False)
    assert card(world).account.tier_since == START


@pytest.mark.parametrize(("kept", "reached"), [(50, "a"), (51, "base")])
def test_what_keeps_a_tier_is_asked_at_the_end_of_its_hold(kept: int, reached: str) -> None:
    world = ladder({"hold": "P1M", "keep": week(kept)})
    buy(world, "t", 100)
    buy(world, "u", 50, at=after("P1M") - DAY)
    look(world, after("P1M"))
    assert tier(world) == reached


def test_what_enters_a_tier_keeps_it_where_nothing_else_is_said() -> None:
    world = ladder({"hold": "P1M", "keep": week(0, "every")}, {"hold": "P1M"})
    buy(world, "t", 200)
    look(world, after("P1M"))
    assert tier(world) == "base"


@pytest.mark.parametrize(
    ("policy", "reached", "until"),
    [("recompute", "base", None), ("one_down", "b", "P2M"), ("never", "c", None)],
)
def test_a_hold_that_ends_lowers_by_the_policy(
    policy: str, reached: str, until: str | None
) -> None:
    world = ladder({"hold": "P1M"}, {"hold": "P1M"}, {"hold": "P1M"}, downgrade=policy)
    buy(world, "t", 300)
    look(world, after("P1M"))
    expected = None if until is None else after("P1M", after("P1M"))
    assert standing(world) == (reached, expected, False)


TWO = {"ladder": [{"id": "base"}, {"id": "a", "enter": week(100), "hold": "P1M"}]}


def later(tiers: dict[str, Any] | None) -> World:
    """Open a world whose ladder is another one, or none, after a day."""
    first = program(metrics=METRICS, burn=None, tiers=TWO)
    second = program(metrics=METRICS, burn=None, tiers=tiers)
    return world_of((EVER, first), (START + DAY, second))


def test_a_hold_of_a_tier_that_is_gone_ends_and_lowers_nothing() -> None:
    other = {"id": "b", "enter": week(100), "hold": "P1M"}
    world = later({"ladder": [{"id": "other"}, other]})
    buy(world, "t", 100)
    look(world, after("P1M") + DAY)
    assert card(world).account.tier_hold_until is None
    assert (tier(world), card(world).account.tier_since) == ("other", START)


def test_a_ladder_that_is_gone_holds_nothing() -> None:
    world = later(None)
    buy(world, "t", 100)
    do(world, "h", events.Opening(lots=(events.OpeningLot("pts", 5, "2026-01-09T00:00:00Z"),)))
    look(world, after("P2M"))
    assert (tier(world), card(world).account.tier) == (None, "a")


def test_the_base_has_nothing_below_it() -> None:
    base = {"id": "base", "enter": week(0), "keep": week(100), "hold": "P1M"}
    named = {"id": "a", "enter": week(100)}
    tiers_of = {"ladder": [base, named]}
    world = unchecked(metrics=METRICS, tiers=tiers_of)
    buy(world, "t", 100)
    look(world, after("P7D"))
    assert standing(world) == ("base", after("P1M", after("P7D")), False)
    look(world, after("P1M", after("P7D")))
    assert standing(world) == ("base", None, False)
    assert card(world).account.tier_since == after("P7D")


def test_conditions_of_tiers_may_ask_for_the_tier() -> None:
    stands = {"type": "tier_at_least", "tier": "a"}
    world = ladder({"hold": "P1M", "keep": stands}, {"enter": stands})
    buy(world, "t", 100)
    assert tier(world) == "a"
    look(world, START + 1)
    assert tier(world) == "b"
    world = ladder({"hold": "P1M", "keep": stands})
    buy(world, "t", 100)
    look(world, after("P1M"))
    assert tier(world) == "a"


# Grace


def test_grace_follows_the_hold_and_the_same_test_ends_it() -> None:
    world = ladder({"hold": "P1M", "grace": "P5D"})
    buy(world, "t", 100)
    hold_ends = after("P1M")
    look(world, hold_ends - 1)
    assert standing(world) == ("a", hold_ends, False)
    look(world, hold_ends)
    assert standing(world) == ("a", hold_ends, True)
    look(world, after("P5D", hold_ends) - 1)
    assert standing(world) == ("a", hold_ends, True)
    look(world, after("P5D", hold_ends))
    assert standing(world) == ("base", None, False)


def test_grace_is_not_ended_by_what_happens_in_it() -> None:
    world = ladder({"hold": "P1M", "grace": "P5D"})
    buy(world, "t", 100)
    look(world, after("P1M"))
    dying = events.OpeningLot("pts", 5, calendar.write_instant(after("P1M") + DAY))
    do(world, "o", events.Opening(lots=(dying,)))
    look(world, after("P1M") + 2 * DAY)
    assert available(world) == 1
    assert standing(world) == ("a", after("P1M"), True)


def test_a_tier_is_not_tested_by_what_happens_before_its_hold_ends() -> None:
    world = ladder({"hold": "P1M"})
    buy(world, "t", 100)
    dying = events.OpeningLot("pts", 5, calendar.write_instant(START + 10 * DAY))
    do(world, "o", events.Opening(lots=(dying,)))
    look(world, START + 10 * DAY)
    assert standing(world) == ("a", after("P1M"), False)


def test_qualifying_again_in_grace_restarts_the_hold_from_then() -> None:
    world = ladder({"hold": "P1M", "grace": "P5D"})
    buy(world, "t", 100)
    look(world, after("P1M") + DAY)
    buy(world, "u", 99)
    assert standing(world) == ("a", after("P1M"), True)
    buy(world, "v", 1)
    assert standing(world) == ("a", after("P1M", after("P1M") + DAY), False)


def test_a_hold_that_is_renewed_passes_by_its_grace() -> None:
    world = ladder({"hold": "P1M", "grace": "P5D"})
    buy(world, "t", 100)
    buy(world, "u", 100, at=after("P1M") - DAY)
    look(world, after("P1M"))
    assert standing(world) == ("a", after("P1M", after("P1M")), False)


def test_grace_ends_as_a_hold_without_grace_where_a_tier_is_never_lowered() -> None:
    world = ladder({"hold": "P1M", "grace": "P5D"}, downgrade="never")
    buy(world, "t", 100)
    look(world, after("P5D", after("P1M")))
    assert standing(world) == ("a", None, False)


def test_a_hold_of_no_length_protects_nothing_and_ends_at_once() -> None:
    world = ladder({"hold": "P0D"})
    buy(world, "t", 100)
    assert standing(world) == ("a", None, False)
    look(world, START + DAY)
    assert standing(world) == ("a", None, False)


# Refunds


def bring_back(world: World, of: str, minor: int) -> None:
    do(world, f"r{of}", events.Refund(of=of, amount_minor=minor))


@pytest.mark.parametrize(("minor", "reached"), [(0, "b"), (1, "a"), (100, "a"), (101, "base")])
def test_a_refund_takes_back_a_tier_that_would_not_have_been_entered(
    minor: int, reached: str
) -> None:
    world = ladder({"hold": "P1M"}, {"hold": "P1M"})
    buy(world, "t", 200)
    look(world, START + DAY)
    bring_back(world, "t", minor)
    assert tier(world) == reached
    since = START if minor == 0 else START + DAY
    until = None if reached == "base" else after("P1M", since)
    assert (card(world).account.tier_since, standing(world)) == (since, (reached, until, False))


def test_vouchers_of_the_levels_taken_back_are_void_unless_used_and_may_be_given_again() -> None:
    grants = {"grants": [CHEQUE, BADGE, CHEQUE], "hold": "P1M"}
    world = ladder(grants, grants, grants)
    buy(world, "t", 300)
    do(world, "v", events.UseVoucher(index=4))
    bring_back(world, "t", 200)
    assert tier(world) == "a"
    assert statuses(world) == ["issued", "issued", "void", "void", "used", "void"]
    kept = {"a:0": 1, "a:1": 0, "a:2": 2, "b:1": 0, "c:0": 5, "c:1": 0}
    assert card(world).account.granted == kept
    buy(world, "u", 200)
    assert statuses(world)[6:] == ["issued"] * 3
    assert [each.source for each in card(world).vouchers.values()][6:] == ["b", "b", "c"]


def test_a_grant_that_was_never_given_is_not_taken_back() -> None:
    world = ladder({"grants": [CHEQUE], "hold": "P1M"}, {"hold": "P1M"}, skipped_grants="top")
    buy(world, "t", 200)
    bring_back(world, "t", 200)
    assert (tier(world), card(world).vouchers) == ("base", {})


def test_a_hold_protects_a_tier_that_would_have_been_entered_all_the_same() -> None:
    world = ladder({"hold": "P1M", "grants": [CHEQUE]})
    buy(world, "t", 100)
    look(world, START + 10 * DAY)
    buy(world, "u", 50)
    bring_back(world, "u", 50)
    assert standing(world) == ("a", after("P1M"), False)
    assert statuses(world) == ["issued"]
    bring_back(world, "t", 1)
    assert (standing(world), statuses(world)) == (("base", None, False), ["void"])


def test_a_held_tier_is_never_taken_back_where_the_program_keeps_it() -> None:
    world = ladder({"hold": "P1M"}, refund="keep")
    buy(world, "t", 100)
    bring_back(world, "t", 100)
    assert standing(world) == ("a", after("P1M"), False)


@pytest.mark.parametrize("refund", ["recompute", "keep"])
def test_a_tier_without_a_hold_goes_down_with_what_it_granted(refund: str) -> None:
    world = ladder({"grants": [CHEQUE]}, refund=refund, downgrade="never")
    buy(world, "t", 100)
    bring_back(world, "t", 1)
    assert (tier(world), statuses(world)) == ("base", ["void"])


def test_an_ordinary_descent_voids_nothing() -> None:
    world = ladder({"grants": [CHEQUE], "hold": "P1M"})
    buy(world, "t", 100)
    look(world, after("P2M"))
    assert (tier(world), statuses(world)) == ("base", ["issued"])


def test_a_refund_that_ends_nothing_still_lets_a_card_rise() -> None:
    few = {"type": "metric", "metric": "every", "op": "le", "value": 50}
    world = ladder({"enter": few})
    buy(world, "t", 100)
    assert tier(world) == "base"
    bring_back(world, "t", 50)
    assert tier(world) == "a"


def test_a_refund_that_leaves_a_card_where_it_is_does_not_move_it() -> None:
    world = ladder({})
    buy(world, "s", 50)
    bring_back(world, "s", 10)
    assert (card(world).account.tier, card(world).account.tier_since) == (None, None)
    buy(world, "t", 200)
    look(world, START + DAY)
    bring_back(world, "t", 50)
    assert (tier(world), card(world).account.tier_since) == ("a", START)
