"""Charts as SVG made here: no script, no style attribute, colours by class, words for readers.

A page shows one by `{{ chart|safe }}` beside its table; all text in it is escaped. The svg's class
is `chart`, its parts' are `chart-line`, `chart-dot`, `chart-bar`, `chart-step` (each also
`series-1` to `series-6`), `chart-grid`, `chart-axis`, `chart-label`, `chart-value`:
coloured by charts.css.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape

import msgspec

WIDTH, HEIGHT = 640, 240  # units of the view box; a page scales it by its width
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 28  # around the drawing: figures at the left, days below
SERIES_MAX = 6
POINTS_MAX = 400  # a year of days
GRID_LINES = 4
LABELS_BELOW_MAX = 7
STEP_HEIGHT = 34
STEP_LABEL_WIDTH = 200
DOT_POINTS_MAX = 31  # beyond that dots would be one band
LETTERS_MAX = 28  # of a label; the rest stands in the table


class Series(msgspec.Struct, frozen=True):
    """A named row of whole numbers, one for each label below the chart."""

    name: str
    values: tuple[int, ...]


def line_chart(title: str, labels: Sequence[str], series: Sequence[Series], *, desc: str) -> str:
    """Draw a line for each series over the labels; `desc`: what it shows, in a sentence.

    Raises ValueError when a series has not one value for each label.
    """
    shown = _checked(labels, series)
    low, high = _bounds(shown)
    parts = [*_grid(low, high), *_labels_below(labels, is_centred=False)]
    for number, each in enumerate(shown, 1):
        points = [
            (_x(place, len(labels)), _y(value, low, high))
            for place, value in enumerate(each.values)
        ]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline class="chart-line series-{number}" fill="none" points="{path}"/>')
        if len(points) <= DOT_POINTS_MAX:
            parts += [
                f'<circle class="chart-dot series-{number}" cx="{x}" cy="{y}" r="3"/>'
                for x, y in points
            ]
    return _svg(title, desc, parts, height=HEIGHT)


def bar_chart(title: str, labels: Sequence[str], series: Sequence[Series], *, desc: str) -> str:
    """Draw bars side by side for each label; negative values hang below the line of 0.

    Raises ValueError when a series has not one value for each label.
    """
    shown = _checked(labels, series)
    low, high = _bounds(shown)
    parts = [*_grid(low, high), *_labels_below(labels, is_centred=True)]
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    width = _round(slot * 0.8 / max(1, len(shown)))
    zero = _y(0, low, high)
    for number, each in enumerate(shown, 1):
        for place, value in enumerate(each.values):
            x = _round(LEFT + slot * place + slot * 0.1 + width * (number - 1))
            y = _y(value, low, high)
            top, tall = min(y, zero), _round(abs(y - zero))
            parts.append(
                f'<rect class="chart-bar series-{number}" x="{x}" y="{top}"'
                f' width="{width}" height="{tall}"/>'
            )
    return _svg(title, desc, parts, height=HEIGHT)


def funnel_chart(title: str, steps: Sequence[tuple[str, int]], *, desc: str) -> str:
    """Draw steps one below the other, each as long as its number, which stands beside it."""
    most = max([1, *(value for _, value in steps)])
    room = WIDTH - STEP_LABEL_WIDTH - 90  # its figure stands behind the longest bar too
    parts = []
    for place, (name, value) in enumerate(steps):
        y = place * STEP_HEIGHT + 4
        middle = y + STEP_HEIGHT // 2 + 1
        width = _round(room * max(0, value) / most)
        parts.append(
            f'<text class="chart-label" x="{STEP_LABEL_WIDTH - 10}" y="{middle}"'
            f' text-anchor="end">{_text(name)}</text>'
            f'<rect class="chart-step series-1" x="{STEP_LABEL_WIDTH}" y="{y}" width="{width}"'
            f' height="{STEP_HEIGHT - 8}"/>'
            f'<text class="chart-value" x="{_round(STEP_LABEL_WIDTH + width + 8)}"'
            f' y="{middle}">{value}</text>'
        )
    return _svg(title, desc, parts, height=max(1, len(steps)) * STEP_HEIGHT)


def legend(series: Sequence[Series]) -> str:
    """Name the series of a chart beside their colours, as a list of HTML."""
    items = "".join(
        f'<li><span class="chart-key series-{number}" aria-hidden="true"></span>'
        f"{escape(each.name)}</li>"
        for number, each in enumerate(series[:SERIES_MAX], 1)
    )
    return f'<ul class="chart-legend">{items}</ul>'


def _checked(labels: Sequence[str], series: Sequence[Series]) -> list[Series]:
    if len(labels) > POINTS_MAX or len(series) > SERIES_MAX:
        raise ValueError("too much for one chart: show fewer days or series")
    for each in series:
        if len(each.values) != len(labels):
            raise ValueError(f"{each.name}: one value is needed for each label")
    return list(series)


def _bounds(series: Sequence[Series]) -> tuple[int, int]:
    """Choose from where to where the axis goes: 0 is always on it, and its steps are whole."""
    values = [0, *(value for each in series for value in each.values)]
    step = _step(max(values) - min(values))
    low = min(values) // step * step
    high = -(-max(values) // step) * step
    return low, max(high, low + step)


def _step(span: int) -> int:
    """Return a whole step of 1, 2 or 5 times a power of ten that makes some grid lines."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * GRID_LINES >= span:
                return digit * power
        power *= 10


def _grid(low: int, high: int) -> list[str]:
    step = _step(high - low)
    parts = []
    for value in range(low, high + 1, step):
        y = _y(value, low, high)
        kind = "chart-axis" if value == 0 else "chart-grid"
        parts.append(
            f'<line class="{kind}" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
            f'<text class="chart-label" x="{LEFT - 6}" y="{_round(y + 4)}"'
            f' text-anchor="end">{_short(value)}</text>'
        )
    return parts


def _labels_below(labels: Sequence[str], *, is_centred: bool) -> list[str]:
    """Write as many labels as there is room for, the first and about the last among them."""
    every = max(1, -(-len(labels) // LABELS_BELOW_MAX))
    parts = []
    for place in range(0, len(labels), every):
        if is_centred:
            slot = (WIDTH - LEFT - RIGHT) / len(labels)
            x = _round(LEFT + slot * (place + 0.5))
        else:
            x = _x(place, len(labels))
        parts.append(
            f'<text class="chart-label" x="{x}" y="{HEIGHT - 8}"'
            f' text-anchor="middle">{_text(labels[place])}</text>'
        )
    return parts


def _x(place: int, count: int) -> float:
    room = WIDTH - LEFT - RIGHT - 24  # half a label at either end
    return _round(LEFT + 12 + (room * place / (count - 1) if count > 1 else room / 2))


def _y(value: int, low: int, high: int) -> float:
    return _round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low))


def _round(value: float) -> float:
    """One decimal is a tenth of a pixel: charts stay small."""
    return round(value, 1)


def _short(value: int) -> str:
    """Write an axis's figure in few letters: 12k, 3M; the exact ones stand in the table."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size and value % (size // 10) == 0:
            whole, tenth = divmod(abs(value) * 10 // size, 10)
            sign = "-" if value < 0 else ""
            return f"{sign}{whole}{f'.{tenth}' if tenth else ''}{letter}"
    return str(value)


def _text(text: str) -> str:
    return escape(text if len(text) <= LETTERS_MAX else text[: LETTERS_MAX - 1] + "…")


def _svg(title: str, desc: str, parts: Sequence[str], *, height: int) -> str:
    """Wrap a drawing; its ids come from what it says, so that a page may hold several."""
    mark = hashlib.blake2b(f"{title}\n{desc}".encode(), digest_size=6).hexdigest()
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}"'
        f' aria-labelledby="t{mark} d{mark}">'
        f'<title id="t{mark}">{escape(title)}</title><desc id="d{mark}">{escape(desc)}</desc>'
        f"{''.join(parts)}</svg>"
    )
