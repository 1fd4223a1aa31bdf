"""A code of every format full screen, as a till sees it: two readers, two densities of pixels."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, expect

from passes.barcode import READABLE, expand, from_zxing, same_code
from tests.browser import windows
from tests.browser.people import signed_in, user_asks
from tests.passes.barcode import zbar
from tests.passes.barcode.values import DRAWABLE, values
from tests.sandbox.demo_server import RunningDemo

LONGEST = 24  # characters that a card's code has on an ordinary day


def value_of(barcode_format: str) -> str:
    """Return a value of a card of that format; a UPC-E of number system 0, which zbar knows too."""
    fitting = (
        value
        for value in values(barcode_format, 200)
        if 5 < len(value) <= LONGEST and (barcode_format != "UPC_E" or value[0] == "0")
    )
    return next(islice(fitting, 1))


@pytest.fixture(scope="module")
def collector(demo: RunningDemo) -> str:
    """Sign in somebody who has a card of each format; return the token."""
    token = signed_in(demo.url, "all-formats@example.org")
    for name in DRAWABLE:
        card = {"shop_name": name, "number": f"No {name}", "barcode_format": name}
        value = {"barcode_value": value_of(name)}
        user_asks(demo.url, token, "POST", "/v1/cards", card | value, key=name)
    return token


@pytest.mark.parametrize("scale", [2, 3])
async def test_a_code_of_every_format_is_read_off_the_screen(
    chromium: Browser, demo: RunningDemo, collector: str, scale: int, tmp_path: Path
) -> None:
    async with windows.opened(
        chromium, demo.url, scale=scale, token=collector, theme="dark", reduced_motion="reduce"
    ) as window:
        page = window.page
        await windows.go(window, "/")
        for name in DRAWABLE:
            await page.locator(f'[data-code-name="{name}"]').tap()
            await expect(page.locator("#code-drawing svg")).to_be_visible()
            # The reader finds a MaxiCode only where nothing else stands in the picture.
            seen = page.locator("#code-drawing") if name == "MAXICODE" else page
            picture = await seen.screenshot(path=tmp_path / f"{name}.png")
            await page.locator("[data-code-close]").tap()
            assert_read(name, picture)
    for name in zbar.SETTINGS:
        (texts,) = zbar.read(name, [tmp_path / f"{name}.png"])
        assert [told(text, name) for text in texts] == [told(value_of(name), name)], name


def assert_read(name: str, picture: bytes) -> None:
    """One code is found on the screen, and it is the card's."""
    image = Image.open(BytesIO(picture)).convert("L")
    found = zxingcpp.read_barcodes(image, formats=READABLE, text_mode=zxingcpp.TextMode.Plain)
    assert len(found) == 1, name
    read_as = from_zxing(found[0].format.name, found[0].symbology_identifier)
    assert same_code(name, value_of(name), read_as, found[0].text), name


def told(text: str, name: str) -> str:
    """Return what a till makes of a text: retail codes with 13 digits, UPC-E as its UPC-A."""
    expanded = expand(name, text)
    return expanded.zfill(13) if name in {"UPC_A", "UPC_E"} else expanded
