"""Colours as pass.json writes them."""

from __future__ import annotations


def rgb(color: str) -> str:
    """Turn `#rrggbb` into `rgb(r, g, b)`."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
