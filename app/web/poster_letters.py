"""The letters of a poster: which there are, and how wide a text is in them."""

from __future__ import annotations

from functools import lru_cache

from fpdf import FPDF

FAMILY, ENCODING = "helvetica", "cp1252"  # in every reader of PDF: no font is brought along
POINTS_PER_MM = 72 / 25.4
_KEPT = 512


def printable(text: str) -> str:
    """Return what these letters can write of a text: Western European ones.

    A name in other letters is left to the page that the code leads to.
    """
    kept = "".join(sign for sign in text if sign.encode(ENCODING, "ignore"))
    return " ".join(kept.split())


@lru_cache(_KEPT)
def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return a text's width in millimetres, `size` of its letters in millimetres too."""
    paper = new_paper((210.0, 297.0))
    paper.set_font(FAMILY, "B" if is_bold else "", size * POINTS_PER_MM)
    return float(paper.get_string_width(printable(text)))


def new_paper(size: tuple[float, float]) -> FPDF:
    """Return an empty document of pages of that size, in millimetres."""
    paper = FPDF(unit="mm", format=size)
    paper.core_fonts_encoding = ENCODING
    paper.set_auto_page_break(False)
    paper.set_margin(0)
    return paper
