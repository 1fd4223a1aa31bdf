"""Draws a poster: as a PDF for the printer, as SVG for the page; both from the same layout."""

from __future__ import annotations

from datetime import datetime
from html import escape

from app.web.poster import Poster
from app.web.poster_letters import FAMILY, POINTS_PER_MM, new_paper
from passes.templates.colors import rgb_bytes

_FONTS = "Helvetica, Arial, sans-serif"


def as_pdf(poster: Poster, *, at: datetime) -> bytes:
    """Write a PDF of one page: vectors and letters only. `at`: the date that it carries."""
    paper = new_paper((poster.width, poster.height))
    paper.set_title(poster.title)
    paper.set_lang(poster.language)
    paper.set_creator("Portecarte")
    paper.set_creation_date(at)
    paper.add_page()
    for box in poster.boxes:
        paper.set_fill_color(*rgb_bytes(box.color))
        paper.rect(box.x, box.y, box.width, box.height, style="F")
    for line in poster.lines:
        paper.set_font(FAMILY, "B" if line.is_bold else "", line.size * POINTS_PER_MM)
        paper.set_text_color(*rgb_bytes(line.color))
        paper.text(line.x - paper.get_string_width(line.text) / 2, line.y, line.text)
    return bytes(paper.output())


def as_svg(poster: Poster) -> str:
    """Write an SVG of the same page."""
    boxes = "".join(
        f'<rect x="{_mm(box.x)}" y="{_mm(box.y)}" width="{_mm(box.width)}"'
        f' height="{_mm(box.height)}" fill="{box.color}"/>'
        for box in poster.boxes
    )
    lines = "".join(
        f'<text x="{_mm(line.x)}" y="{_mm(line.y)}" font-size="{_mm(line.size)}"'
        f' fill="{line.color}"{_BOLD if line.is_bold else ""}>{escape(line.text)}</text>'
        for line in poster.lines
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_mm(poster.width)}'
        f' {_mm(poster.height)}" width="{_mm(poster.width)}mm" height="{_mm(poster.height)}mm"'
        f' font-family="{_FONTS}" text-anchor="middle" shape-rendering="crispEdges">'
        f"{boxes}{lines}</svg>"
    )


_BOLD = ' font-weight="700"'


def _mm(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
