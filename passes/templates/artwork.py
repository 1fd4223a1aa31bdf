"""Draws a shop's icon and logo from its initials and colours, in each size a pass wants."""

from __future__ import annotations

import unicodedata

from PIL import Image, ImageDraw, ImageFont

from passes.templates.colors import color_of, rgb_bytes, text_on
from passes.templates.fitting import (
    GOOGLE_LOGO_SIDE,
    ICON_POINTS,
    LOGO_POINTS,
    SCALES,
    file_name,
    fit,
    png,
)

__all__ = ["artwork", "fit", "google_logo", "initials"]

_SMOOTH = 4  # drawn so many times larger, then reduced: edges without steps
_SMOOTH_LARGE = 2  # of a large picture, whose steps are small
_INITIALS_MAX = 2
_LETTER_SIZE = {0: 0.0, 1: 0.62, 2: 0.46}  # of the picture's side, by number of letters
_ROUNDING = 0.22  # of the side
_CARD = (0.2, 0.32, 0.8, 0.68)  # of the side: left, top, right, bottom
_STRIPE = (0.2, 0.4, 0.8, 0.47)

_Color = tuple[int, int, int]


def artwork(name: str, background: str | None, foreground: str | None) -> dict[str, bytes]:
    """Return icon and logo at @1x to @3x by file name; colours `#rrggbb`, None is chosen by us.

    The icon is initials on the shop's colour. On a pass of that colour the same logo would be
    lost, so there the colours change places. Some milliseconds: keep what it returns.
    """
    paper = background or color_of(name)
    ink = foreground or text_on(paper)
    letters = initials(name)
    pictures = {}
    for scale in SCALES:
        icon = _badge(letters, paper, ink, side=ICON_POINTS[0] * scale)
        pictures[file_name("icon", scale)] = icon
        on_pass = (ink, paper) if background else (paper, ink)
        logo = _badge(letters, *on_pass, side=LOGO_POINTS[1] * scale, is_rounded=True)
        pictures[file_name("logo", scale)] = logo
    return pictures


def google_logo(name: str, background: str | None, foreground: str | None) -> bytes:
    """Return a square PNG for Google, which shows the circle inside it; colours `#rrggbb` or None.

    As on Apple's passes the colours change places on a card of the program's own colour.
    """
    paper = background or color_of(name)
    ink = foreground or text_on(paper)
    on_card = (ink, paper) if background else (paper, ink)
    return _badge(initials(name), *on_card, side=GOOGLE_LOGO_SIDE, smooth=_SMOOTH_LARGE)


def initials(name: str) -> str:
    """Return one or two capitals for a name; empty when it has no Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = "".join(sign if sign.isalnum() else " " for sign in plain.replace("'", "")).split()
    return "".join(word[0] for word in words[:_INITIALS_MAX]).upper()


def _badge(
    letters: str,
    paper: str,
    ink: str,
    *,
    side: int,
    is_rounded: bool = False,
    smooth: int = _SMOOTH,
) -> bytes:
    large = side * smooth
    picture = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    radius = large * _ROUNDING if is_rounded else 0
    draw.rounded_rectangle((0, 0, large - 1, large - 1), radius, fill=rgb_bytes(paper))
    if letters:
        # The font comes with Pillow: ASCII letters, which is what initials are.
        font = ImageFont.load_default(large * _LETTER_SIZE[len(letters)])
        draw.text((large / 2, large / 2), letters, rgb_bytes(ink), font, anchor="mm")
    else:
        _draw_card(draw, large, (rgb_bytes(ink), rgb_bytes(paper)))
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    return png(small if is_rounded else small.convert("RGB"))


def _draw_card(draw: ImageDraw.ImageDraw, side: int, colors: tuple[_Color, _Color]) -> None:
    """Draw a card with a stripe, for a name in letters the font does not have."""
    ink, paper = colors
    draw.rounded_rectangle([side * part for part in _CARD], side * 0.05, fill=ink)
    draw.rectangle([side * part for part in _STRIPE], fill=paper)
