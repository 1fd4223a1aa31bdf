"""The page behind a poster: a card in two touches, one card for two clicks, claimed later."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, expect

from tests.browser import windows
from tests.browser.people import keys_of, mailed_code, user_asks
from tests.browser.windows import Window
from tests.sandbox.demo_server import RunningDemo

BYTES_MAX = 50 * 1024
INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Instagram 340.0"
CARD = "**/cards/card_*"


def poster(demo: RunningDemo, program: str = "hosted") -> str:
    return f"/join/{keys_of(demo).programs[program]}"


async def joined(window: Window, path: str) -> None:
    await windows.go(window, path)
    await window.page.get_by_role("button", name="Get my card").click()
    await expect(window.page.get_by_role("heading", name="Your card is ready")).to_be_visible()


async def test_from_the_poster_to_the_pass_are_two_touches_and_no_account(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await joined(window, poster(demo))  # 1
        await expect(page.locator("#code")).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Add to Apple Wallet").click()  # 2
        assert (await download.value).suggested_filename.endswith(".pkpass")
        assert not [it for it in await window.context.cookies() if "session" in it["name"]]


async def test_googles_button_leads_to_her_save_page(chromium: Browser, demo: RunningDemo) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        await joined(window, poster(demo))
        await window.page.get_by_role("button", name="Add to Google Wallet").click()
        await window.page.wait_for_url("**/sandbox/google/save/**")


async def test_a_second_click_a_reload_and_a_second_visit_make_no_second_card(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        made: list[str] = []
        page.on("response", lambda it: made.append(it.url) if it.url.endswith("/join") else None)
        await windows.go(window, poster(demo))
        await page.evaluate(
            "() => { const go = document.getElementById('go'); go.click(); go.click(); }"
        )
        await expect(page.locator("#after")).to_be_visible()
        number = await page.locator("#number").inner_text()
        await page.reload()
        await expect(page.locator("#after")).to_be_visible()
        assert await page.locator("#number").inner_text() == number
        assert len(made) == 1


async def test_an_answer_that_was_lost_is_asked_for_again_and_makes_no_second_card(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(
        chromium, demo.url, language="en", allowed=("ERR_", "Failed to load")
    ) as window:
        page = window.page
        numbers: list[str] = []

        async def lose(route: Any) -> None:
            answer = await route.fetch()
            numbers.append((await answer.json())["card"]["number"])
            await route.abort()

        await page.route("**/v1/programs/*/join", lose)
        await windows.go(window, poster(demo))
        await page.get_by_role("button", name="Get my card").click()
        await expect(page.locator("#notice")).to_contain_text("No network")
        await page.unroute("**/v1/programs/*/join")
        await page.get_by_role("button", name="Get my card").click()
        await expect(page.locator("#number")).to_have_text(numbers[0])


async def test_the_card_is_kept_as_a_guest_or_claimed_by_signing_in(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en", allowed=("401",)) as window:
        page = window.page
        await joined(window, poster(demo))
        number = await page.locator("#number").inner_text()
        await page.get_by_role("link", name="I have an account: sign in").click()
        await page.get_by_label("E-mail address").fill("poster@example.org")
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.get_by_label("The code from the mail")).to_be_focused()
        await page.keyboard.insert_text(mailed_code(demo.url, "poster@example.org"))
        await expect(page.get_by_role("heading", name="Keep your card")).to_be_visible()
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Put it in my wallet").click()
        await page.wait_for_url(CARD)
        await expect(page.get_by_text(number, exact=True).first).to_be_visible()
        # Back at the poster: the card is in a wallet, and no other is made by itself.
        await windows.go(window, poster(demo))
        await expect(page.locator("#taken")).to_be_visible()
        await windows.assert_accessible(page)


async def test_who_is_signed_in_has_the_card_in_his_wallet_at_once(
    chromium: Browser, demo: RunningDemo
) -> None:
    token = user_asks(demo.url, "", "POST", "/v1/guests", {}, key="poster-guest")["token"]
    async with windows.opened(chromium, demo.url, language="en", token=token) as window:
        await windows.go(window, poster(demo, "mirrored"))
        await window.page.get_by_role("button", name="Get my card").click()
        await window.page.wait_for_url(CARD)
        cards = user_asks(demo.url, token, "GET", "/v1/cards")["items"]
        assert [card["shop_name"] for card in cards] == ["Maison Verte"]


async def test_a_browser_inside_an_app_is_shown_the_way_out(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(
        chromium, demo.url, language="en", user_agent=INSTAGRAM, permissions=["clipboard-read"]
    ) as window:
        page = window.page
        await windows.go(window, poster(demo))
        await expect(page.get_by_text("Open this page in Safari")).to_be_visible()
        await windows.assert_accessible(page)
        copies = page.get_by_role("button", name="Copy the address")
        assert (await copies.get_attribute("data-copy") or "").endswith(poster(demo))


async def test_the_page_is_light_and_says_the_programs_terms(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        assert await windows.transferred(window, poster(demo)) <= BYTES_MAX
        await expect(window.page.get_by_text("Terms")).to_be_visible()


async def test_an_unknown_program_is_no_page(chromium: Browser, demo: RunningDemo) -> None:
    async with windows.opened(chromium, demo.url, language="en", allowed=("404",)) as window:
        await windows.go(window, "/join/nobody", status=404)


async def test_the_claim_link_of_a_mail_puts_the_card_into_a_wallet_once(
    chromium: Browser, demo: RunningDemo
) -> None:
    body = {"email": "claimer@example.org"}
    path = f"/v1/programs/{keys_of(demo).programs['hosted']}/join"
    joined = user_asks(demo.url, "", "POST", path, body, key="claim-link")
    async with windows.opened(chromium, demo.url, language="en", allowed=("404",)) as window:
        page = window.page
        await windows.go(window, f"/claim#{joined['claim_token']}")
        assert "#" not in page.url  # neither the address bar nor the history keeps it
        await page.get_by_role("button", name="Put it in my wallet").click()
        await page.wait_for_url(CARD)
        assert joined["card"]["id"] in page.url
        await windows.go(window, "/claim")
        await expect(page.get_by_role("heading", name="This link is not complete")).to_be_visible()
    async with windows.opened(chromium, demo.url, language="en", allowed=("404",)) as window:
        await windows.go(window, f"/claim#{joined['claim_token']}")
        await window.page.get_by_role("button", name="Put it in my wallet").click()
        await expect(window.page.locator("#accept-fault")).to_contain_text("was used already")
