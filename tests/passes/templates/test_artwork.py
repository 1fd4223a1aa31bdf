"""The artwork of programs that bring none, and pictures fitted to a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.apple.artwork import NEEDED, lint_files
from passes.templates.artwork import artwork, fit, initials
from passes.templates.colors import CONTRAST_MIN, WHITE, color_of, contrast, text_on
from passes.templates.fitting import ROLES
from tests.passes.pictures import opened, picture

NAMES = ["Boulangerie du Coin", "Fnac", "L'Œuf & Co", "日本", "", "  ", "🙂", "7 Eleven", "a" * 500]


@pytest.mark.parametrize("name", NAMES)
def test_artwork_of_any_name_obeys_apples_rules(name: str) -> None:
    drawn = artwork(name, None, None)
    assert lint_files(drawn) == []
    assert set(NEEDED) < drawn.keys()
    assert opened(drawn["icon@3x.png"]).size == (114, 114)
    assert opened(drawn["logo@2x.png"]).size == (100, 100)


def test_artwork_is_the_same_each_time_and_differs_between_shops() -> None:
    assert artwork("Fnac", None, None) == artwork("Fnac", None, None)
    assert artwork("Fnac", None, None) != artwork("Darty", None, None)


def test_an_icon_has_the_programs_colours_and_its_logo_the_reverse() -> None:
    drawn = artwork("Fnac", "#f2b705", "#111111")
    assert opened(drawn["icon@2x.png"]).getpixel((2, 2)) == (0xF2, 0xB7, 0x05)
    assert opened(drawn["logo@2x.png"]).getpixel((50, 4)) == (0x11, 0x11, 0x11, 255)
    assert opened(drawn["logo@2x.png"]).getpixel((0, 0))[3] < 255  # rounded corners


def test_a_name_without_latin_letters_is_drawn_all_the_same() -> None:
    assert len(set(opened(artwork("日本", None, None)["icon.png"]).get_flattened_data())) > 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Boulangerie du Coin", "BD"),
        ("fnac", "F"),
        ("Élan Vital", "EV"),
        ("L'Oréal", "L"),
        ("7-Eleven", "7E"),
        ("日本", ""),
        ("", ""),
    ],
)
def test_initials_are_of_the_first_two_words(name: str, expected: str) -> None:
    assert initials(name) == expected


@given(st.text())
def test_a_shops_colour_always_reads_under_white(name: str) -> None:
    color = color_of(name)
    assert contrast(color, WHITE) >= CONTRAST_MIN
    assert color_of(f" {name} ") == color


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_text_reads_on_any_colour(rgb: tuple[int, int, int]) -> None:
    color = "#{:02x}{:02x}{:02x}".format(*rgb)
    assert contrast(text_on(color), color) >= 4.3  # WCAG's 4.5 but for a few middle greys


@pytest.mark.parametrize("color", ["red", "#12345", "#12345g", "112233#", "#1122334"])
def test_a_colour_is_written_as_six_hex_digits(color: str) -> None:
    with pytest.raises(ValueError):
        artwork("Fnac", color, None)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("size", "mode"),
    [
        ((1, 1), "RGB"),
        ((660, 660), "RGBA"),
        ((3000, 10), "P"),
        ((10, 3000), "L"),
        ((1032, 336), "1"),
        ((100, 100), "LA"),
    ],
)
def test_any_picture_fits_any_role(role: str, size: tuple[int, int], mode: str) -> None:
    fitted = fit(role, picture(*size, mode=mode))
    assert [found for found in lint_files(fitted) if found.text != "is missing"] == []
    assert len(fitted) == 3


def test_a_logo_keeps_its_shape_and_is_as_large_on_a_fine_screen() -> None:
    fitted = fit("logo", picture(640, 100))
    assert opened(fitted["logo.png"]).size == (160, 25)
    assert opened(fitted["logo@3x.png"]).size == (480, 75)


def test_a_strip_fills_its_place_and_a_hero_serves_as_one() -> None:
    assert opened(fit("strip", picture(100, 100))["strip@2x.png"]).size == (750, 288)
    assert fit("hero", picture(1032, 336)) == fit("strip", picture(1032, 336))


def test_a_transparent_icon_is_laid_whole_on_white() -> None:
    icon = opened(fit("icon", picture(100, 50, "#00000000", "RGBA"))["icon.png"])
    assert icon.mode == "RGB"
    assert set(icon.get_flattened_data()) == {(255, 255, 255)}


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg/>", picture(38, 38)[:40]]
)
def test_what_is_no_png_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="is no PNG picture"):
        fit("icon", data)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ValueError, match="pixels"):
        fit("strip", picture(4001, 1000, mode="1"))


@given(st.data())
def test_a_damaged_picture_is_a_refusal_or_a_picture(data: st.DataObject) -> None:
    good = bytearray(picture(20, 20))
    place = data.draw(st.integers(8, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))
    try:
        fit("icon", bytes(good))
    except ValueError as error:
        assert str(error)
