"""Charts: SVG that our rules for pages allow, that readers can read, right to the figure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.charts import Series, bar_chart, funnel_chart, legend, line_chart

VALUES = st.lists(st.integers(-(10**9), 10**9), min_size=0, max_size=40)
EVIL = '<script>alert("x")</script>&'


def drawn(svg: str) -> ElementTree.Element:
    """Parse a chart as a browser would, and refuse what our Content-Security-Policy forbids."""
    assert "style=" not in svg
    assert "<script" not in svg
    assert not re.search(r"\son\w+=", svg)
    return ElementTree.fromstring(svg)


@given(VALUES, VALUES)
def test_any_figures_make_a_chart_within_its_box(first: list[int], second: list[int]) -> None:
    count = min(len(first), len(second))
    series = [Series("a", tuple(first[:count])), Series("b", tuple(second[:count]))]
    labels = [str(number) for number in range(count)]
    for chart in (line_chart, bar_chart):
        root = drawn(chart("Points", labels, series, desc="By day"))
        _, _, width, height = (int(part) for part in root.attrib["viewBox"].split())
        for each in root.iter():
            for name in ("x", "cx", "x1", "x2"):
                assert 0 <= float(each.attrib.get(name, 0)) <= width
            for name in ("y", "cy", "y1", "y2"):
                assert 0 <= float(each.attrib.get(name, 0)) <= height
            for name in ("width", "height"):
                assert float(each.attrib.get(name, 0)) >= 0


def test_a_chart_has_words_for_who_does_not_see_it_and_ids_of_its_own() -> None:
    series = [Series("Earned", (1, 2))]
    one = drawn(line_chart("Points", ["1", "2"], series, desc="Earned by day"))
    two = drawn(line_chart("Points", ["1", "2"], series, desc="Spent by day"))
    assert one.attrib["role"] == "img"
    named = one.attrib["aria-labelledby"].split()
    assert [one[0].attrib["id"], one[1].attrib["id"]] == named
    assert (one[0].text, one[1].text) == ("Points", "Earned by day")
    assert named[1] not in two.attrib["aria-labelledby"]


def test_a_bar_is_as_tall_as_its_figure_and_hangs_when_it_is_negative() -> None:
    root = drawn(bar_chart("x", ["a", "b", "c"], [Series("s", (10, 5, -10))], desc="x"))
    tall, half, hung = (
        (float(bar.attrib["y"]), float(bar.attrib["height"])) for bar in root if "bar" in
        bar.attrib.get("class", "")
    )  # fmt: skip
    assert tall[1] == pytest.approx(2 * half[1], abs=0.2)
    assert hung[0] == pytest.approx(tall[0] + tall[1], abs=0.2)
    assert hung[1] == pytest.approx(tall[1], abs=0.2)


def test_a_funnel_names_each_step_and_its_figure() -> None:
    root = drawn(funnel_chart("Funnel", [("Views", 200), ("Adds", 50)], desc="x"))
    widths = [float(each.attrib["width"]) for each in root if each.tag.endswith("rect")]
    assert widths[0] == pytest.approx(4 * widths[1], abs=0.5)
    texts = [each.text for each in root if each.tag.endswith("text")]
    assert texts == ["Views", "200", "Adds", "50"]
    assert drawn(funnel_chart("Funnel", [], desc="x")) is not None


def test_what_others_wrote_is_text() -> None:
    series = [Series(EVIL, (1,))]
    for svg in (
        line_chart(EVIL, [EVIL], series, desc=EVIL),
        bar_chart(EVIL, [EVIL], series, desc=EVIL),
        funnel_chart(EVIL, [(EVIL, 1)], desc=EVIL),
    ):
        assert drawn(svg)[0].text == EVIL
    assert "<script" not in legend(series)


def test_too_much_for_a_chart_is_refused() -> None:
    with pytest.raises(ValueError, match="one value"):
        line_chart("x", ["a", "b"], [Series("s", (1,))], desc="x")
    with pytest.raises(ValueError, match="fewer"):
        bar_chart("x", ["a"] * 500, [Series("s", (1,) * 500)], desc="x")


def test_the_axis_is_written_in_few_letters() -> None:
    svg = line_chart("x", ["a"], [Series("s", (12_000,))], desc="x")
    assert ">10k<" in svg
    assert ">15k<" in svg or ">12k<" in svg or ">20k<" in svg
