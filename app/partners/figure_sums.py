"""Adds figures up while a program's cards pass by; holds sums, and no card for longer."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from app.clock import DAY
from app.loyalty import calendar
from app.loyalty.model import Sums
from app.partners.figure_days import Days
from app.partners.figure_queries import EntryFact, PassLife, Visit

RETENTION_DAYS = (7, 30, 90)
COHORTS_MAX = 13  # months
OPENING = "opening"  # the engine's own rule: a balance taken over, which nobody earned here
_USES = {"earn", "burn"}  # kinds of entries that somebody caused by using his card
_DAY_BITS = 9  # 512 days, more than may be asked of at once
_DAY_MASK = (1 << _DAY_BITS) - 1

By = defaultdict[str, Counter[str]]


class Balances(msgspec.Struct, frozen=True):
    """Of the engine's account: what a card holds."""

    sums: dict[str, Sums] = {}


_read_balances = msgspec.json.Decoder(Balances).decode


class Cohorts:
    """Months in which cards came into wallets first, and who was still there later."""

    def __init__(self, tz: str, now: int) -> None:
        self._tz, self._now = tz, now
        self.cards: Counter[str] = Counter()
        self.kept: Counter[tuple[str, int]] = Counter()
        self.of: Counter[tuple[str, int]] = Counter()

    def add(self, added_at: int, removed_at: int | None) -> None:
        """Count a card by its first pass; `removed_at` None: it has one now."""
        month = calendar.local_date(added_at, self._tz).isoformat()[:7]
        self.cards[month] += 1
        for days in RETENTION_DAYS:
            then = added_at + days * DAY
            if then <= self._now:
                self.of[month, days] += 1
                self.kept[month, days] += removed_at is None or removed_at > then


class Figures:
    """The sums of one question."""

    def __init__(self, days: Days, tz: str, now: int) -> None:
        self.days = days
        self.cohorts = Cohorts(tz, now)
        count = len(days.days)
        self.by_kind: By = defaultdict(Counter)  # kind → unit → units, signed as entries are
        self.of_day = [defaultdict[str, Counter[str]](Counter) for _ in range(count)]
        self.adds, self.removals, self.burns = [0] * count, [0] * count, [0] * count
        self.active = [0] * count
        self.installs: Counter[str] = Counter()
        self.owed: Counter[str] = Counter()
        self.voucher_minor = self.vouchers_used = 0
        self.active_cards = self.buyers = self.buyers_before = self.loyal = self.visits = 0

    def add_passes(self, lives: Iterable[PassLife]) -> None:
        """Count passes that came and went, and each card's stay."""
        since, until = self.days.since, self.days.until
        by_card: defaultdict[int, list[PassLife]] = defaultdict(list)
        for life in lives:
            by_card[life.card_id].append(life)
            if life.installed > 0 and life.voided_at is None:
                self.installs[life.wallet] += 1
            if life.added_at is not None and since <= life.added_at < until:
                self.adds[self.days.place(life.added_at)] += 1
            if life.removed_at is not None and since <= life.removed_at < until:
                self.removals[self.days.place(life.removed_at)] += 1
        for found in by_card.values():
            stays = any(life.installed > 0 for life in found)
            gone = max((life.removed_at or 0 for life in found), default=0)
            first = min(life.added_at for life in found if life.added_at is not None)
            self.cohorts.add(first, None if stays else gone)

    def add_uses(self, entries: Iterable[EntryFact], visits: Iterable[Visit]) -> None:
        """Sum a page's entries of the days, and its visits of the days and of those before."""
        begins, since = self.days.begins, self.days.since
        active = set[int]()  # card and day in one number: there are many of them
        sums: defaultdict[tuple[int, str, str], int] = defaultdict(int)
        for entry in entries:
            place, kind = bisect_right(begins, entry.at) - 1, entry.kind
            if kind in _USES:
                active.add(entry.card_id << _DAY_BITS | place)
                if kind == "burn":
                    self.burns[place] += 1
                elif entry.rule == OPENING:
                    kind = OPENING
            sums[place, kind, entry.unit] += entry.units
        for (place, kind, unit), units in sums.items():
            self.by_kind[kind][unit] += units
            self.of_day[place][kind][unit] += units
        bought, bought_before = set[int](), set[int]()
        for visit in visits:
            if visit.at < since:
                bought_before.add(visit.card_id)
                continue
            self.visits += 1
            bought.add(visit.card_id)
            active.add(visit.card_id << _DAY_BITS | bisect_right(begins, visit.at) - 1)
        self.buyers += len(bought)
        self.buyers_before += len(bought_before)
        self.loyal += len(bought & bought_before)
        self.active_cards += len({each >> _DAY_BITS for each in active})
        for place, count in Counter(each & _DAY_MASK for each in active).items():
            self.active[place] += count

    def add_balances(self, states: Iterable[str]) -> None:
        """Sum what cards hold: also pending or set aside, less what they owe; never below 0."""
        for state in states:
            for unit, sums in _read_balances(state).sums.items():
                held = sums.available + sums.pending + sums.held - sums.debt
                if held > 0:
                    self.owed[unit] += held
