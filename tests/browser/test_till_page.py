"""The till in a browser: scanner, double presses, two tills, no network, moves, training."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page, expect

from app.clock import SystemClock, rfc3339
from tests.browser import windows
from tests.browser.people import keys_of, user_asks
from tests.browser.windows import Language, Theme, Window
from tests.sandbox.demo_server import RunningDemo

OFFLINE = ("Failed to load resource", "net::ERR", "404", "409")


# What is typed, and the minor units it means; null: it may mean two things, or none.
AMOUNTS = """async () => {
  const url = performance.getEntriesByType("resource").find((one) => one.name.endsWith("till-money.js")).name;
  const { minorOf } = await import(url);
  for (const [text, currency, wanted] of [
    ["12,50", "EUR", 1250], ["12.5", "EUR", 1250], ["0,1", "EUR", 10], [" 1\u202f234,5 ", "EUR", 123450],
    ["1.234,56", "EUR", 123456], ["1,234.56 €", "EUR", 123456], ["12.345", "EUR", null], ["1,2,3", "EUR", null],
    ["-5", "EUR", null], ["1e3", "EUR", null], ["12,345", "EUR", null], ["", "EUR", null], [",", "EUR", null],
    ["8,21", "EUR", 821], ["1.10", "EUR", 110], ["4,35", "EUR", 435], ["500", "JPY", 500], ["5,5", "JPY", null],
    ["1.005", "KWD", null], ["90071992547409.91", "EUR", 9007199254740991], ["90071992547409.92", "EUR", null],
  ]) {
    const found = minorOf(text, currency);
    if (found !== wanted) throw new Error(`${text}: ${found}, not ${wanted}`);
  }
}"""


# Ends once the till's page stands in its cache with its files.
KEPT = """async () => {
  const isKept = async () => (await caches.has("till"))
    && (await (await caches.open("till")).match("/till", { ignoreVary: true }));
  while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 50));
}"""


class Shop(msgspec.Struct, frozen=True):
    """The demo's merchant, as these tests need it."""

    url: str
    key: str
    program: str

    def card(self, number: str, name: str, *, minor: int = 0) -> str:
        """Enrol somebody who has bought for so much."""
        path = f"/v1/partner/programs/{self.program}/cards"
        body = {"number": number, "display_name": name}
        made = user_asks(self.url, self.key, "POST", path, body, key=f"card-{number}")
        if minor:
            self.buys(made["id"], f"before-{number}", minor)
        return str(made["id"])

    def buys(self, card: str, ticket: str, minor: int) -> None:
        """Sell to a card by the merchant's own system."""
        body = {"id": ticket, "card_id": card, "amount_minor": minor, "occurred_at": _now()}
        user_asks(self.url, self.key, "POST", "/v1/checkout/tickets", body, key=ticket)

    def points(self, number: str) -> int:
        """Return the points of a card."""
        path = f"/v1/partner/programs/{self.program}/cards/{number}"
        return int(user_asks(self.url, self.key, "GET", path)["balances"][0]["value"])

    def code(self, name: str) -> str:
        """Make a till and return the code that pairs it."""
        body = {"name": name, "location_id": "paris"}
        return str(
            user_asks(self.url, self.key, "POST", "/v1/partner/tills", body, key=name[-1])["code"]
        )


def _now() -> str:
    return rfc3339(SystemClock().wall())


@pytest.fixture(scope="module")
def maison(demo: RunningDemo) -> Shop:
    keys = keys_of(demo)
    return Shop(demo.url, keys.merchant_key, keys.programs["hosted"])


@contextlib.asynccontextmanager
async def till(
    chromium: Browser,
    shop: Shop,
    name: str,
    *,
    language: Language = "en",
    theme: Theme = "light",
    size: tuple[int, int] = windows.PHONE,
    **more: Any,
) -> AsyncIterator[Window]:
    """Open a till and pair it as a person does."""
    async with windows.opened(
        *(chromium, shop.url),
        language=language,
        theme=theme,
        size=size,
        allowed=OFFLINE,
        **more,
    ) as window:
        code = shop.code(name)
        await windows.go(window, "/till")
        await window.page.locator("#pair-code").fill(code.lower())
        await window.page.locator("#pair-form button").dblclick()
        await expect(window.page.locator("#till-name")).to_have_text(name)
        yield window


async def scan(page: Page, number: str) -> None:
    """Type as a scanner does, wherever the focus is."""
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")


async def kept_by(context: BrowserContext, page: Page) -> int:
    """Count what waits on the device."""
    return int(
        await page.evaluate(
            """() => new Promise((done) => {
            const asked = indexedDB.open("portecarte-till", 1);
            asked.onsuccess = () => {
              const count = asked.result.transaction("queue").objectStore("queue").count();
              count.onsuccess = () => { asked.result.close(); done(count.result); };
            };
          })"""
        )
    )


async def test_from_the_scan_to_the_sale_with_every_press_doubled(
    chromium: Browser, maison: Shop
) -> None:
    maison.card("T1001", "Ana Martin", minor=12_000)
    other = maison.card("T1002", "Bob Durand")
    assert other
    async with till(chromium, maison, "Till A") as window:
        page = window.page
        await expect(page.locator("#scan")).to_be_focused()
        await windows.keep_picture(page, "till-ready")
        await scan(page, "T1001")
        await expect(page.locator("#who")).to_have_text("Ana Martin")
        await expect(page.locator("#balances")).to_contain_text("Points")
        await expect(page.locator("#vouchers .voucher")).to_have_count(1)
        await page.locator("#amount").fill("12,50")
        await expect(page.locator("#reasons")).to_contain_text("Earns 12 Points")
        await page.locator(".stamp").dblclick()
        await expect(page.locator("#reasons")).to_contain_text("2 Stamps")
        await windows.keep_picture(page, "till-sale")
        await windows.assert_accessible(page)
        await windows.assert_nothing_sticks_out(page)
        before = maison.points("T1001")
        await page.locator("#sell").dblclick()
        await expect(page.locator("#done-title")).to_have_text("Sale kept · Ana Martin")
        await windows.keep_picture(page, "till-done")
        await windows.assert_accessible(page)
        assert maison.points("T1001") == before + 12
        await page.locator("#wrong-card").dblclick()
        await expect(page.locator("#moving-text")).to_contain_text("12.50")
        await windows.keep_picture(page, "till-move")
        await scan(page, "T1002")
        await expect(page.locator("#done-title")).to_have_text("Sale moved · Bob Durand")
        assert (maison.points("T1001"), maison.points("T1002")) == (before, 12)
        await page.locator("#undo").dblclick()
        await expect(page.locator("#said")).to_contain_text("Sale undone")
        assert maison.points("T1002") == 0
        # A slow scanner's number is no amount either.
        await scan(page, "T1001")
        await page.locator("#amount").fill("4006381333931")
        await page.locator("#sell").click()
        await expect(page.locator("#said")).to_contain_text("sell there")
        await page.evaluate(AMOUNTS)
        # A scanner's burst into the amount is the next customer, not money.
        await scan(page, "T1001")
        await page.locator("#amount").fill("9")
        await page.locator("#amount").focus()
        await scan(page, "T1002xx")
        await expect(page.locator("#said")).to_contain_text("unknown")
        await page.locator("#day-open").click()
        await expect(page.locator("#sales li")).to_have_count(2)
        await page.locator("#day [data-close]").click()
        # A part of a sale comes back; a large burn asks for the code that counts once.
        await page.route("**/v1/checkout/holds", _asks_for_proof, times=1)
        await scan(page, "T1001")
        await page.locator("#amount").fill("8")
        await page.locator("#burn-choices input").nth(1).check()
        await page.locator("#burn-units").fill("100")
        await page.locator("#sell").click()
        await expect(page.locator("#proof")).to_be_visible()
        await windows.keep_picture(page, "till-proof")
        await scan(page, "T1001")
        await expect(page.locator("#said")).to_contain_text("Presence proven")
        await page.locator("#sell").dblclick()
        await expect(page.locator("#done-reasons")).to_contain_text("Spent: 100 Points")
        assert maison.points("T1001") == before - 100 + 7
        await page.locator("#day-open").click()
        part = page.locator("#sales li").first
        await part.get_by_role("button", name="A part…").click()
        await part.get_by_label("Amount to take back").fill("3,00")
        await part.get_by_role("button", name="Take this back").dblclick()
        await expect(page.locator("#sales li").first).to_contain_text("taken back €3.00")
        assert maison.points("T1001") == before - 100 + 4
        await windows.keep_picture(page, "till-day")
        await windows.assert_accessible(page)


async def test_units_and_vouchers_are_spent_once_by_two_tills(
    chromium: Browser, maison: Shop
) -> None:
    maison.card("T2001", "Chloé Petit", minor=20_000)
    async with (
        till(chromium, maison, "Till B", language="fr", theme="dark") as one,
        till(chromium, maison, "Till C", size=windows.DESKTOP) as two,
    ):
        for window in (one, two):
            await scan(window.page, "T2001")
            await window.page.locator(".voucher").click()
            await window.page.locator("#amount").fill("20")
        await one.page.locator("#burn-choices input").nth(1).check()
        await one.page.locator("#burn-units").fill("100")
        await expect(one.page.locator("#pay-amount")).to_contain_text("14,00")
        await windows.keep_picture(one.page, "till-spend-dark-fr")
        await windows.keep_picture(two.page, "till-sale-desk")
        for window in (one, two):
            await windows.assert_accessible(window.page)
            await windows.assert_nothing_sticks_out(window.page)
        await one.page.locator("#sell").click()
        await expect(one.page.locator("#done-title")).to_contain_text("Vente enregistrée")
        await two.page.locator("#sell").click()
        await expect(two.page.locator("#done-flags")).to_contain_text("another till")
        await windows.keep_picture(two.page, "till-flag-desk")
    assert maison.points("T2001") == 200 - 100 + 19 + 20


async def test_without_network_the_sale_goes_on_and_arrives_once(
    chromium: Browser, maison: Shop
) -> None:
    maison.card("T3001", "Dora Blanc")
    async with till(chromium, maison, "Till D") as window:
        page, context = window.page, window.context
        await page.evaluate(KEPT)
        await scan(page, "T3001")
        await page.locator("#amount").fill("30")
        await context.set_offline(True)  # in the middle of a sale
        await page.locator("#sell").dblclick()
        await expect(page.locator("#done-title")).to_have_text("Sale kept on this till")
        await windows.keep_picture(page, "till-kept")
        assert await kept_by(context, page) == 1
        await page.reload()  # and the till is started anew without network
        await expect(page.locator("#till-name")).to_have_text("Till D")
        await scan(page, "T3001")
        await expect(page.locator("#who")).to_have_text("Card to be recognised later")
        await page.locator("#amount").fill("5.00")
        await page.locator("#sell").click()
        await expect(page.locator("#network")).to_contain_text("2 sales to send")
        await windows.keep_picture(page, "till-offline")
        assert maison.points("T3001") == 0
        await context.set_offline(False)
        await expect(page.locator("#network")).to_have_text("Online")
        assert maison.points("T3001") == 35
        # An answer that is lost: the ticket went out, and goes out again under its own id.
        await scan(page, "T3001")
        await page.locator("#amount").fill("7")
        await page.route("**/v1/checkout/tickets", _lost)
        await page.locator("#sell").click()
        await expect(page.locator("#done")).to_be_visible()
        await expect(page.locator("#done-title")).to_have_text("Sale kept on this till")
        assert maison.points("T3001") == 42
        await page.unroute("**/v1/checkout/tickets")
        await page.evaluate("() => dispatchEvent(new Event('online'))")
        await expect(page.locator("#network")).to_have_text("Online")
        assert maison.points("T3001") == 42
        # Loyalty that is slow stops no sale.
        await page.route("**/v1/checkout/quotes", lambda route: None)
        await scan(page, "T3001")
        await page.locator("#amount").fill("1")
        await expect(page.locator("#reasons")).to_contain_text("Sell without waiting")
        await page.locator("#sell").click()
        await expect(page.locator("#done")).to_be_visible()
        await expect(page.locator("#done-title")).to_contain_text("Sale kept · Dora Blanc")
        await page.unroute_all(behavior="ignoreErrors")


async def _asks_for_proof(route: Any) -> None:
    problem = {"status": 409, "code": "proof-needed", "title": "", "detail": ""}
    await route.fulfill(status=409, json=problem, content_type="application/problem+json")


async def _lost(route: Any) -> None:
    await route.fetch()
    with contextlib.suppress(Error):  # the till has waited long enough and let go itself
        await route.abort()


async def test_training_search_receipts_and_revocation(chromium: Browser, maison: Shop) -> None:
    maison.card("T4001", "Emil Zanzibar")
    async with till(chromium, maison, "Till E", size=windows.DESKTOP) as window:
        page = window.page
        await page.locator("#more-open").click()
        await page.locator("#training").check()
        await page.locator("#more [data-close]").click()
        await expect(page.locator("#training-banner")).to_be_visible()
        await page.locator("#find-open").click()
        await page.locator("#find-text").fill("zanz")
        await page.keyboard.press("Enter")
        await page.locator("#hits button").click()
        await expect(page.locator("#who")).to_have_text("Emil Zanzibar")
        await page.locator("#amount").fill("50")
        await expect(page.locator("#reasons")).to_contain_text("Earns 50 Points")
        await page.locator("#sell").click()
        await expect(page.locator("#done-earned")).to_contain_text("Would have earned 50")
        await windows.keep_picture(page, "till-training")
        await windows.assert_accessible(page)
        assert maison.points("T4001") == 0
        await page.locator("#training-banner button").click()
        await page.locator("#bare-open").click()
        await page.locator("#amount").fill("10")
        await page.locator("#sell").dblclick()
        await expect(page.locator("#slip-code svg")).to_be_visible()
        await windows.keep_picture(page, "till-receipt")
        await windows.assert_accessible(page)
        await page.emulate_media(media="print")
        await expect(page.locator("#print")).to_be_hidden()
        await windows.keep_picture(page, "till-receipt-printed")
        await page.emulate_media(media="screen")
        tills = user_asks(maison.url, maison.key, "GET", "/v1/partner/tills?limit=100")["items"]
        mine = next(each for each in tills if each["name"] == "Till E")
        user_asks(maison.url, maison.key, "DELETE", f"/v1/partner/tills/{mine['id']}")
        window.faults.clear()
        await page.locator("#receipt-next").click()
        await scan(page, "T4001")
        await expect(page.locator("#pair-fault")).to_contain_text("revoked")
        assert json.dumps(await window.context.storage_state()).find("pct_") == -1
        window.faults[:] = [fault for fault in window.faults if "401" not in fault]


async def test_a_receipts_code_is_claimed_on_the_card_that_joins(
    chromium: Browser, demo: RunningDemo, maison: Shop
) -> None:
    body = {"id": "bare-1", "occurred_at": _now(), "amount_minor": 2_300}
    body["program"] = maison.program  # other tests give the shop more of them
    token = keys_of(demo).till_token
    made = user_asks(maison.url, token, "POST", "/v1/checkout/receipt-codes", body, key="bare")
    address = made["url"].partition("/receipt/")[2]
    async with windows.opened(chromium, maison.url, language="en", allowed=OFFLINE) as window:
        page = window.page
        await windows.go(window, f"/receipt/{address}")
        await expect(page.locator("#none")).to_be_visible()
        await page.locator("#none a").click()
        await page.locator("#go").click()
        await expect(page.locator("#after")).to_be_visible()
        await windows.go(window, f"/receipt/{address.partition('#')[0]}")
        await expect(page.locator("#code")).to_have_value(made["code"])
        await page.locator("#go").dblclick()
        await expect(page.locator("#entries")).to_contain_text("23")
        await windows.assert_accessible(page)
        await windows.keep_picture(page, "receipt-claimed")
