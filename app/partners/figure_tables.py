"""Figures as CSV: what a spreadsheet opens, and never runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from app.partners.figure_schemas import StatsOut

PARTS = ("days", "retention", "units", "totals")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | None


def table(stats: StatsOut, part: str) -> str:
    """Write one part of the figures; `part` is one of PARTS."""
    rows = {"days": _days, "retention": _retention, "units": _units, "totals": _totals}[part]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(
        [[_cell(cell) for cell in row] for row in rows(stats)]
    )
    return out.getvalue()


def _cell(cell: Cell) -> str | int:
    """Keep a text that looks like a formula from being one; our own numbers are numbers."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_RISKY):
        return "'" + cell
    return cell


def _days(stats: StatsOut) -> Iterable[Sequence[Cell]]:
    units = sorted({unit for day in stats.days for unit in (*day.earned, *day.burned)})
    yield [
        *("day", "landing_views", "adds", "active", "redemptions", "removals"),
        *("pushes_delivered", "pushes_failed"),
        *(f"{unit}:{kind}" for unit in units for kind in ("earned", "burned")),
    ]
    for day in stats.days:
        yield [
            *(day.day, day.landing_views, day.adds, day.active, day.redemptions, day.removals),
            *(day.pushes_delivered, day.pushes_failed),
            *(kind.get(unit, 0) for unit in units for kind in (day.earned, day.burned)),
        ]


def _retention(stats: StatsOut) -> Iterable[Sequence[Cell]]:
    yield ["cohort", "cards", "day7", "day30", "day90"]
    for each in stats.retention:
        yield [each.cohort, each.cards, each.day7, each.day30, each.day90]


def _units(stats: StatsOut) -> Iterable[Sequence[Cell]]:
    kinds = {
        "opened": stats.opened,
        "earned": stats.earned,
        "burned": stats.burned,
        "expired": stats.expired,
        "adjusted": stats.adjusted,
        "reversed": stats.reversed,
        "outstanding": stats.outstanding,
    }
    yield ["unit", *kinds, "redemption"]
    known = {unit for kind in kinds.values() for unit in kind} | set(stats.redemption)
    for unit in sorted(known):
        yield [unit, *(kind.get(unit, 0) for kind in kinds.values()), stats.redemption.get(unit)]


def _totals(stats: StatsOut) -> Iterable[Sequence[Cell]]:
    yield ["figure", "value"]
    yield from (
        ("from", stats.from_day),
        ("to", stats.to),
        ("time_zone", stats.time_zone),
        ("cards", stats.cards),
        ("installs_apple", stats.installs.apple),
        ("installs_google", stats.installs.google),
        ("active", stats.active),
        ("landing_views", stats.landing_views),
        ("adds", stats.adds),
        ("removals", stats.removals),
        ("redemptions", stats.redemptions),
        ("vouchers_used", stats.vouchers_used),
        ("pushes_delivered", stats.pushes.delivered),
        ("pushes_failed", stats.pushes.failed),
        ("liability_minor", stats.liability_minor),
        ("currency", stats.currency),
        ("retention_rate", stats.retention_rate),
        ("frequency_average", stats.frequency.average),
        ("frequency_target", stats.frequency.target),
    )
