"""Accounts by the pages alone: a passkey made and used, an address changed, two made one."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, expect

from tests.browser import windows
from tests.browser.people import mailed_code, signed_in, user_asks
from tests.sandbox.demo_server import RunningDemo

DEVICE: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def test_a_passkey_is_made_in_the_settings_and_signs_in_by_one_button(
    chromium: Browser, demo: RunningDemo
) -> None:
    by_name = demo.url.replace("127.0.0.1", "localhost")  # passkeys need a name
    token = signed_in(demo.url, "passkeys@example.org")
    async with windows.opened(chromium, by_name, language="en", token=token) as window:
        page = window.page
        session = await window.context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await windows.go(window, "/settings")
        keys = page.locator("#passkey-list")
        await expect(keys).to_have_text("No passkey yet.")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(keys.get_by_role("button", name="Remove")).to_be_visible()
        await windows.assert_accessible(page)
        await page.locator("#sign-out").click()
        await page.wait_for_url(lambda url: url.rstrip("/") == by_name)
        await windows.go(window, "/sign-in?next=/settings")
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await page.wait_for_url("**/settings")
        await expect(page.locator("#address")).to_have_text("passkeys@example.org")
        await keys.get_by_role("button", name="Remove").click()
        await expect(keys).to_have_text("No passkey yet.")


async def test_on_an_address_without_a_name_the_passkey_button_is_absent(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        await windows.go(window, "/sign-in")
        await expect(window.page.locator("#passkey")).to_have_count(0)


async def test_a_page_to_go_on_with_is_never_another_sites(
    chromium: Browser, demo: RunningDemo
) -> None:
    others = ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:1")
    for at, path in enumerate(others):
        async with windows.opened(chromium, demo.url, language="en") as window:
            page = window.page
            await windows.go(window, f"/sign-in?next={path}")
            email = f"next{at}@example.org"
            await page.get_by_label("E-mail address").fill(email)
            await page.keyboard.press("Enter")
            await page.get_by_label("The code from the mail").fill(mailed_code(demo.url, email))
            await page.wait_for_url(lambda url: url.rstrip("/") == demo.url)


async def test_an_address_is_changed_by_a_code_mailed_to_the_new_one(
    chromium: Browser, demo: RunningDemo
) -> None:
    token = signed_in(demo.url, "before@example.org")
    async with windows.opened(
        chromium, demo.url, language="en", token=token, allowed=("400",)
    ) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.get_by_role("button", name="Change", exact=True).click()
        await page.get_by_label("New address").fill("after@example.org")
        await page.get_by_role("button", name="Send a code there").click()
        code = page.get_by_label("The code from the mail")
        await code.fill("12345678")
        await page.get_by_role("button", name="Change the address").click()
        await expect(page.locator("#email-code-fault")).to_contain_text("not the code")
        await windows.assert_accessible(page)
        await code.fill(mailed_code(demo.url, "after@example.org"))
        await page.get_by_role("button", name="Change the address").click()
        await expect(page.locator("#address")).to_have_text("after@example.org")
        assert user_asks(demo.url, token, "GET", "/v1/me")["email"] == "after@example.org"


async def test_two_accounts_become_one_with_the_cards_of_both(
    chromium: Browser, demo: RunningDemo
) -> None:
    one, two = signed_in(demo.url, "one@example.org"), signed_in(demo.url, "two@example.org")
    for token, shop, number in ((one, "Bakery", "40170725"), (two, "Library", "12345")):
        user_asks(demo.url, token, "POST", "/v1/cards", {"shop_name": shop, "number": number})
    async with windows.opened(
        chromium, demo.url, language="en", token=one, allowed=("409",)
    ) as window:
        page = window.page
        await windows.go(window, "/settings")
        await page.get_by_role("button", name="Change", exact=True).click()
        await page.get_by_label("New address").fill("two@example.org")
        await page.get_by_role("button", name="Send a code there").click()
        code = mailed_code(demo.url, "two@example.org", nth=2)
        await page.get_by_label("The code from the mail").fill(code)
        await page.get_by_role("button", name="Change the address").click()
        await expect(page.get_by_text("This address has an account of its own")).to_be_visible()
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Make them one account").click()
        await expect(page.locator("#address")).to_have_text("two@example.org")
        cards = user_asks(demo.url, one, "GET", "/v1/cards")["items"]
        assert sorted(card["shop_name"] for card in cards) == ["Bakery", "Library"]
