"""Turns a merchant's picture into each size a pass wants (specs: apple.md §2, google.md §2)."""

from __future__ import annotations

import math
import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngImageFile

SCALES = (1, 2, 3)
ICON_POINTS, LOGO_POINTS, STRIP_POINTS = (38, 38), (160, 50), (375, 144)
GOOGLE_LOGO_SIDE, GOOGLE_HERO = 660, (1032, 336)  # pixels (specs: google.md §2)
PIXELS_MAX = 4_000_000  # more is refused before anything is decoded
# What a program uploads: name of the file on the pass, its points. Google's wide picture serves
# as strip where the program has none of its own.
_ROLES = {
    "icon": ("icon", ICON_POINTS),
    "logo": ("logo", LOGO_POINTS),
    "strip": ("strip", STRIP_POINTS),
    "hero": ("strip", STRIP_POINTS),
}
ROLES = tuple(_ROLES)

# Google shows the circle inside the square: a logo's corners must lie in it, with a margin.
_CIRCLE_SHARE = 0.86  # of the square's side
_WHITE = "#ffffff"

_Size = tuple[int, int]
# What Pillow raises while it reads a file that is cut or changed.
_BROKEN = (SyntaxError, OSError, EOFError, IndexError, struct.error, zlib.error)


def fit(role: str, image: bytes) -> dict[str, bytes]:
    """Return a PNG picture at @1x to @3x by file name: logo whole, strip cut, icon on white.

    A logo keeps its shape inside 160 by 50 points, a strip or hero fills 375 by 144, an icon is
    laid whole on a square. Some ten milliseconds: keep what it returns. Raises ValueError when
    the bytes are no PNG, or hold more than four megapixels.
    """
    name, points = _ROLES[role]
    picture = _decoded(image)
    return {file_name(name, scale): png(_fitted(name, picture, points, scale)) for scale in SCALES}


def google_logo_of(image: bytes, background: str | None) -> bytes:
    """Lay a program's logo on a square of its colour, so that Google's circle cuts none of it.

    A logo that brings a paper of its own, one opaque colour in all four corners, keeps that one.
    Some ten milliseconds. Raises ValueError as `fit` does.
    """
    picture = _decoded(image)
    box = picture.getchannel("A").getbbox()  # what is transparent all around needs no room
    picture = picture.crop(box) if box else picture
    side = GOOGLE_LOGO_SIDE
    factor = side * _CIRCLE_SHARE / math.hypot(*picture.size)
    size = tuple(max(1, round(length * factor)) for length in picture.size)
    fitted = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    paper = Image.new("RGBA", (side, side), _paper_of(picture) or background or _WHITE)
    paper.alpha_composite(fitted, ((side - size[0]) // 2, (side - size[1]) // 2))
    return png(paper.convert("RGB"))


def google_hero_of(image: bytes) -> bytes:
    """Cut a hero or strip to Google's wide picture. Raises ValueError as `fit` does."""
    return png(ImageOps.fit(_on_white(_decoded(image)), GOOGLE_HERO, Image.Resampling.LANCZOS))


def file_name(name: str, scale: int) -> str:
    """Return `icon.png`, `icon@2x.png`, …"""
    return f"{name}.png" if scale == 1 else f"{name}@{scale}x.png"


def png(picture: Image.Image) -> bytes:
    """Write a PNG file as small as may be, without anything but pixels."""
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _fitted(name: str, picture: Image.Image, points: _Size, scale: int) -> Image.Image:
    box = (points[0] * scale, points[1] * scale)
    match name:
        case "logo":
            # The same points at each scale, else a small file would shrink on a fine screen.
            return picture.resize(_inside(picture.size, points, scale), Image.Resampling.LANCZOS)
        case "strip":
            return ImageOps.fit(_on_white(picture), box, Image.Resampling.LANCZOS)
        case _:
            return ImageOps.pad(_on_white(picture), box, Image.Resampling.LANCZOS, _WHITE)


def _inside(size: _Size, points: _Size, scale: int) -> _Size:
    factor = min(points[0] / size[0], points[1] / size[1])
    width, height = (max(1, round(side * factor)) for side in size)
    return min(width, points[0]) * scale, min(height, points[1]) * scale


def _paper_of(picture: Image.Image) -> tuple[int, ...] | None:
    """Return the opaque colour that all four corners share, None where there is none."""
    right, bottom = picture.width - 1, picture.height - 1
    corners = {
        picture.getpixel(place) for place in ((0, 0), (right, 0), (0, bottom), (right, bottom))
    }
    found = corners.pop() if len(corners) == 1 else None
    return found if isinstance(found, tuple) and found[-1] == 255 else None


def _on_white(picture: Image.Image) -> Image.Image:
    """A transparent icon or strip is black on some screens."""
    paper = Image.new("RGBA", picture.size, _WHITE)
    return Image.alpha_composite(paper, picture).convert("RGB")


def _decoded(image: bytes) -> Image.Image:
    try:
        # The class itself and not Pillow's search for a format: nothing but PNG is decoded.
        picture = PngImageFile(BytesIO(image))
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError(f"at most {PIXELS_MAX} pixels")
        return picture.convert("RGBA")
    except _BROKEN:
        raise ValueError("is no PNG picture") from None
