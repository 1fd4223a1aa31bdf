"""The poster by which customers join: what stands where, in millimetres, for paper and screen."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import zxingcpp

from app.programs.content import program_content
from app.programs.service import Program
from app.web.poster_letters import printable, width_of
from app.web.texts import catalogue
from passes.content import in_language
from passes.templates.colors import color_of, text_on

Size = Literal["a4", "a6"]
SIZES: dict[Size, tuple[float, float]] = {"a4": (210.0, 297.0), "a6": (105.0, 148.0)}
# Level Q: a quarter of a printed code may be worn off, or hidden by a fold, and it is still read.
_LEVEL = "Q"
QUIET_MODULES = 4  # ISO/IEC 18004
_MODULE_MIN_MM = 0.5  # what a phone reads from an arm's length, and every printer prints
_BAND_SHARE = 0.36  # of the height, in the program's colour
_WHITE, _INK, _MUTED = "#ffffff", "#1d1c1a", "#57534c"
_LINES_MAX = 3
_DARK_BELOW = 128
_LINE_HEIGHT = 1.2
_SHORT = 50  # characters of a lead in large letters
_NAME_SIZES, _NAME_HEIGHT = (17, 11.5, 8), 29.0  # millimetres on an A4


class Box(msgspec.Struct, frozen=True):
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    color: str


class Line(msgspec.Struct, frozen=True):
    """A line of text, centred at `x`; `y` is its base line, `size` the letters' height."""

    text: str
    x: float
    y: float
    size: float
    color: str
    is_bold: bool = False


class Poster(msgspec.Struct, frozen=True, kw_only=True):
    """A page: boxes lie below lines. Its title and language are told to who cannot see it."""

    title: str
    language: str
    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]


def poster_of(program: Program, *, size: Size, language: str, url: str) -> Poster:
    """Lay out a program's poster. `url`: the page that the code leads to.

    What no print letter of ours can write is left out: see `poster_letters.printable`.
    """
    width, height = SIZES[size]
    shown, words = program_content(program), catalogue(language)
    color, scale = shown.background_color or color_of(shown.name), width / 210
    name = printable(shown.name) or words.text("poster.loyalty_card")
    headline = ""
    if shown.headline:
        headline = in_language(shown.headline, language, default=shown.languages[0])
    said = printable(headline) or words.text("poster.lead")
    middle, ink = width / 2, text_on(color)
    code = _code(url, width=width, height=height)
    write = _Writer(middle, width * 0.86)
    write.down_to(height * 0.105)
    write(name, _name_size(name, width * 0.86, scale), ink, is_bold=True)
    write(said, (8 if len(said) <= _SHORT else 6) * scale, ink, gap=4 * scale)
    write.down_to(code[0].y + code[0].height + 12 * scale)
    write(words.text("poster.step.scan"), 8.5 * scale, _INK, is_bold=True)
    write(words.text("poster.step.add"), 7 * scale, _INK, gap=3 * scale)
    write(words.text("poster.free"), 5.5 * scale, _MUTED, gap=3 * scale)
    write.down_to(height - 8 * scale)
    write(url.partition("://")[2], 4.6 * scale, _MUTED)
    paper = [Box(0, 0, width, height, _WHITE), Box(0, 0, width, height * _BAND_SHARE, color)]
    return Poster(
        title=words.text("poster.title", name=name),
        language=language,
        width=width,
        height=height,
        boxes=paper + code,
        lines=write.lines,
    )


def modules_of(url: str) -> list[list[bool]]:
    """Return a QR code's rows, True is dark, without a quiet zone."""
    code = zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode, ec_level=_LEVEL)
    image: Any = code.to_image(scale=1, add_hrt=False, add_quiet_zones=False)
    drawn = memoryview(image)
    height, width = image.shape
    return [[drawn[y, x] < _DARK_BELOW for x in range(width)] for y in range(height)]


def _name_size(name: str, room: float, scale: float) -> float:
    """Choose the largest letters with which a name leaves room for the code below it."""
    for size in _NAME_SIZES:
        lines = _broken(name, size * scale, room, is_bold=True)
        if len(lines) * size * _LINE_HEIGHT <= _NAME_HEIGHT:
            break
    return size * scale


def _code(url: str, *, width: float, height: float) -> list[Box]:
    """Lay the code on a white card that is its quiet zone; runs of dark modules are one box."""
    rows = modules_of(url)
    count = len(rows) + 2 * QUIET_MODULES
    side = max(min(width * 0.62, height * 0.42), count * _MODULE_MIN_MM)
    module = side / count
    left, top = (width - side) / 2, height * 0.29
    boxes = [Box(left, top, side, side, _WHITE)]
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                boxes.append(
                    Box(
                        left + (x + QUIET_MODULES) * module,
                        top + (y + QUIET_MODULES) * module,
                        (end - x) * module,
                        module,
                        "#000000",
                    )
                )
            x = end + 1
    return boxes


class _Writer:
    """Writes centred lines downwards; a text too wide is broken, a word too wide made smaller."""

    def __init__(self, middle: float, room: float) -> None:
        self._middle, self._room, self._y = middle, room, 0.0
        self.lines: list[Line] = []

    def down_to(self, y: float) -> None:
        """Let the next line stand there."""
        self._y = y

    def __call__(
        self, text: str, size: float, color: str, *, is_bold: bool = False, gap: float = 0
    ) -> None:
        """Write a text below what was written, `gap` apart."""
        self._y += gap
        broken = _broken(text, size, self._room, is_bold=is_bold)
        widest = max((width_of(line, size, is_bold=is_bold) for line in broken), default=0)
        fitted = size if widest <= self._room else size * self._room / widest
        for line in broken:
            self.lines.append(Line(line, self._middle, self._y, fitted, color, is_bold))
            self._y += fitted * _LINE_HEIGHT


def _broken(text: str, size: float, room: float, *, is_bold: bool) -> list[str]:
    """Break a text between words; the third line takes all that is left."""
    found: list[str] = []
    words = text.split()
    while words and len(found) < _LINES_MAX - 1:
        line = words.pop(0)
        while words and width_of(f"{line} {words[0]}", size, is_bold=is_bold) <= room:
            line = f"{line} {words.pop(0)}"
        found.append(line)
    return [*found, " ".join(words)] if words else found
