"""Draws a card's native symbology with its quiet zone; never repairs a number."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import zxingcpp
from PIL import Image

from passes.barcode.rules import flaw_of
from passes.barcode.symbologies import SYMBOLOGIES
from passes.barcode.symbols import create

SCALE_MAX = 10  # pixels per module
_KEPT_DRAWINGS = 1_024  # of at most some 25 kB each
_KEPT_VALUE_CHARACTERS_MAX = 80  # longer values make large drawings, and no card has them


class Undrawable(ValueError):
    """This value cannot be drawn in this format; ask `check` why. Never holds the value."""


def draw_svg(barcode_format: str, value: str, *, scale: int = 1) -> str:
    """Draw black on white, `scale` CSS pixels per module; nothing of the value is in the text.

    Raises `Undrawable` whenever `check` refuses, and for `none`.
    """
    _require_scale(scale)
    if len(value) <= _KEPT_VALUE_CHARACTERS_MAX:
        return _kept_svg(barcode_format, value, scale)
    return _svg(barcode_format, value, scale)


def draw_png(barcode_format: str, value: str, *, scale: int) -> bytes:
    """Draw a PNG file, `scale` pixels per module. Raises `Undrawable` as `draw_svg` does."""
    _require_scale(scale)
    drawn = _symbol(barcode_format, value).to_image(
        scale=scale, add_hrt=False, add_quiet_zones=True
    )
    file = BytesIO()
    Image.fromarray(drawn).save(file, "PNG", compress_level=1)
    return file.getvalue()


@lru_cache(maxsize=_KEPT_DRAWINGS)
def _kept_svg(barcode_format: str, value: str, scale: int) -> str:
    return _svg(barcode_format, value, scale)


def _svg(barcode_format: str, value: str, scale: int) -> str:
    drawn = _symbol(barcode_format, value).to_svg(scale=1, add_hrt=False, add_quiet_zones=True)
    # Of the library's file only the shapes are kept: `<g …>` shapes `</g>`.
    head, _, rest = drawn.partition(' <g id="barcode" fill="#000000">\n')
    shapes, _, _ = rest.partition(" </g>")
    width, height = _size(head)
    # Smoothed edges blur narrow bars; the hexagons of a MaxiCode need them.
    edges = "geometricPrecision" if barcode_format == "MAXICODE" else "crispEdges"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * scale}"'
        f' height="{height * scale}" viewBox="0 0 {width} {height}"'
        f' shape-rendering="{edges}">\n{shapes}</svg>\n'
    )


def _size(head: str) -> tuple[int, int]:
    _, _, width_on = head.partition('width="')
    width, _, height_on = width_on.partition('" height="')
    height, _, _ = height_on.partition('"')
    return int(width), int(height)


def _symbol(barcode_format: str, value: str) -> zxingcpp.Barcode:
    symbology = SYMBOLOGIES.get(barcode_format)
    if symbology is None or symbology.zxing is None or flaw_of(barcode_format, value):
        raise Undrawable(f"{barcode_format}: this value cannot be drawn")
    try:
        return create(barcode_format, value)
    except ValueError:
        # The library's message may quote the number.
        raise Undrawable(f"{barcode_format}: this value cannot be drawn") from None


def _require_scale(scale: int) -> None:
    if not 1 <= scale <= SCALE_MAX:
        raise Undrawable(f"scale is 1 to {SCALE_MAX}")
