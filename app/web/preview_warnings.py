"""What a merchant should know of a design before phones show it: colours, pictures, texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from app.pictures.merchant import png_size
from app.programs.content import program_content
from app.programs.service import Program
from app.sandbox.pkpass_reader import OpenedPass
from passes.barcode import apple_warning
from passes.content import ProgramContent
from passes.google.texts import NAME_MAX
from passes.templates.colors import CONTRAST_MIN, contrast, text_on

LOGO_TEXT_MAX, UNIT_MAX, TIER_MAX, HEADLINE_MAX = 18, 15, 16, 28  # characters that fit a phone
UNITS_BESIDE_MAX = 3  # in the header of a pass
# What a picture should measure at least, in pixels, so that a fine screen shows it sharp.
SHARP = {"logo": (320, 100), "strip": (750, 288), "icon": (114, 114), "hero": (1032, 336)}
SHAPES = {"strip": 375 / 144, "icon": 1.0, "hero": 1032 / 336}
_SHAPE_TOLERANCE = 0.06
_LONG = ("headline", "description", "terms", "how_to_leave")


class Warned(msgspec.Struct, frozen=True):
    """A warning by its stable code, the field it speaks of, and what its words name."""

    code: str
    path: str
    values: dict[str, Any] = {}


def warnings_of(
    program: Program, pictures: Mapping[str, bytes], opened: OpenedPass, google: Mapping[str, Any]
) -> Iterator[Warned]:
    """Judge a design that can be published. `pictures`: the merchant's own PNG by role."""
    shown = program_content(program)
    yield from _colors(shown)
    for role, png in pictures.items():
        yield from _picture(role, png)
    yield from _texts(shown)
    yield from _translations(program)
    yield from _codes(program, opened, google)


def _colors(shown: ProgramContent) -> Iterator[Warned]:
    paper = shown.background_color
    if paper is None:
        return
    ink = shown.foreground_color or text_on(paper)
    for name, color in (("foreground_color", ink), ("label_color", shown.label_color or ink)):
        found = contrast(color, paper)
        if found < CONTRAST_MIN:
            better = {"ratio": f"{found:.1f}", "best": text_on(paper)}
            yield Warned(f"contrast-{name.partition('_')[0]}", f"design.{name}", better)


def _picture(role: str, png: bytes) -> Iterator[Warned]:
    width, height = png_size(png)
    wide, high = SHARP[role]
    size = {"width": width, "height": height, "wanted": f"{wide} x {high}"}
    if role == "logo":
        if width < wide and height < high:
            yield Warned("picture-small", "images.logo", size | {"role": role})
        return
    if width < wide or height < high:
        yield Warned("picture-small", f"images.{role}", size | {"role": role})
    shape = SHAPES[role]
    if abs(width / height - shape) > shape * _SHAPE_TOLERANCE:
        yield Warned("picture-cut", f"images.{role}", size | {"role": role})


def _texts(shown: ProgramContent) -> Iterator[Warned]:
    if len(shown.name) > NAME_MAX:
        yield Warned("long-name", "name", {"most": NAME_MAX})
    if shown.logo_text is not None and len(shown.logo_text) > LOGO_TEXT_MAX:
        yield Warned("long-logo-text", "design.logo_text", {"most": LOGO_TEXT_MAX})
    for place, unit in enumerate(shown.units):
        if max(map(len, unit.name.values())) > UNIT_MAX:
            yield Warned("long-unit", f"units[{place}].name", {"most": UNIT_MAX})
    for place, tier in enumerate(shown.tiers):
        if max(map(len, tier.name.values())) > TIER_MAX:
            yield Warned("long-tier", f"tiers[{place}].name", {"most": TIER_MAX})
    if shown.headline and max(map(len, shown.headline.values())) > HEADLINE_MAX:
        yield Warned("long-headline", "design.headline", {"most": HEADLINE_MAX})
    if len(shown.units) > UNITS_BESIDE_MAX:
        yield Warned("many-units", "units", {"most": UNITS_BESIDE_MAX})
    if shown.terms is None:
        yield Warned("no-terms", "design.terms")


def _translations(program: Program) -> Iterator[Warned]:
    document = program.document
    if len(document.languages) == 1:
        return
    named: list[tuple[str, Any]] = [
        *((f"units[{n}].name", unit.name) for n, unit in enumerate(document.units)),
        *((f"tiers[{n}].name", tier.name) for n, tier in enumerate(document.tiers)),
        *((f"links[{n}].label", link.label) for n, link in enumerate(document.links)),
    ]
    named += [(f"design.{field}", getattr(document.design, field)) for field in _LONG]
    for path, given in named:
        if isinstance(given, dict):
            for language in document.languages:
                if not given.get(language):
                    yield Warned("untranslated", path, {"language": language})
        elif given is not None and path.startswith("design."):
            yield Warned("one-language", path)


def _codes(program: Program, opened: OpenedPass, google: Mapping[str, Any]) -> Iterator[Warned]:
    barcode, path = program.document.barcode, "barcode.format"
    if barcode.format == "none":
        return
    if apple_warning(barcode.format, barcode.accepts):
        yield Warned("code-iphone", path, {"format": barcode.format})
    elif not opened.document.get("barcodes"):
        yield Warned("code-example", "barcode.number_pattern")
    elif opened.watch_barcode() is None:
        yield Warned("code-watch", path, {"format": barcode.format})
    if google.get("barcode", {}).get("type") == "TEXT_ONLY":
        yield Warned("code-google", path, {"format": barcode.format})
