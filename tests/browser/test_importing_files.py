"""The page that imports: what a file holds is listed first, ticked, then added with progress."""

from __future__ import annotations

import io
import json

import pyzipper
from playwright.async_api import Browser, Page, expect

from tests.browser import windows
from tests.sandbox.demo_server import RunningDemo

CATIMA = (
    b"2\r\n\r\n_id\r\nFood\r\n\r\n"
    b"_id,store,note,cardid,barcodetype,starstatus,headercolor\r\n"
    b'1,Boulangerie,"fresh ""bread""\n\nevery day",40170725,EAN_8,1,-9977996\r\n'
    b"2,Library,,AB-12,CODE_39,0,\r\n"
    b"3,,,777,CODE_128,0,\r\n"
    b"4,Odd,,55555,HIEROGLYPH,0,\r\n"
    b"\r\ncardId,groupId\r\n1,Food\r\n"
)


async def choose(page: Page, name: str, content: bytes) -> None:
    await page.locator("#file").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


async def shops(page: Page) -> list[str]:
    text = await page.evaluate("async () => (await fetch('/v1/cards?limit=100')).text()")
    return sorted(card["shop_name"] for card in json.loads(text)["items"])


async def test_a_file_is_listed_with_a_tick_a_card_before_anything_is_added(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/import")
        await choose(page, "catima.csv", CATIMA)
        await expect(page.get_by_role("heading", name="Cards in this file")).to_be_focused()
        await expect(page.get_by_role("checkbox")).to_have_count(3)
        assert await shops(page) == []
        await page.get_by_text("1 could not be read").click()
        await page.get_by_text("remark").click()
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await windows.keep_picture(page, f"import-list-{theme}")
            await windows.assert_accessible(page)
        await page.get_by_role("checkbox", name="Odd").uncheck()
        await page.get_by_role("button", name="Import 2 cards").click()
        await expect(page.get_by_role("heading", name="2 cards were added.")).to_be_focused()
        assert await shops(page) == ["Boulangerie", "Library"]
        # The same file again has only what was left out.
        await page.get_by_role("button", name="Take another file").click()
        await choose(page, "catima.csv", CATIMA)
        await expect(page.get_by_role("checkbox")).to_have_count(1)
        await expect(page.get_by_text("2 left out")).to_be_visible()


async def test_a_locked_file_asks_for_its_password(chromium: Browser, demo: RunningDemo) -> None:
    packed = io.BytesIO()
    with pyzipper.AESZipFile(packed, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"sesame")
        archive.writestr("catima.csv", CATIMA)
    async with windows.opened(chromium, demo.url, language="en", allowed=("422",)) as window:
        page = window.page
        await windows.go(window, "/import")
        await choose(page, "catima.zip", packed.getvalue())
        password = page.get_by_label("Password of the file")
        await expect(password).to_be_focused()
        await windows.assert_accessible(page)
        await password.fill("wrong")
        await page.get_by_role("button", name="Open the file").click()
        await expect(page.locator("#password-fault")).to_have_text("This password is not right.")
        await password.fill("sesame")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Import 3 cards")).to_be_enabled()


async def test_an_unknown_file_is_named_with_what_can_be_read(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en", allowed=("422",)) as window:
        await windows.go(window, "/import")
        await choose(window.page, "odd.bin", b"\x00\x01 neither fish nor fowl")
        await expect(window.page.locator("#file-fault")).to_contain_text("Catima")
