"""What we draw is what readers tell: 300 random values of each format, and two readers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import zxingcpp

from passes.barcode import FORMATS, READABLE, draw_png, draw_svg, expand, from_zxing, same_code
from tests.passes.barcode import zbar
from tests.passes.barcode.raster import rasterised
from tests.passes.barcode.values import DRAWABLE, values
from tests.passes.pictures import opened

COUNT = 300
SCALE = 3


def scale_of(barcode_format: str) -> int:
    return 10 if barcode_format == "MAXICODE" else SCALE  # its hexagons need finer pixels


def told(text: str, barcode_format: str) -> str:
    """Return a text as §2 expands it: retail codes with 13 digits, UPC-E as its UPC-A."""
    expanded = expand(barcode_format, text)
    return expanded.zfill(13) if barcode_format in {"UPC_A", "UPC_E"} else expanded


def test_every_format_but_none_is_drawn_here() -> None:
    assert {*DRAWABLE, "none"} == set(FORMATS)


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_zxing_reads_every_code_we_draw(barcode_format: str) -> None:
    for value in values(barcode_format, COUNT):
        picture = rasterised(draw_svg(barcode_format, value), scale=scale_of(barcode_format))
        found = zxingcpp.read_barcodes(picture, formats=READABLE, text_mode=zxingcpp.TextMode.Plain)
        assert len(found) == 1, value
        assert told(found[0].text, barcode_format) == told(value, barcode_format)
        read_as = from_zxing(found[0].format.name, found[0].symbology_identifier)
        assert same_code(barcode_format, value, read_as, found[0].text), value


@pytest.mark.skipif(zbar.is_missing(), reason="zbarimg is not installed (Debian: zbar-tools)")
@pytest.mark.parametrize("barcode_format", zbar.SETTINGS)
def test_zbar_reads_every_code_we_draw(barcode_format: str, tmp_path: Path) -> None:
    drawn = list(islice(known_to_zbar(barcode_format), COUNT))
    assert len(drawn) == COUNT
    files = [tmp_path / f"{place}.png" for place in range(COUNT)]
    for value, file in zip(drawn, files, strict=True):
        picture = rasterised(draw_svg(barcode_format, value), scale=SCALE)
        picture.save(file, compress_level=1)
    for value, texts in zip(drawn, zbar.read(barcode_format, files), strict=True):
        assert [told(text, barcode_format) for text in texts] == [told(value, barcode_format)]


def known_to_zbar(barcode_format: str):
    many = values(barcode_format, 3 * COUNT)
    # It knows no UPC-E of number system 1.
    return (value for value in many if barcode_format != "UPC_E" or value[0] == "0")


@pytest.mark.parametrize("barcode_format", [name for name in DRAWABLE if name != "MAXICODE"])
def test_svg_and_png_are_the_same_picture(barcode_format: str) -> None:
    for value in values(barcode_format, 10):
        png = opened(draw_png(barcode_format, value, scale=2))
        assert png.convert("L") == rasterised(draw_svg(barcode_format, value), scale=2)


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_nothing_of_the_value_stands_in_the_svg(barcode_format: str) -> None:
    value = next(iter(value for value in values(barcode_format, 50) if len(value) > 6))
    svg = draw_svg(barcode_format, value)
    assert value not in svg
    assert "<text" not in svg


@pytest.mark.parametrize("barcode_format", DRAWABLE)
def test_a_larger_scale_only_changes_the_size(barcode_format: str) -> None:
    value = next(values(barcode_format, 1))
    one, ten = draw_svg(barcode_format, value), draw_svg(barcode_format, value, scale=10)
    assert one.split("viewBox")[1] == ten.split("viewBox")[1]
    assert one != ten
