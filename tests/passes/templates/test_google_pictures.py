"""Pictures of a loyaltyClass: sizes as Google asks for, and nothing cut by its circle."""

from __future__ import annotations

import math

import pytest
from PIL import Image, ImageDraw

from passes.templates.artwork import google_logo
from passes.templates.fitting import google_hero_of, google_logo_of, png
from tests.passes.pictures import opened, picture

SIDE = 660
GREEN, RED = (0x0F, 0x5B, 0x3A), (0xCC, 0, 0)


def _color(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def _outside_the_circle(image: Image.Image, paper: tuple[int, ...]) -> int:
    """Count pixels that are not paper and lie outside the circle Google shows."""
    count, middle = 0, SIDE / 2
    for x in range(0, SIDE, 3):
        for y in range(0, SIDE, 3):
            if math.hypot(x - middle, y - middle) > middle and image.getpixel((x, y)) != paper:
                count += 1
    return count


@pytest.mark.parametrize("name", ["Maison Verte", "日本", "", "W W", "a" * 500])
@pytest.mark.parametrize("background", [None, "#0f5b3a"])
def test_a_drawn_logo_is_a_square_of_660_with_nothing_outside_the_circle(
    name: str, background: str | None
) -> None:
    drawn = google_logo(name, background, None)
    image = opened(drawn)
    assert (image.size, image.mode) == ((SIDE, SIDE), "RGB")
    assert _outside_the_circle(image, _color(image, 0, 0)) == 0
    assert drawn == google_logo(name, background, None)


def test_a_drawn_logo_can_be_told_from_its_card() -> None:
    assert opened(google_logo("Maison", "#0f5b3a", None)).getpixel((330, 20)) != GREEN


@pytest.mark.parametrize("size", [(100, 100), (1000, 100), (100, 1000), (1, 1), (2000, 1999)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_uploaded_logo_is_whole_inside_the_circle(size: tuple[int, int], mode: str) -> None:
    logo = Image.new("RGBA", size, (0xCC, 0, 0, 255))
    logo.putpixel((0, 0), (0xCC, 0, 0, 250))  # so that its red is no paper
    image = opened(google_logo_of(png(logo.convert(mode) if mode == "RGBA" else logo), "#0f5b3a"))
    assert (image.size, image.mode) == ((SIDE, SIDE), "RGB")
    assert image.getpixel((0, 0)) == GREEN
    assert _outside_the_circle(image, GREEN) == 0
    assert _color(image, 330, 330)[0] > 0xC0


def test_a_logo_with_a_paper_of_its_own_keeps_it() -> None:
    logo = Image.new("RGB", (300, 120), "#ffffff")
    ImageDraw.Draw(logo).rectangle((100, 40, 200, 80), fill="#cc0000")
    image = opened(google_logo_of(png(logo), "#0f5b3a"))
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_transparent_margins_of_a_logo_take_no_room() -> None:
    logo = Image.new("RGBA", (1000, 1000), (0, 0, 0, 0))
    ImageDraw.Draw(logo).ellipse((450, 450, 550, 550), fill="#cc0000")
    image = opened(google_logo_of(png(logo), "#0f5b3a"))
    red = [x for x in range(SIDE) if image.getpixel((x, 330)) == RED]
    assert len(red) > 350
    assert google_logo_of(png(Image.new("RGBA", (9, 9), (0, 0, 0, 0))), None)  # nothing to see


def test_a_hero_fills_1032_by_336() -> None:
    for size in ((2064, 672), (300, 900), (1, 1)):
        image = opened(google_hero_of(picture(*size, mode="RGBA")))
        assert (image.size, image.mode) == ((1032, 336), "RGB")


@pytest.mark.parametrize("data", [b"", b"GIF89a", picture(9, 9)[:40]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        google_logo_of(data, None)
    with pytest.raises(ValueError):
        google_hero_of(data)
