"""Adding a card in a real browser: typed, photographed, seen by the camera, pasted as a link."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.async_api import Browser, Page, expect

from passes.barcode import draw_png
from tests.browser import windows
from tests.browser.camera import NUMBER
from tests.browser.windows import Window
from tests.sandbox.demo_server import RunningDemo

TYPED = "3017620422003"  # right; …004 is not
CARD = "**/cards/card_*"


async def fill(page: Page, shop: str, number: str | None = None) -> None:
    await page.get_by_label("Shop", exact=True).fill(shop)
    if number is not None:
        await page.get_by_label("Number on the card").fill(number)


async def added(window: Window) -> dict[str, Any]:
    """Press the button; return the card as the wallet has it then."""
    page = window.page
    await page.get_by_role("button", name="Add the card", exact=True).click()
    await page.wait_for_url(CARD)
    text = await page.evaluate(
        "async (id) => (await fetch(`/v1/cards/${id}`)).text()", page.url.rsplit("/", 1)[1]
    )
    return dict(json.loads(text))


async def test_a_stranger_adds_a_card_in_three_touches_and_no_account(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/")
        await page.get_by_role("banner").get_by_role("link", name="Add a card").click()  # 1
        await page.get_by_label("Shop", exact=True).fill(
            "Boulangerie du Coin"
        )  # 2, then the tab key
        await page.keyboard.press("Tab")
        await page.keyboard.type(TYPED)
        await expect(page.locator("#seen-image")).to_be_visible()
        await expect(page.locator("#said-format")).to_have_text("Looks like EAN-13.")
        await windows.assert_accessible(page)
        card = await added(window)  # 3
        assert (card["shop_name"], card["number"]) == ("Boulangerie du Coin", TYPED)
        assert (card["barcode_format"], card["access"]) == ("EAN_13", "owner")


async def test_a_wrong_check_digit_is_explained_while_typing_and_nothing_repaired(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/add")
        await fill(page, "Monoprix", "3017620422004")
        flaw = page.locator("#flaw")
        await expect(flaw).to_contain_text("would end in 3, not 4")
        await expect(flaw).to_contain_text("it is kept as Code 128")
        await windows.assert_accessible(page)
        await fill(page, "Monoprix", TYPED[:-1])
        await flaw.get_by_role("button", name=f"Yes, {TYPED}").click()
        await expect(flaw).to_be_hidden()
        assert (await added(window))["number"] == TYPED


async def test_the_guessed_format_can_be_changed_and_the_code_is_drawn_again(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/add")
        await fill(page, "Library", "12345")
        await page.get_by_role("button", name="Change the kind of code").click()
        await page.get_by_label("Kind of code").select_option("ITF")
        flaw = page.locator("#flaw")
        await expect(flaw.get_by_role("button", name="Yes, 012345")).to_be_visible()
        await page.get_by_label("Kind of code").select_option("QR_CODE")
        await expect(flaw).to_be_hidden()
        card = await added(window)
        assert (card["number"], card["barcode_format"]) == ("12345", "QR_CODE")


async def test_a_bank_cards_number_is_refused_in_words(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en", allowed=("422",)) as window:
        await windows.go(window, "/add")
        await fill(window.page, "Shop", "4111 1111 1111 1111".replace(" ", ""))
        await expect(window.page.locator("#number-fault")).to_contain_text("bank card")


async def test_the_directory_is_searched_by_keyboard_and_a_live_shop_gives_a_new_card(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/add")
        shop = page.get_by_role("combobox", name="Shop", exact=True)
        await shop.press_sequentially("maison verte caf")
        option = page.get_by_role("option", name="Maison Verte Café")
        await expect(option).to_contain_text("Live")
        await windows.assert_accessible(page)
        await shop.press("ArrowDown")
        await shop.press("Enter")
        await expect(shop).to_have_value("Maison Verte Café")
        await page.get_by_role("button", name="Get a new card").click()
        await page.wait_for_url(CARD)
        await expect(page.get_by_role("heading", name="Maison Verte Café")).to_be_visible()


async def test_a_screenshot_is_read_and_shrunk_in_the_browser(
    chromium: Browser, demo: RunningDemo
) -> None:
    code = Image.open(BytesIO(draw_png("QR_CODE", "SHOP-42", scale=10)))
    screenshot, file = Image.new("RGB", (3000, 4000), "white"), BytesIO()
    screenshot.paste(code, (900, 1500))
    screenshot.save(file, "PNG")
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        sent: list[int] = []
        page.on(
            "request",
            lambda it: sent.append(len(it.post_data_buffer or b"")) if "/read" in it.url else None,
        )
        await windows.go(window, "/add")
        await page.locator("#picture").set_input_files(
            {"name": "shot.png", "mimeType": "image/png", "buffer": file.getvalue()}
        )
        await expect(page.get_by_label("Number on the card")).to_have_value("SHOP-42")
        await fill(page, "Kiosk")
        card = await added(window)
        assert (card["number"], card["barcode_format"]) == ("SHOP-42", "QR_CODE")
        assert len(sent) == 1


async def test_a_picture_without_a_code_leads_to_typing(
    chromium: Browser, demo: RunningDemo
) -> None:
    file = BytesIO()
    Image.new("RGB", (200, 200), "white").save(file, "PNG")
    async with windows.opened(chromium, demo.url, language="en", allowed=("422",)) as window:
        page = window.page
        await windows.go(window, "/add")
        await page.locator("#picture").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": file.getvalue()}
        )
        await expect(page.locator("#notice")).to_contain_text("No code was found")
        await expect(page.get_by_label("Number on the card")).to_be_focused()
        await page.locator("#picture").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture at all"}
        )
        await expect(page.locator("#notice")).to_contain_text("cannot be read")


async def test_the_cameras_frames_are_read_by_the_server(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(
        chromium, demo.url, language="en", permissions=["camera"], allowed=("422",)
    ) as window:
        page = window.page
        await windows.go(window, "/add")
        assert await page.evaluate("() => !('BarcodeDetector' in window)")
        await page.get_by_role("button", name="Scan the code").click()
        await expect(page.get_by_label("Number on the card")).to_have_value(NUMBER)
        await expect(page.locator("#camera")).to_be_hidden()
        await fill(page, "Market")
        card = await added(window)
        assert (card["number"], card["barcode_format"]) == (NUMBER, "EAN_13")


async def test_a_link_of_catimas_is_read_in_the_page_and_reaches_no_server(
    chromium: Browser, demo: RunningDemo
) -> None:
    fields = (
        "store=Caf%C3%A9+du+Port&note=10+%25&cardid=0012&barcodeid=998877&barcodetype=CODE_128"
        "&headercolor=-9977996&balance=12.50&balancetype=EUR&expiry=1798761600000"
    )
    link = "https://catima.app/share#" + quote(fields, safe="")
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        asked: list[str] = []
        page.on("request", lambda it: asked.append(it.url + (it.post_data or "")))
        await windows.go(window, "/add")
        await page.get_by_label("Paste a shared link").fill(link)
        await expect(page.get_by_label("Number on the card")).to_have_value("0012")
        card = await added(window)
        assert (card["shop_name"], card["number"], card["barcode_value"]) == (
            *("Café du Port", "0012", "998877"),
        )
        assert (card["note"], card["color"]) == ("10 %", "#67bf74")
        assert card["own_balance"] == {"value": "12.50", "currency": "EUR"}
        assert card["expires_at"].startswith("2027-01-01")
        assert not [it for it in asked if "headercolor" in it]


async def test_the_button_pressed_twice_adds_one_card(chromium: Browser, demo: RunningDemo) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, "/add")
        await fill(page, "Once", "40170725")
        await page.evaluate(
            "() => { const go = document.getElementById('go'); go.click(); go.click(); }"
        )
        await page.wait_for_url(CARD)
        count = await page.evaluate(
            "async () => (await (await fetch('/v1/cards')).json()).items.length"
        )
        assert count == 1


async def test_a_copy_of_a_card_in_a_link_of_ours_is_added_and_its_data_stay_here(
    chromium: Browser, demo: RunningDemo
) -> None:
    data = quote("store=Kiosk&note=&cardid=40170725&barcodetype=EAN_8", safe="")
    async with windows.opened(chromium, demo.url, language="en") as window:
        page = window.page
        await windows.go(window, f"/share#{data}")
        await page.wait_for_url("**/add")
        await expect(page.get_by_label("Number on the card")).to_have_value("40170725")
        card = await added(window)
        assert (card["shop_name"], card["barcode_format"]) == ("Kiosk", "EAN_8")
