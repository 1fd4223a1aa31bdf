"""A program's figures, from rows that are kept: the same question gives the same answer.

docs/figures.md defines each. Some cards at a time: all of a card is read in one snapshot.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

from app.clock import rfc3339
from app.loyalty.figures import frequency_target, retention_rate
from app.loyalty.owing import liability_minor
from app.loyalty.rounding import rdiv
from app.outbox import count_queries
from app.partners import figure_queries as queries
from app.partners.figure_days import Days, days_between
from app.partners.figure_queries import Range
from app.partners.figure_schemas import (
    Cohort,
    DayOut,
    Frequency,
    Installs,
    Kept,
    Pushes,
    StatsOut,
    Units,
)
from app.partners.figure_sums import COHORTS_MAX, OPENING, RETENTION_DAYS, Figures
from app.programs import service as programs
from app.programs.ending import zone_of
from app.programs.service import Program
from app.storage.database import Transaction

CARDS_A_PAGE = 1_000  # a tenth of a second: others' reads come in between
FIRST = -1
HOSTED = "ledger"
UPLIFT_PCT = 10  # the objective: 3 visits become 3.3 (specs: loyalty §15)
_CURRENCY = "EUR"


def figures_of(
    tx: Transaction, program: Program, *, begin: str | None, end: str | None, now: int
) -> StatsOut:
    """Put a program's figures together in one go. Raises InvalidInput for days that are none.

    # across: all cards of the program
    """
    found = begun(program, begin=begin, end=end, now=now)
    after: int | None = FIRST
    while after is not None:
        found, after = add_page(tx, program, found, after=after, now=now)
    return finished(tx, program, found, now=now)


def begun(program: Program, *, begin: str | None, end: str | None, now: int) -> Figures:
    """Begin to add up a program's figures. Raises InvalidInput for days that are none."""
    tz = zone_of(program.document)
    return Figures(days_between(begin, end, tz, now=now), tz, now)


def add_page(
    tx: Transaction, program: Program, found: Figures, *, after: int, now: int
) -> tuple[Figures, int | None]:
    """Return figures with some cards behind one added, and the last of them; None: none was left.

    `found` stays as it is, for a read may run twice. # across: a page of the program's cards
    """
    ids = queries.card_ids(tx, program.program_id, after, CARDS_A_PAGE)
    if not ids:
        return found, None
    more = deepcopy(found)  # sums by day and month, no cards
    _add_cards(tx, program, more, Range(program.program_id, after, ids[-1]), now=now)
    return more, ids[-1]


def finished(tx: Transaction, program: Program, found: Figures, *, now: int) -> StatsOut:
    """Write the figures down once all cards were added."""
    counts = _counted(tx, program.program_id, found.days)
    cards = queries.live_cards(tx, program.program_id, now)
    tz = zone_of(program.document)
    return _stats(tx, program, found, counts, cards=cards, tz=tz, now=now)


def _add_cards(
    tx: Transaction, program: Program, found: Figures, cards: Range, *, now: int
) -> None:
    since, until, before = found.days.since, found.days.until, found.days.before
    found.add_passes(queries.pass_lives(tx, cards))
    if program.authority != HOSTED:
        found.add_uses((), queries.moved(tx, cards, before, until))
        return
    entries = queries.entries(tx, cards, since, until)
    found.add_uses(entries, queries.tickets(tx, cards, before, until))
    found.add_balances(queries.states(tx, cards))
    found.voucher_minor += queries.voucher_money(tx, cards, now)
    found.vouchers_used += queries.vouchers_used(tx, cards, since, until)


def _counted(tx: Transaction, program_id: int, days: Days) -> dict[tuple[str, str], int]:
    """Read what is counted by day: (day, name) → count."""
    rows = count_queries.between(tx, program_id, days.days[0], days.days[-1])
    return {(row.day, row.name): row.value for row in rows}


def _stats(
    tx: Transaction,
    program: Program,
    found: Figures,
    counts: dict[tuple[str, str], int],
    *,
    cards: int,
    tz: str,
    now: int,
) -> StatsOut:
    rules: Any = program.document.rules
    told = rules if isinstance(rules, dict) else {}
    days = _days(found, counts)
    earned, burned = _sums(found, "earn"), _sums(found, "burn", sign=-1)
    units = sorted({*earned, *burned, *(unit.id for unit in program.document.units)})
    return StatsOut(
        from_day=found.days.days[0],
        to=found.days.days[-1],
        time_zone=tz,
        cards=cards,
        installs=Installs(apple=found.installs["apple"], google=found.installs["google"]),
        active=found.active_cards,
        landing_views=sum(day.landing_views for day in days),
        adds=sum(found.adds),
        removals=sum(found.removals),
        redemptions=sum(found.burns),
        vouchers_used=found.vouchers_used,
        earned=earned,
        burned=burned,
        expired=_sums(found, "expire", sign=-1),
        adjusted=_sums(found, "adjust"),
        reversed=_sums(found, "reverse"),
        opened=_sums(found, OPENING),
        redemption={unit: _share(burned.get(unit, 0), earned.get(unit, 0)) for unit in units}
        if program.authority == HOSTED
        else {},
        outstanding=_plain(found.owed),
        liability_minor=_liability(tx, program, found, now),
        currency=told.get("currency") or _CURRENCY,
        retention_rate=retention_rate(found.loyal, found.buyers_before),
        frequency=_frequency(found),
        retention=_cohorts(found),
        pushes=Pushes(
            delivered=sum(day.pushes_delivered for day in days),
            failed=sum(day.pushes_failed for day in days),
        ),
        days=days,
        computed_at=rfc3339(now),
    )


def _frequency(found: Figures) -> Frequency:
    """Say how often a card that was used was used, two decimals, and what to aim at."""
    if found.buyers == 0:
        return Frequency(average=None, target=None)
    hundredths = rdiv(found.visits * 100, found.buyers, "half_up")
    average = f"{hundredths // 100}.{hundredths % 100:02d}"
    return Frequency(average=average, target=frequency_target(average, UPLIFT_PCT))


def _days(found: Figures, counts: dict[tuple[str, str], int]) -> list[DayOut]:
    return [
        DayOut(
            day=day,
            landing_views=counts.get((day, "landing_views"), 0),
            adds=found.adds[place],
            active=found.active[place],
            earned=_plain(found.of_day[place]["earn"]),
            burned=_plain(found.of_day[place]["burn"], sign=-1),
            expired=_plain(found.of_day[place]["expire"], sign=-1),
            redemptions=found.burns[place],
            removals=found.removals[place],
            pushes_delivered=counts.get((day, "pushes_delivered"), 0),
            pushes_failed=counts.get((day, "pushes_failed"), 0),
        )
        for place, day in enumerate(found.days.days)
    ]


def _cohorts(found: Figures) -> list[Cohort]:
    """List the last months in which a card came into a wallet, the oldest first."""
    cohorts = found.cohorts
    shown = []
    for month in sorted(cohorts.cards)[-COHORTS_MAX:]:
        counts = {
            days: Kept(kept=cohorts.kept[month, days], of=cohorts.of[month, days])
            for days in RETENTION_DAYS
        }
        rates = {days: retention_rate(each.kept, each.of) for days, each in counts.items()}
        shown.append(
            Cohort(
                cohort=month,
                cards=cohorts.cards[month],
                day7=rates[7],
                day30=rates[30],
                day90=rates[90],
                counts={f"day{days}": each for days, each in counts.items()},
            )
        )
    return shown


def _liability(tx: Transaction, program: Program, found: Figures, now: int) -> int | None:
    """Say what units and vouchers cost by the rules in force; None where nobody here knows."""
    if program.authority != HOSTED:
        return None
    rules = programs.rules_of(tx, program.program_id).at(now).program
    ranks = {unit.id for unit in rules.units if unit.kind == "status"}  # buys nothing
    units = {unit: count for unit, count in found.owed.items() if unit not in ranks}
    return liability_minor(rules, units) + found.voucher_minor


def _share(burned: int, earned: int) -> str | None:
    """Write which share of what was earned was spent: `0.41`, half up; None: nothing earned."""
    if earned <= 0:
        return None
    hundredths = rdiv(burned * 100, earned, "half_up")
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _sums(found: Figures, kind: str, *, sign: int = 1) -> Units:
    return _plain(found.by_kind[kind], sign=sign)


def _plain(counter: Counter[str], *, sign: int = 1) -> Units:
    return {unit: sign * counter[unit] for unit in sorted(counter)}
