"""Settings in a real browser: signing in by a pasted code, name, sign-ins, leaving for good."""

from __future__ import annotations

import pytest
import pyzipper
from playwright.async_api import Browser, expect

from tests.browser import windows
from tests.browser.people import mailed_code, signed_in, user_asks
from tests.sandbox.demo_server import RunningDemo

CARD = {"shop_name": "Kiosk", "number": "40170725"}


async def test_a_guest_signs_in_with_a_pasted_code_and_his_cards_come_along(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest = user_asks(demo.url, "", "POST", "/v1/guests", {}, key="settings-guest")["token"]
    user_asks(demo.url, guest, "POST", "/v1/cards", CARD)
    async with windows.opened(
        chromium, demo.url, language="en", token=guest, allowed=("401",)
    ) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.get_by_role("link", name="Sign in", exact=True).click()
        await page.get_by_label("E-mail address").fill("no address")
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.locator("#email-fault")).to_contain_text("ana@example.org")
        await page.get_by_label("E-mail address").fill("settings@example.org")
        await page.keyboard.press("Enter")
        code = page.get_by_label("The code from the mail")
        await code.fill("12345678")  # as many digits as a code: it is tried at once
        await expect(page.locator("#code-fault")).to_contain_text("not the code")
        await windows.assert_accessible(page)
        mailed = mailed_code(demo.url, "settings@example.org")
        await code.fill("")
        await page.keyboard.insert_text(f" {mailed[:4]} {mailed[4:]} ")
        await page.wait_for_url("**/settings")
        await expect(page.locator("#address")).to_have_text("settings@example.org")
        count = await page.evaluate(
            "async () => (await (await fetch('/v1/cards')).json()).items.length"
        )
        assert count == 1


async def test_a_name_is_kept_and_another_device_is_signed_out(
    chromium: Browser, demo: RunningDemo
) -> None:
    other = signed_in(demo.url, "devices@example.org")
    user_asks(demo.url, "", "POST", "/v1/sign-in/codes", {"email": "devices@example.org"})
    body = {
        "email": "devices@example.org",
        "code": mailed_code(demo.url, "devices@example.org", nth=2),
    }
    token = user_asks(demo.url, "", "POST", "/v1/sign-in", body)["token"]
    async with windows.opened(chromium, demo.url, language="en", token=token) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.get_by_label("First name").fill("Ana")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#notice")).to_have_text("Saved")
        sessions = page.locator("#session-list li")
        await expect(sessions).to_have_count(2)
        await expect(page.get_by_text("This device", exact=True)).to_have_count(1)
        await sessions.get_by_role("button", name="Sign out").click()
        await expect(sessions).to_have_count(1)
        assert user_asks(demo.url, token, "GET", "/v1/me")["display_name"] == "Ana"
        gone = await page.request.get("/v1/me", headers={"Authorization": f"Bearer {other}"})
        assert gone.status == 401
        await page.locator("#sign-out").click()
        await page.wait_for_url(lambda url: url.rstrip("/") == demo.url)
        assert not [it for it in await window.context.cookies() if it["name"] == windows.COOKIE]


async def test_the_language_of_the_page_becomes_that_of_mails_and_passes(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest = user_asks(demo.url, "", "POST", "/v1/guests", {}, key="settings-language")["token"]
    async with windows.opened(chromium, demo.url, language="en", token=guest) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.locator("[data-language=fr]").click()
        await expect(page.get_by_role("heading", name="Réglages")).to_be_visible()
        assert user_asks(demo.url, guest, "GET", "/v1/me")["language"] == "fr"
        await page.locator("#main [data-theme-choice=dark]").click()
        assert await page.locator("html").get_attribute("data-theme") == "dark"
        await page.reload()
        assert await page.locator("html").get_attribute("data-theme") == "dark"


async def test_everything_is_erased_after_one_clear_question(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest = user_asks(demo.url, "", "POST", "/v1/guests", {}, key="settings-erase")["token"]
    user_asks(demo.url, guest, "POST", "/v1/cards", CARD)
    async with windows.opened(chromium, demo.url, language="en", token=guest) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.get_by_role("button", name="Erase everything…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Erase", exact=True)).to_be_disabled()
        await windows.assert_accessible(page)
        await windows.keep_picture(page, "settings-erase", full=False)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await page.get_by_role("button", name="Erase everything…").click()
        await dialog.get_by_role("checkbox").check()
        await dialog.get_by_role("button", name="Erase", exact=True).click()
        await page.wait_for_url(lambda url: url.rstrip("/") == demo.url)
        gone = await page.request.get("/v1/me", headers={"Authorization": f"Bearer {guest}"})
        assert gone.status == 401


async def test_cards_can_be_taken_away_from_the_settings(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest = user_asks(demo.url, "", "POST", "/v1/guests", {}, key="settings-export")["token"]
    user_asks(demo.url, guest, "POST", "/v1/cards", CARD)
    async with windows.opened(chromium, demo.url, language="en", token=guest) as window:
        page = window.page
        await windows.go(window, "/settings")
        links = page.get_by_role("link", name="Download")
        await expect(links).to_have_count(3)
        for at in range(3):
            async with page.expect_download() as download:
                await links.nth(at).click()
            assert (await (await download.value).path()).stat().st_size > 0
        await page.get_by_text("Lock it with a password").click()
        await page.get_by_label("Password").fill("Sésame 42")
        await windows.assert_accessible(page)
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download locked").click()
        with pyzipper.AESZipFile(await (await download.value).path()) as zipped:
            with pytest.raises(RuntimeError, match="password"):
                zipped.read("catima.csv")
            zipped.setpassword("Sésame 42".encode())
            assert b"40170725" in zipped.read("catima.csv")


async def test_a_shared_card_is_accepted_from_its_link(
    chromium: Browser, demo: RunningDemo
) -> None:
    owner = signed_in(demo.url, "owner-of-share@example.org")
    card = user_asks(demo.url, owner, "POST", "/v1/cards", CARD)
    share = user_asks(demo.url, owner, "POST", f"/v1/cards/{card['id']}/shares", {"access": "read"})
    async with windows.opened(chromium, demo.url, language="en", allowed=("404", "410")) as window:
        page = window.page
        await windows.go(window, "/share#" + share["url"].split("#")[1])
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Accept the card").click()
        await page.wait_for_url(f"**/cards/{card['id']}")
        await expect(page.get_by_role("heading", name="Kiosk")).to_be_visible()
    async with windows.opened(chromium, demo.url, language="en", allowed=("404", "410")) as window:
        page = window.page
        await windows.go(window, "/share#" + share["url"].split("#")[1])
        await page.get_by_role("button", name="Accept the card").click()
        await expect(page.locator("#accept-fault")).to_contain_text("used by somebody else")
