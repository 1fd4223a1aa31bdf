"""Pages with text twice as large, and by keyboard alone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser import windows
from tests.browser.people import keys_of
from tests.sandbox.demo_server import RunningDemo

PAGES = ("/add", "/import", "/sign-in", "/settings", "/claim#x", "/join/{program}")
TABS_MAX = 40


async def tab_to(page: Page, selector: str) -> None:
    """Press the tab key until something has the focus; whatever has it on the way is seen."""
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        is_seen = await page.evaluate(
            "() => { const box = document.activeElement.getBoundingClientRect();"
            " return box.bottom > 0 && box.top < innerHeight; }"
        )
        assert is_seen, "what has the focus is out of sight"
        if await page.evaluate("(it) => document.activeElement.matches(it)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached")


@pytest.mark.parametrize("path", PAGES)
async def test_text_twice_as_large_needs_no_sideways_scrolling(
    chromium: Browser, demo: RunningDemo, path: str
) -> None:
    keys = keys_of(demo)
    path = path.format(program=keys.programs["hosted"])
    async with windows.opened(chromium, demo.url, token=keys.user_token) as window:
        await windows.go(window, path)
        await window.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        await windows.assert_nothing_sticks_out(window.page)


async def test_a_card_is_added_by_keyboard_alone(chromium: Browser, demo: RunningDemo) -> None:
    async with windows.opened(chromium, demo.url, size=windows.DESKTOP, language="en") as window:
        page = window.page
        await windows.go(window, "/")
        await tab_to(page, "a[href='/add']")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/add")
        await tab_to(page, "#scan")
        await tab_to(page, "#picture")
        await tab_to(page, "#shop")
        await page.keyboard.type("Kiosk")
        await tab_to(page, "#number")
        await page.keyboard.type("40170725")
        await expect(page.locator("#seen-image")).to_be_visible()
        await tab_to(page, "#go")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/cards/card_*")


async def test_a_program_is_joined_by_keyboard_alone(chromium: Browser, demo: RunningDemo) -> None:
    path = f"/join/{keys_of(demo).programs['hosted']}"
    async with windows.opened(chromium, demo.url, size=windows.DESKTOP, language="en") as window:
        page = window.page
        await windows.go(window, path)
        await tab_to(page, "#go")
        await page.keyboard.press("Enter")
        await expect(page.locator("#ready")).to_be_focused()
        await tab_to(page, "[data-wallet=apple]")
        await tab_to(page, "[data-wallet=google]")
        await tab_to(page, "#keep")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/cards/card_*")


async def test_what_is_typed_before_the_scripts_listen_reaches_no_address(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        may_come = asyncio.Event()

        async def hold(route: Route) -> None:
            await may_come.wait()
            await route.continue_()

        await page.route("**/js/*.js", hold)
        await page.goto("/sign-in", wait_until="commit")
        await page.get_by_label("E-mail address").fill("early@example.org")
        await page.keyboard.press("Enter")
        send = page.get_by_role("button", name="Send me a code")
        await expect(send).to_be_disabled()
        may_come.set()
        await expect(send).to_be_enabled()
        assert page.url == f"{demo.url}/sign-in"
        await expect(page.get_by_label("E-mail address")).to_have_value("early@example.org")
