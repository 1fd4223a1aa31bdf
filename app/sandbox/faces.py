"""What a simulated phone has on its screen: cards with two sides, notifications, codes as drawn."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
from markupsafe import Markup

from passes.barcode import Undrawable, draw_svg

Shape = Literal["wide", "square"]
_SQUARE = {"QR_CODE", "AZTEC", "DATA_MATRIX", "MAXICODE"}
_OURS = {"ITF_14": "ITF"}  # Google's name of a format where it is not ours
_DARK, _LIGHT = "#1d1c1a", "#ffffff"
_LIGHT_LUMINANCE = 0.4  # above it dark letters are easier to read
_NAME_DIGITS = 32


class Fact(msgspec.Struct, frozen=True):
    """A label and what stands beside it; `link`: where a touch leads, None for plain text."""

    label: str
    value: str
    link: str | None = None


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A barcode: `drawing` None where this value cannot be drawn, then only `text` is seen."""

    drawing: Markup | None
    text: str
    shape: Shape
    name: str


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """A card as a phone draws it. `key` is the same for one card on all phones.

    Colours are `#rrggbb`; `logo` and `strip` are addresses of ours, "" where there is none; `state`
    is "" while the card is in force.
    """

    key: str
    name: str
    background: str
    ink: str
    label_ink: str
    logo: str = ""
    strip: str = ""
    state: str = ""
    head: list[Fact]
    primary: list[Fact]
    rows: list[list[Fact]]
    code: Code | None
    back: list[Fact]


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What the lock screen says, and of which card."""

    name: str
    text: str
    key: str


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A phone: whose it is, what it runs, its cards and its newest notifications first."""

    id: str
    name: str
    system: str
    is_apple: bool
    language: str
    cards: list[Face]
    notices: list[Notification]
    noticed: int  # how many there have been


class Drawing(msgspec.Struct, frozen=True):
    """A picture taken out of a pass, and the name under which the page finds it."""

    name: str
    png: bytes


def code_of(barcode_format: str, value: str, text: str) -> Code:
    """Draw a code as the phone does."""
    barcode_format = _OURS.get(barcode_format, barcode_format)
    try:
        # Written by our own drawer, which puts nothing of the value into the text.
        drawn = Markup(draw_svg(barcode_format, value))  # noqa: S704
    except Undrawable:
        drawn = None
    shape: Shape = "square" if barcode_format in _SQUARE else "wide"
    return Code(drawing=drawn, text=text, shape=shape, name=barcode_format.replace("_", " "))


def drawing_of(png: bytes) -> Drawing:
    """Name a picture by what it holds, so that browsers may keep it."""
    return Drawing(hashlib.sha256(png).hexdigest()[:_NAME_DIGITS], png)


def ink_on(background: str) -> str:
    """Choose the letters that can be read on a colour."""
    red, green, blue = (int(background[at : at + 2], 16) / 255 for at in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return _DARK if luminance > _LIGHT_LUMINANCE else _LIGHT


def key_of(number: str) -> str:
    """Name a card by its number without saying it."""
    return hashlib.sha256(number.encode()).hexdigest()[:12]
