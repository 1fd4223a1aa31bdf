"""What a card's past would have been by other rules: who gains, who loses (specs: loyalty §11)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.loyalty.book import Book
from app.loyalty.conditions import position_of
from app.loyalty.engine import catch_up, copy_of, decide, new_account
from app.loyalty.events import Claims, Step
from app.loyalty.model import Refusal
from app.loyalty.owing import MICRO_PER_MINOR, cost_micro
from app.loyalty.program import Program
from app.loyalty.rounding import rdiv
from app.loyalty.rules import Rules, Version
from app.loyalty.shelf import Shelf


class Happened(msgspec.Struct, frozen=True):
    """Steps that one card did at once, at a moment of processing (Unix microseconds).

    `version`: the newest version of the rules that was known then.
    """

    recorded_at: int
    version: int
    steps: tuple[Step, ...]
    claims: Claims = Claims()
    birthday: str | None = None


class Past(msgspec.Struct, frozen=True):
    """A card's whole past, in order of processing."""

    opened_at: int
    happened: Sequence[Happened]
    referred_by: str | None = None


class Standing(msgspec.Struct, frozen=True):
    """Where a card stands: what is owed to it (millionths), its units, its place on the ladder."""

    owed_micro: int
    units: int
    tier: int

    @property
    def owed_minor(self) -> int:
        """What is owed to it in minor units, rounded up: it is not made smaller than it is."""
        return rdiv(self.owed_micro, MICRO_PER_MINOR, "ceil")


class Comparison(msgspec.Struct, frozen=True):
    """A card by the rules there were, and by those that are tried."""

    before: Standing
    after: Standing

    @property
    def change(self) -> int:
        """1 for who gains, -1 for who loses, 0 for who notices nothing.

        What things cost decides, then the number of units, then the tier.
        """
        was = (self.before.owed_micro, self.before.units, self.before.tier)
        would_be = (self.after.owed_micro, self.after.units, self.after.tier)
        return (would_be > was) - (would_be < was)


def compare(past: Past, rules: Rules, tried: Program, *, since: int, now: int) -> Comparison:
    """Replay a card's past by its rules, and by others as if in force since a moment.

    What the card could not have done by the tried rules is left out. Messages of other cards are
    taken as they came.
    """
    trial = Version(rules.versions[-1].number + 1, since, tried)
    last = rules.at(now).program
    return Comparison(
        before=_standing(_replay(past, rules, None, now), last, now),
        after=_standing(_replay(past, rules, trial, now), tried, now),
    )


def _replay(past: Past, rules: Rules, trial: Version | None, now: int) -> Shelf:
    start = new_account(past.opened_at)
    start.referred_by = past.referred_by
    shelf, birthday = Shelf(start), None
    for each in past.happened:
        birthday = each.birthday
        known = _known(rules, trial, each.version)
        book = _open(shelf, known, each.recorded_at, birthday)
        catch_up(book)
        shelf.put(book)
        for step in each.steps:
            book = _open(shelf, known, each.recorded_at, birthday)
            results = decide(book, step, each.claims)
            if not isinstance(results, Refusal) and book.is_kept:
                shelf.put(book)
    book = _open(shelf, _known(rules, trial, rules.versions[-1].number), now, birthday)
    catch_up(book)
    shelf.put(book)
    return shelf


def _known(rules: Rules, trial: Version | None, version: int) -> Rules:
    versions = [each for each in rules.versions if each.number <= version]
    return Rules((*versions, trial) if trial is not None else tuple(versions))


def _open(shelf: Shelf, rules: Rules, now: int, birthday: str | None) -> Book:
    return Book(shelf, copy_of(shelf.account), rules=rules, now=now, birthday=birthday)


def _standing(shelf: Shelf, program: Program, now: int) -> Standing:
    owed_micro = units = 0
    ranks = {unit.id for unit in program.units if unit.kind == "status"}  # the tier says more
    for unit, sums in shelf.account.sums.items():
        count = sums.available + sums.pending + sums.held - sums.debt
        if count > 0 and unit not in ranks:
            units += count
            owed_micro += count * cost_micro(program, unit)
    for voucher in shelf.vouchers.values():
        is_usable = voucher.expires_at is None or now < voucher.expires_at
        if voucher.status == "issued" and voucher.kind == "amount" and is_usable:
            owed_micro += voucher.value * MICRO_PER_MINOR
    return Standing(owed_micro, units, position_of(program, shelf.account.tier))
