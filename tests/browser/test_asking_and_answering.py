"""What a shop asks who joins, what he takes back later, and points that he says are missing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from app.sandbox.demo import OWNER_EMAIL
from tests.browser import windows
from tests.browser.people import keys_of, signed_in, user_asks
from tests.browser.windows import DESKTOP, PHONE, Language
from tests.partners.hosted_shop import PROGRAM
from tests.sandbox.demo_server import RunningDemo

ENROLMENT: dict[str, Any] = {
    "fields": [
        {"key": "name", "required": True},
        {"key": "birthday", "required": True},
        {"key": "phone"},
        {"key": "email"},
    ],
    "consents": [
        {"key": "data", "required": True, "text": {
            "fr": "Le Café garde mes achats pour compter mes points.",
            "en": "The café keeps my purchases, to count my points."}},
        {"key": "promotions", "text": {
            "fr": "Je veux bien recevoir ses offres.", "en": "I would like to get its offers."}},
    ],
}  # fmt: skip
NOTICE = {"fr": "Merci pour ces années !", "en": "Thank you for these years!"}


def published(demo: RunningDemo, name: str) -> str:
    """Publish a program that asks; return its id."""
    settings = {"enrolment": ENROLMENT}
    body = PROGRAM | {"name": name, "settings": settings, "languages": ["fr", "en"]}
    key = keys_of(demo).merchant_key
    once = name.replace(" ", "-")
    made = user_asks(demo.url, key, "POST", "/v1/partner/programs", body, key=once)
    return str(made["id"])


async def looked_at(page: Page, name: str) -> None:
    """Judge the page as it is, light and dark."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await windows.keep_picture(page, f"{name}-{theme}")
        await windows.assert_nothing_sticks_out(page)
        await windows.assert_accessible(page)
    await page.emulate_media(color_scheme="light")


async def test_joining_says_at_its_place_what_is_needed_and_ticks_nothing_by_itself(
    chromium: Browser, demo: RunningDemo
) -> None:
    program = published(demo, "Asking in English")
    async with windows.opened(chromium, demo.url, language="en", size=PHONE) as window:
        page = window.page
        await windows.go(window, f"/join/{program}")
        assert await page.locator("input[type=checkbox]:checked").count() == 0
        go = page.get_by_role("button", name="Get my card")
        await go.click()
        await expect(page.locator("#name-fault")).to_have_text("Needed to have the card.")
        await page.locator("#name").fill("Ana")
        await page.locator("#day").select_option("31")
        await page.locator("#month").select_option("4")
        await go.click()
        await expect(page.locator("#birthday-fault")).to_contain_text("a day that exists")
        await page.locator("#month").select_option("5")
        await go.click()
        await expect(page.locator("#consents-fault")).to_contain_text("Without this consent")
        await looked_at(page, "join-asks")
        await page.get_by_label("The café keeps my purchases").check()
        async with page.expect_request("**/join") as request:
            await go.click()
        assert (await request.value).post_data_json == {
            "display_name": "Ana",
            "birthday": "05-31",
            "consents": ["data"],
        }
        await expect(page.get_by_role("heading", name="Your card is ready")).to_be_visible()


async def test_a_holder_withdraws_asks_for_points_and_reads_the_answer(
    chromium: Browser, demo: RunningDemo
) -> None:
    program, key = published(demo, "Asking and answering"), keys_of(demo).merchant_key
    who = {"display_name": "Ana", "birthday": "05-31", "consents": ["data", "promotions"]}
    token = user_asks(demo.url, "", "POST", "/v1/guests", {"language": "en"}, key="ask")["token"]
    joined = user_asks(demo.url, "", "POST", f"/v1/programs/{program}/join", who, key="a-join")
    claim = {"claim_token": joined["claim_token"]}
    card = user_asks(demo.url, token, "POST", "/v1/claims", claim)["id"]
    async with windows.opened(
        chromium, demo.url, language="en", size=DESKTOP, token=token
    ) as window:
        page = window.page
        await windows.go(window, f"/cards/{card}")
        offers = page.get_by_label("I would like to get its offers")
        await expect(offers).to_be_checked()
        await offers.uncheck()
        await expect(page.get_by_text("Withdrawn on")).to_be_visible()
        account = user_asks(demo.url, key, "GET", f"/v1/partner/programs/{program}/cards/{card}")
        withdrawn = {each["key"]: each["withdrawn_at"] for each in account["consents"]}
        assert withdrawn["data"] is None and withdrawn["promotions"] is not None

        await page.get_by_role("button", name="My points are missing").click()
        form = page.locator("#missing-form")
        await form.get_by_role("button", name="Send").click()
        await expect(page.locator("#missing-fault")).to_contain_text("Write the number")
        await form.get_by_label("Receipt number").fill("R-17")
        await form.get_by_label("Amount").fill("29,95")
        await looked_at(page, "missing-asks")
        await form.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Waiting for an answer")).to_be_visible()
        queue = f"/v1/partner/programs/{program}/missing-points"
        (asked,) = user_asks(demo.url, key, "GET", queue)["items"]
        assert (asked["receipt"], asked["amount_minor"]) == ("R-17", 2995)
        answer = {"unit": "pts", "units": 58, "reason": "The till was offline"}
        user_asks(demo.url, key, "POST", f"{queue}/{asked['id']}/adjust", answer, key="yes")
        # the page follows by itself: both lists tell it
        await expect(page.get_by_text("+58 Points. The till was offline")).to_be_visible()
        await expect(page.locator("#history")).to_contain_text("The till was offline")
        await looked_at(page, "missing-answered")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_an_announced_end_stands_on_the_pages(
    chromium: Browser, demo: RunningDemo, language: Language
) -> None:
    program, key = published(demo, f"Ending {language}"), keys_of(demo).merchant_key
    ending = {"last_day": "2035-12-31", "notice": NOTICE}
    user_asks(demo.url, key, "POST", f"/v1/partner/programs/{program}/ending", ending, key=program)
    async with windows.opened(chromium, demo.url, language=language) as window:
        await windows.go(window, f"/join/{program}")
        await expect(window.page.get_by_text(NOTICE[language])).to_be_visible()
        await looked_at(window.page, f"join-ends-{language}")


async def test_the_owner_sets_what_is_asked_and_announces_an_end(
    chromium: Browser, demo: RunningDemo
) -> None:
    program, key = published(demo, "Set by its owner"), keys_of(demo).merchant_key
    path, owner = f"/v1/partner/programs/{program}", signed_in(demo.url, OWNER_EMAIL)
    async with windows.opened(chromium, demo.url, language="en", token=owner) as window:
        page = window.page
        await windows.go(window, f"/merchant/p/{program}/joining")
        await page.get_by_label("Phone number").select_option("must")
        await page.locator("#promotions-en").fill("Offers, please.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved")).to_be_visible()
        enrolment = user_asks(demo.url, key, "GET", path)["settings"]["enrolment"]
        assert {"key": "phone", "required": True} in enrolment["fields"]
        kept = {each["key"]: each for each in enrolment["consents"]}
        assert kept["promotions"]["text"]["en"] == "Offers, please."
        assert kept["data"]["required"] and not kept["promotions"]["required"]
        await page.get_by_label("Last day").fill("2035-12-31")
        await page.locator("#notice-fr").fill(NOTICE["fr"])
        await page.get_by_role("button", name="Announce the end").click()
        sure = page.locator("#sure")
        await expect(sure).to_contain_text("December 31, 2035")
        await sure.get_by_role("button", name="Announce the end").click()
        await expect(page.get_by_role("button", name="Take the end back")).to_be_visible()
        assert user_asks(demo.url, key, "GET", path)["ending"]["last_day"] == "2035-12-31"
        await page.get_by_role("button", name="Take the end back").click()
        await expect(page.get_by_role("button", name="Take the end back")).to_be_hidden()
        assert user_asks(demo.url, key, "GET", path)["ending"] is None
