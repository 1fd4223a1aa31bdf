"""A program's figures in the words of a page: tiles, charts, and the rows of their tables."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from app.http.fields import parse_day
from app.partners.figure_schemas import StatsOut
from app.programs.service import Program
from app.web.charts import Series, bar_chart, funnel_chart, line_chart
from app.web.desk_members import units_of
from app.web.texts import Catalogue


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A figure, what it is of, and a remark."""

    value: str
    label: str
    remark: str | None = None


class UnitLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one unit in the period."""

    name: str
    earned: str
    burned: str
    expired: str
    outstanding: str
    redemption: str


class FiguresView(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page shows; charts are SVG made by us, their texts escaped."""

    period: str
    tiles: list[Tile]
    steps: list[tuple[str, str]]
    funnel: Markup
    days: Markup
    pushes: Markup
    day_names: list[str]
    units: list[UnitLine]


def figures_view(stats: StatsOut, program: Program, words: Catalogue) -> FiguresView:
    """Put a program's figures into words and pictures."""
    t = words.text
    steps = [
        (t("figures.views"), stats.landing_views),
        (t("figures.adds"), stats.adds),
        (t("figures.actives"), stats.active),
        (t("figures.delivered"), stats.pushes.delivered),
        (t("figures.failed"), stats.pushes.failed),
        (t("figures.redemptions"), stats.redemptions),
        (t("figures.removals"), stats.removals),
    ]
    names = [_day(day.day, words) for day in stats.days]
    short = [day.day[8:10] + "/" + day.day[5:7] for day in stats.days]
    zone = stats.time_zone
    begin, end = _day(stats.from_day, words), _day(stats.to, words)
    return FiguresView(
        period=t("figures.period", begin=begin, end=end, zone=zone),
        tiles=_tiles(stats, words),
        steps=[(name, words.number(value)) for name, value in steps],
        funnel=Markup(funnel_chart(t("figures.funnel"), steps, desc=t("figures.funnel.desc"))),  # noqa: S704  # ours, escaped there
        days=_lines(stats, short, words),
        pushes=_pushes(stats, short, words),
        day_names=names,
        units=_units(stats, program, words),
    )


def _tiles(stats: StatsOut, words: Catalogue) -> list[Tile]:
    t, none = words.text, words.text("figures.unknown")
    owed = none
    if stats.liability_minor is not None:
        owed = words.amount(stats.liability_minor, stats.currency)
    target = stats.frequency.target
    return [
        Tile(value=words.number(stats.cards), label=t("figures.cards")),
        Tile(value=words.number(stats.installs.apple), label=t("figures.apple")),
        Tile(value=words.number(stats.installs.google), label=t("figures.google")),
        Tile(value=words.number(stats.active), label=t("figures.active")),
        Tile(value=owed, label=t("figures.liability")),
        Tile(value=_percent(stats.retention_rate, words), label=t("figures.retention_rate")),
        Tile(
            value=_decimal(stats.frequency.average, words),
            label=t("figures.frequency"),
            remark=None if target is None else t("figures.target", target=_decimal(target, words)),
        ),
    ]


def _lines(stats: StatsOut, labels: list[str], words: Catalogue) -> Markup:
    t = words.text
    series = [
        Series(t("figures.views"), tuple(day.landing_views for day in stats.days)),
        Series(t("figures.adds"), tuple(day.adds for day in stats.days)),
        Series(t("figures.actives"), tuple(day.active for day in stats.days)),
    ]
    return Markup(line_chart(t("figures.days"), labels, series, desc=t("figures.days.desc")))  # noqa: S704  # ours, escaped there


def _pushes(stats: StatsOut, labels: list[str], words: Catalogue) -> Markup:
    t = words.text
    series = [
        Series(t("figures.delivered"), tuple(day.pushes_delivered for day in stats.days)),
        Series(t("figures.failed"), tuple(day.pushes_failed for day in stats.days)),
    ]
    return Markup(bar_chart(t("figures.pushes"), labels, series, desc=t("figures.pushes.desc")))  # noqa: S704  # ours, escaped there


def _units(stats: StatsOut, program: Program, words: Catalogue) -> list[UnitLine]:
    found = []
    for unit in units_of(program, words.language).values():

        def said(
            of: dict[str, int], unit_id: str = unit.id, money: str | None = unit.currency
        ) -> str:
            return words.amount(of.get(unit_id, 0), money)

        found.append(
            UnitLine(
                name=unit.name,
                earned=said(stats.earned),
                burned=said(stats.burned),
                expired=said(stats.expired),
                outstanding=said(stats.outstanding),
                redemption=_share(stats.redemption.get(unit.id), words),
            )
        )
    return found


def _share(text: str | None, words: Catalogue) -> str:
    """Write `0.41` as 41 %."""
    if text is None:
        return words.text("figures.unknown")
    whole, _, hundredths = text.partition(".")
    return _percent(str(int(whole) * 100 + int(hundredths)), words)


def _percent(text: str | None, words: Catalogue) -> str:
    if text is None:
        return words.text("figures.unknown")
    gap = "\u00a0" if words.language == "fr" else ""
    return f"{_decimal(text, words)}{gap}%"


def _decimal(text: str | None, words: Catalogue) -> str:
    if text is None:
        return words.text("figures.unknown")
    return text.replace(".", ",") if words.language == "fr" else text


def _day(text: str, words: Catalogue) -> str:
    return words.day(parse_day(text) or 0)
