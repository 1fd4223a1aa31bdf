"""The whole story: sign up, design, publish, poster, join, earn, burn, figures, a redesign."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import zxingcpp
from cryptography import x509
from playwright.async_api import Browser, expect

from app.ids import SystemRandomness
from app.sandbox.certificates import found_in
from app.sandbox.phone import Answer, Phone
from tests.browser import windows
from tests.browser.people import mailed_code
from tests.sandbox.demo_server import RunningDemo
from tests.web.test_posters import painted

WAIT = 15_000  # milliseconds: the server draws while other tests use the machine
TOLD_SECONDS = 20.0
OWNER = "iris@example.org"


def phone_of(demo: RunningDemo, client: httpx2.AsyncClient) -> Phone:
    """Return a simulated iPhone that trusts the demo's authority."""

    async def ask(method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = await client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    pem = found_in(demo.folder / "certs" / "dev").root.read_bytes()
    return Phone(ask, x509.load_pem_x509_certificate(pem), SystemRandomness())


async def pulled(phone: Phone, pass_type: str, wanted: str) -> str:
    """Ask as a pushed phone does until the pass says what is wanted; return its whole text."""
    end = time.monotonic() + TOLD_SECONDS
    while time.monotonic() < end:
        await phone.pushed(pass_type)
        document = str(next(iter(phone.wallet.values())).opened.document)
        if wanted in document:
            return document
    raise AssertionError(f"the pass never said {wanted!r}")


async def test_from_the_sign_up_to_a_redesign_on_the_phone(
    chromium: Browser, demo: RunningDemo, tmp_path: Path
) -> None:
    async with windows.opened(
        chromium, demo.url, size=windows.DESKTOP, language="en", allowed=("401",)
    ) as desk:
        page = desk.page
        # A shop owner signs up: an address, a code, a name.
        await windows.go(desk, "/merchant")
        await page.get_by_label("E-mail address").fill(OWNER)
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.get_by_label("The code from the mail")).to_be_focused()
        await page.keyboard.insert_text(mailed_code(demo.url, OWNER))
        await page.get_by_label("Name of the shop").fill("Chez Iris")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/merchant/new")
        await page.get_by_role("radio", name="Points").check()
        await page.get_by_role("button", name="Make the program").click()
        await page.wait_for_url("**/merchant/p/*")
        console = page.url.split("?")[0]

        # The poster leads to the page where its card is had.
        await page.goto(f"{console}/poster")
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Download the PDF A4").click()
        file = tmp_path / "poster.pdf"
        await (await waiting.value).save_as(file)
        (read,) = zxingcpp.read_barcodes(painted(file.read_bytes(), "a4"))

        async with windows.opened(chromium, demo.url, language="en") as street:
            await windows.go(street, read.text.removeprefix(demo.url))
            await street.page.get_by_role("button", name="Get my card").click()
            async with street.page.expect_download() as waiting:
                await street.page.get_by_role("button", name="Add to Apple Wallet").click()
            packed = tmp_path / "card.pkpass"
            await (await waiting.value).save_as(packed)
            number = await street.page.locator("#number").inner_text()

        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
            phone = phone_of(demo, client)
            held = await phone.add(packed.read_bytes())
            assert number in str(held.document)

            # A till is made, paired, and sells: points come and go.
            await page.goto(f"{demo.url}/merchant/tills")
            await page.get_by_label("Name").fill("Counter")
            if await page.locator("input#place").count():
                await page.locator("#place").fill("shop")
            await page.get_by_role("button", name="Create the till").click()
            await expect(page.locator("#made-code")).to_contain_text("-")
            code = await page.locator("#made-code").inner_text()
            async with windows.opened(
                chromium, demo.url, language="en", allowed=("Failed to load",)
            ) as till:
                await windows.go(till, "/till")
                await till.page.locator("#pair-code").fill(code)
                await till.page.locator("#pair-form button").click()
                await expect(till.page.locator("#till-name")).to_have_text("Counter")
                for amount, choice in (("150", None), ("20", 1)):
                    await till.page.keyboard.type(number)
                    await till.page.keyboard.press("Enter")
                    await expect(till.page.locator("#balances")).to_contain_text("Points")
                    await till.page.locator("#amount").fill(amount)
                    await expect(till.page.locator("#reasons")).to_contain_text("Earns")
                    if choice is not None:
                        await till.page.locator("#burn-choices input").nth(choice).check()
                    await till.page.locator("#sell").click()
                    await expect(till.page.locator("#done-title")).to_contain_text("Sale kept")
                    await expect(till.page.get_by_text("to send")).to_be_hidden()
                    await windows.keep_picture(till.page, f"story-till-{amount}")
                    await till.page.locator("#next").click()
            earned = await pulled(phone, held.pass_type, "'value': 12")

            # What happened stands in the figures.
            await page.goto(f"{console}/figures")
            await windows.keep_picture(page, "story-figures")
            await windows.assert_accessible(page)

            # A redesign reaches the phone that holds the card.
            await page.goto(console)
            await page.get_by_label("Name of the program").fill("Iris & Amis")
            await expect(page.locator("#draft-state")).to_contain_text("not published yet")
            await page.get_by_role("link", name="Publish…").click()
            await page.get_by_role("button", name="Publish now").click(timeout=WAIT)
            await expect(page.get_by_role("heading", name="It is published")).to_be_visible()
            assert "Iris & Amis" not in earned
            await pulled(phone, held.pass_type, "Iris & Amis")
