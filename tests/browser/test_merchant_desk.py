"""The desk of the console: keys, tills, staff, webhooks, health; each by who may and who may not."""

from __future__ import annotations

import httpx2
from playwright.async_api import Browser, Page, expect

from tests.browser import windows
from tests.browser.people import signed_in
from tests.browser.windows import DESKTOP
from tests.sandbox.demo_server import RunningDemo

OWNER = "owner@example.org"


async def picture(page: Page, name: str) -> None:
    """Keep a picture and have the page judged, light and dark."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await windows.keep_picture(page, f"desk-{name}-{theme}")
        await windows.assert_accessible(page)
    await windows.assert_nothing_sticks_out(page)


async def test_an_owner_makes_keys_tills_and_lets_people_in(
    chromium: Browser, demo: RunningDemo
) -> None:
    token = signed_in(demo.url, OWNER)
    async with windows.opened(
        chromium, demo.url, size=DESKTOP, language="en", token=token, allowed=("409",)
    ) as window:
        page = window.page
        await windows.go(window, "/merchant/keys")
        await page.get_by_label("Name").fill("Online shop")
        await page.get_by_role("button", name="Create the key").click()
        made = page.get_by_role("dialog", name="Your new key")
        secret = await made.locator("code").inner_text()
        assert secret.startswith("pck_test_")
        await picture(page, "key-made")
        await made.get_by_role("button", name="Close").click()
        row = page.get_by_role("row").filter(has_text="Online shop")
        await expect(row).to_contain_text("read, write")
        assert reads(demo.url, secret) == 200
        await picture(page, "keys")
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(row).to_have_count(0)
        assert reads(demo.url, secret) == 401

        await windows.go(window, "/merchant/tills")
        await page.get_by_label("Name").fill("Counter")
        await page.get_by_role("button", name="Create the till").click()
        await expect(page.locator("#made-code")).to_contain_text("-")
        await picture(page, "till-code")
        await page.keyboard.press("Escape")
        row = page.get_by_role("row").filter(has_text="Counter")
        await expect(row).to_contain_text("waits for its code")
        await picture(page, "tills")

        await windows.go(window, "/merchant/staff")
        await page.get_by_label("E-mail address").fill("desk-viewer@example.org")
        await page.get_by_label("Viewer").check()
        await page.get_by_role("button", name="Let in").click()
        await expect(page.get_by_role("row").filter(has_text="desk-viewer")).to_be_visible()
        mine = page.get_by_role("combobox", name=f"Role of {OWNER}")
        await mine.select_option("viewer")
        await expect(page.locator("#notice")).to_contain_text("There must be an owner")
        await expect(mine).to_have_value("owner")
        await picture(page, "staff")


def reads(url: str, token: str) -> int:
    """Return the status of a read with a key."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx2.get(f"{url}/v1/partner/programs", headers=headers, trust_env=False)
    return int(answer.status_code)
