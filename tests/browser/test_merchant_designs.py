"""A shop owner who has never seen an API: signs up, has a program, redesigns it, prints a poster."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import zxingcpp
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, expect

from app.sandbox.pkpass_reader import OpenedPass, look_into
from tests.browser import windows
from tests.browser.people import signed_in, user_asks
from tests.sandbox.demo_server import RunningDemo
from tests.web.test_posters import painted

WAIT = 15_000  # milliseconds: the server draws a preview while other tests use the machine


def logo() -> bytes:
    """Draw a photograph's stand-in: wide, so that a strip is cut out of it."""
    out = BytesIO()
    image = Image.new("RGB", (1600, 1200), "#c4622d")
    ImageDraw.Draw(image).ellipse((300, 100, 1300, 1100), fill="#ffe3b0")
    image.save(out, "PNG")
    return out.getvalue()


async def name_of(page: Page, slot: str) -> str:
    """Read a card's name off a phone of the preview."""
    return await page.locator(f'[data-slot="{slot}"] .side:visible .pass-name').inner_text()


def pass_of(url: str, card: dict[str, Any]) -> OpenedPass:
    """Fetch the pass of who joined from the poster."""
    answer = httpx2.get(
        f"{url}/v1/cards/{card['card']['id']}/apple.pkpass",
        headers={"Authorization": f"Bearer {card['claim_token']}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return look_into(answer.content)


async def saved(page: Page, *, changed: bool = True) -> None:
    """Wait until the draft is kept."""
    text = "not published yet" if changed else "in force"
    await expect(page.locator("#draft-state")).to_contain_text(text)


async def test_a_shop_owner_designs_publishes_and_prints_in_ten_minutes(
    chromium: Browser, demo: RunningDemo, tmp_path: Path
) -> None:
    token = signed_in(demo.url, "baker@example.org")
    async with windows.opened(
        chromium, demo.url, size=windows.DESKTOP, language="en", token=token, allowed=("400",)
    ) as window:
        page = window.page
        await windows.go(window, "/merchant")  # leads to the start: he has no shop yet
        await page.get_by_label("Name of the shop").fill("Boulangerie Lune")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/merchant/new")
        await page.get_by_label("Stamps").check()
        await page.get_by_label("The card is full with").fill("8")
        await page.get_by_role("button", name="Make the program").click()
        await page.wait_for_url("**/merchant/p/boulangerie-lune*")
        await expect(page.locator('[data-slot="apple"] .pass:visible')).to_contain_text("Stamps")
        joined = user_asks(demo.url, "", "POST", "/v1/programs/boulangerie-lune/join", {})
        assert pass_of(demo.url, joined).document["organizationName"] == "Boulangerie Lune"

        # Colours, texts and a picture are seen on both phones before anybody else sees them.
        await page.get_by_label("Background", exact=True).fill("#fff3d6")
        await expect(page.locator("#warnings")).to_contain_text("hard to read")
        await page.get_by_label("Figures and texts", exact=True).fill("#4a2500")
        await page.get_by_label("Labels", exact=True).fill("#6b3d00")
        await expect(page.locator("#warnings")).not_to_contain_text("hard to read")
        await page.get_by_label("Name of the program").fill("Lune & Croissants")
        await page.locator('[data-role="strip"]').set_input_files(
            {"name": "photo.png", "mimeType": "image/png", "buffer": logo()}
        )
        await page.get_by_label("Zoom").fill("150")
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Take the picture").click()
        await expect(page.locator('[data-slot="apple"] .pass:visible .pass-strip')).to_be_visible()
        assert await name_of(page, "apple") == await name_of(page, "android") == "Lune & Croissants"
        await page.get_by_role("radio", name="Back").check()
        await expect(page.locator('[data-slot="apple"] .back:visible')).to_contain_text("8 stamps")
        await page.get_by_role("radio", name="FR", exact=True).check()
        await expect(page.locator('[data-slot="apple"] .back:visible')).to_contain_text("8 tampons")
        await windows.keep_picture(page, "designed")
        await saved(page)

        # A fault is said at its field, and nothing is lost by a reload.
        await page.get_by_label("Pattern of the numbers").fill("(")
        fault = page.locator("#pattern-fault")
        await expect(fault).not_to_be_empty()
        await page.get_by_label("Pattern of the numbers").fill("")
        await expect(fault).to_be_empty()
        await page.reload()
        await expect(page.get_by_label("Name of the program")).to_have_value("Lune & Croissants")
        await saved(page)

        await page.get_by_role("link", name="Publish…").click()
        await expect(page.locator("#parts")).to_contain_text("Pictures")
        await page.get_by_role("button", name="Publish now").click()
        await expect(page.get_by_role("heading", name="It is published")).to_be_focused()
        found = user_asks(demo.url, token, "GET", "/v1/partner/programs")["items"][0]
        assert found["name"] == "Lune & Croissants" and "strip" in found["images"]
        assert found["design"]["background_color"] == "#fff3d6" and found["version"] == 2
        redrawn = pass_of(demo.url, joined)  # what a phone pulls once it is told
        assert redrawn.document["organizationName"] == "Lune & Croissants"
        assert redrawn.document["backgroundColor"] == "rgb(255, 243, 214)"
        assert "strip@2x.png" in redrawn.files

        await (
            page.get_by_role("region", name="It is published")
            .get_by_role("link", name="Poster")
            .click()
        )
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="Download the PDF A6").click()
        file = tmp_path / "poster.pdf"
        await (await waiting.value).save_as(file)
        read = zxingcpp.read_barcodes(painted(file.read_bytes(), "a6"))
        assert [it.text for it in read] == [found["join_url"]]


async def test_rules_are_written_by_forms_and_as_json_and_judged_before_they_count(
    chromium: Browser, demo: RunningDemo
) -> None:
    token = signed_in(demo.url, "grocer@example.org")
    user_asks(demo.url, token, "POST", "/v1/merchants", {"name": "Epicerie"}, key="epicerie")
    async with windows.opened(
        chromium, demo.url, size=windows.DESKTOP, language="en", token=token, allowed=("400",)
    ) as window:
        page = window.page
        await windows.go(window, "/merchant/new")
        await page.get_by_role("button", name="Make the program").click()
        await page.wait_for_url("**/merchant/p/epicerie*")
        await windows.go(window, "/merchant/p/epicerie/rules")
        json = page.get_by_role("textbox", name="The same rules as JSON")
        earn = page.locator('[data-part="earn"]')
        await earn.get_by_label("Units earned").fill("3")
        await expect(json).to_have_value(re.compile(r'"points": 3'))
        await page.get_by_role("button", name="Add a tier").click()
        await expect(json).to_have_value(re.compile(r'"agg": "net_amount"'))
        await expect(page.locator("#verdict")).to_contain_text("can be published", timeout=WAIT)
        # What is wrong is said where it stands, also when it was written as JSON.
        right = await json.input_value()
        await json.fill(right.replace('"points": 3', '"points": 0'))
        await expect(earn.locator(".fault").filter(has_text="1")).to_be_visible()
        await windows.assert_accessible(page)
        await json.fill("{")
        await expect(page.locator("#json-fault")).to_contain_text("cannot be read")
        await json.fill(right)
        await expect(page.locator("#verdict")).to_contain_text("can be published", timeout=WAIT)
        await expect(earn.get_by_label("Units earned")).to_have_value("3")

        # A shorter life of points needs to be meant.
        await page.locator('[data-part="units"]').get_by_label("Expire after").fill("6")
        await saved(page)
        await page.get_by_role("link", name="Publish…").click()
        await expect(page.locator("#warnings")).to_contain_text("tick the box above")
        await page.get_by_label("Yes, shorten their life").check()
        await expect(page.locator("#figures")).to_contain_text("Cards counted")
        await windows.assert_accessible(page)
        await windows.keep_picture(page, "publishing")
        await page.get_by_role("button", name="Publish now").click()
        await expect(page.get_by_role("heading", name="It is published")).to_be_visible()
        found = user_asks(demo.url, token, "GET", "/v1/partner/programs")["items"][0]
        assert found["rules"]["units"][0]["expiry"]["after"] == "P6M"
        assert found["rules"]["version"] == 2 and found["effective_from"] > found["updated_at"]


async def test_each_template_makes_a_program_by_keyboard_alone(
    chromium: Browser, demo: RunningDemo
) -> None:
    token = signed_in(demo.url, "keyboard@example.org")
    user_asks(demo.url, token, "POST", "/v1/merchants", {"name": "Kiosk"}, key="kiosk")
    async with windows.opened(chromium, demo.url, language="en", token=token) as window:
        page = window.page
        for kind in ("Points", "Stamps", "Cashback", "My till counts already"):
            await windows.go(window, "/merchant/new")
            await page.get_by_role("radio", name=kind).focus()
            await page.keyboard.press("Space")
            await page.get_by_label("Name of the program").focus()
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/merchant/p/*")
            await expect(page.locator('[data-slot="android"] .pass:visible')).to_be_visible()
            await expect(page.locator("#verdict")).not_to_contain_text("fault")
        await windows.assert_accessible(page)
        await windows.assert_nothing_sticks_out(page)
        await windows.keep_picture(page, "designed-on-a-phone")
    made = user_asks(demo.url, token, "GET", "/v1/partner/programs")["items"]
    assert [it["authority"] for it in made] == ["ledger", "ledger", "ledger", "merchant"]
