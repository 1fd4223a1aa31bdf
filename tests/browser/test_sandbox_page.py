"""The page that explains the product: phones that change as a visitor presses its buttons."""

from __future__ import annotations

from io import BytesIO

import httpx2
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from passes.barcode import READABLE
from tests.browser import windows
from tests.browser.windows import DESKTOP
from tests.sandbox.demo_server import RunningDemo

IPHONE, GALAXY = 0, 3


def phone(page: Page, which: int) -> Locator:
    return page.locator(".screen").nth(which)


async def test_a_sale_and_a_balance_reach_all_phones_while_they_are_watched(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, size=DESKTOP, language="en") as window:
        page = window.page
        await windows.go(window, "/sandbox")
        await page.get_by_role("button", name="Sell two coffees").click()
        for which in range(4):
            top = phone(page, which).locator(".pass:not([hidden])")
            await expect(top.locator(".pass-name").first).to_have_text("Maison Verte Café")
            await expect(phone(page, which).locator(".note").first).to_contain_text("6")
        await expect(phone(page, GALAXY).locator(".pass:not([hidden]) dd").first).to_have_text("6")
        await page.get_by_role("button", name="Send a new balance").click()
        for which, figure in enumerate(("1\u202f335", "1,335", "1335", "1335")):
            told = phone(page, which).locator(".note").first
            await expect(told).to_contain_text(f"Points : {figure}" if which == 0 else figure)
        await expect(page.locator(".log")).to_contain_text("push to Sam's iPhone")
        await windows.assert_accessible(page)


async def test_a_touch_turns_a_card_and_what_comes_meanwhile_leaves_it_so(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="fr") as window:
        page = window.page
        await windows.go(window, "/sandbox")
        await phone(page, IPHONE).locator("[data-show]:not([hidden])").first.tap()
        card = phone(page, IPHONE).locator(".pass:not([hidden])")
        await expect(card.locator(".pass-name").first).to_have_text("Maison Verte Café")
        await card.locator(".front .pass-body").tap()
        await expect(card.locator(".back")).to_contain_text("Numéro de carte")
        await page.get_by_role("button", name="Vendre deux cafés").tap()
        await expect(phone(page, IPHONE).locator(".note").first).to_contain_text("points")
        await expect(card.locator(".back")).to_be_visible()
        await windows.assert_accessible(page)
        turn = card.get_by_role("button", name="Revoir le devant de la carte Maison Verte Café")
        await turn.focus()
        await page.keyboard.press("Enter")
        await expect(card.locator(".front")).to_be_visible()
        assert await page.evaluate("() => document.activeElement.dataset.focus.endsWith('-front')")


async def test_every_code_on_the_phones_is_one_that_a_till_reads(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, size=DESKTOP, scale=2) as window:
        page = window.page
        await windows.go(window, "/sandbox")
        for key in await _keys(page):
            shown = page.locator(f'.pass[data-card="{key}"]:not([hidden])')
            if await shown.count() == 0:
                await page.locator(f'[data-show="{key}"]').first.click()
            read = set()
            for code in await shown.locator(".pass-code").all():
                picture = Image.open(BytesIO(await code.screenshot())).convert("L")
                (found,) = zxingcpp.read_barcodes(picture, formats=READABLE)
                read.add(found.text)
            assert len(read) == 1, "the same on every phone"
            assert await shown.count() == 4


async def _keys(page: Page) -> list[str]:
    found: list[str] = await page.locator(".screen").first.evaluate(
        "(one) => [...one.querySelectorAll('[data-card]')].map((card) => card.dataset.card)"
    )
    assert len(found) == 5
    return found


async def test_a_mail_stands_there_as_soon_as_it_is_sent(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        await windows.go(window, "/sandbox")
        httpx2.post(
            f"{demo.url}/v1/sign-in/codes", json={"email": "mona@example.org"}, trust_env=False
        ).raise_for_status()
        mail = window.page.locator(".mail", has_text="mona@example.org")
        await mail.locator("summary").tap()
        await expect(mail.locator("pre")).to_be_visible()
