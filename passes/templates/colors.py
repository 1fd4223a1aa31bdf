"""Colours of a shop that chose none: always the same for a name, always readable."""

from __future__ import annotations

import hashlib
from colorsys import hls_to_rgb

WHITE, INK = "#ffffff", "#111111"
CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3, of ordinary text
_LIGHTNESS, _SATURATION = 0.36, 0.55
_DARKER = 0.9


def color_of(name: str) -> str:
    """Return the colour `#rrggbb` of a shop's name: a stable hash, dark enough for white text."""
    digest = hashlib.sha256(name.strip().casefold().encode("utf-8", "replace")).digest()
    hue, lightness = int.from_bytes(digest[:2], "big") / 0x10000, _LIGHTNESS
    while True:
        color = _hex(hls_to_rgb(hue, lightness, _SATURATION))
        if contrast(color, WHITE) >= CONTRAST_MIN:
            return color
        lightness *= _DARKER


def text_on(background: str) -> str:
    """Return white or near black, whichever reads better on that colour."""
    return max((WHITE, INK), key=lambda color: contrast(color, background))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def rgb_bytes(color: str) -> tuple[int, int, int]:
    """Return red, green and blue of `#rrggbb`. Raises ValueError for anything else."""
    if len(color) != 7 or color[0] != "#":
        raise ValueError("a colour is written #rrggbb")
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (_linear(value / 255) for value in rgb_bytes(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _hex(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(value * 255):02x}" for value in color)
