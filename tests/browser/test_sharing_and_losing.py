"""A card's page in a real browser: shared and revoked, put into wallets, issued again."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import httpx2
from playwright.async_api import Browser, Page, expect

from tests.browser import windows
from tests.browser.people import user_asks
from tests.sandbox.demo_server import RunningDemo

CARD = {"shop_name": "Kiosk", "number": "40170725"}


def own_card(demo: RunningDemo, key: str) -> tuple[str, str]:
    """Make a guest with a card; return his token and the card's id."""
    guest = user_asks(demo.url, "", "POST", "/v1/guests", {}, key=key)["token"]
    return guest, user_asks(demo.url, guest, "POST", "/v1/cards", CARD)["id"]


async def add_to_apple(page: Page) -> dict[str, Any]:
    """Touch the button; return the pass.json that the phone gets."""
    async with page.expect_download() as download:
        await page.locator("[data-wallet=apple]").click()
    path = await (await download.value).path()
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as zipped:
        found: dict[str, Any] = json.loads(zipped.read("pass.json"))
    return found


async def test_a_card_is_shared_from_its_page_and_revoked_there(
    chromium: Browser, demo: RunningDemo
) -> None:
    owner, card = own_card(demo, "share-owner")
    async with (
        windows.opened(chromium, demo.url, language="en", token=owner) as his,
        windows.opened(chromium, demo.url, language="en", allowed=("404",)) as hers,
    ):
        await windows.go(his, f"/cards/{card}")
        await his.page.locator("[data-act=share]").click()
        await his.page.get_by_label("Also use what is on it").check()
        await windows.assert_accessible(his.page)
        await his.page.get_by_role("button", name="Make the link").click()
        await expect(his.page.locator("#share-qr svg")).to_be_visible()
        await windows.assert_accessible(his.page)
        link = await his.page.locator("#share-url").input_value()
        assert re.fullmatch(r"http://\S+/share#\S{43}", link)

        await windows.go(hers, "/share#" + link.split("#")[1])
        await hers.page.get_by_role("button", name="Accept the card").click()
        await hers.page.wait_for_url(f"**/cards/{card}")
        await windows.go(hers, "/")
        tile = hers.page.locator(f".tile[data-card='{card}']")
        await expect(tile).to_be_visible()

        await windows.go(his, f"/cards/{card}")
        await his.page.locator("[data-act=share]").click()
        revoke = his.page.locator("#share-list button")
        await expect(revoke).to_have_count(1)
        await revoke.click()
        await expect(revoke).to_have_count(0)
        await expect(tile).to_have_count(0)  # her open page is told


async def test_a_lost_phones_pass_ends_and_the_new_one_is_another(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest, card = own_card(demo, "lost-phone")
    iphone = windows.AGENTS["fr"]
    async with windows.opened(
        chromium, demo.url, language="en", token=guest, user_agent=iphone
    ) as window:
        page = window.page
        await windows.go(window, f"/cards/{card}")
        old = await add_to_apple(page)
        await page.locator("[data-act=reissue]").click()
        await windows.assert_accessible(page)
        await page.get_by_role("button", name="Void the passes").click()
        await expect(page.locator("#notice")).to_contain_text("add the card to your phone")
        new = await add_to_apple(page)
    assert new["serialNumber"] != old["serialNumber"]
    assert new["authenticationToken"] != old["authenticationToken"]
    assert "barcodes" in new
    seen = httpx2.get(
        f"{demo.url}/apple/v1/passes/{old['passTypeIdentifier']}/{old['serialNumber']}",
        headers={"Authorization": f"ApplePass {old['authenticationToken']}"},
        trust_env=False,
    )
    with zipfile.ZipFile(io.BytesIO(seen.content)) as zipped:
        lost = json.loads(zipped.read("pass.json"))
    assert lost["voided"] is True
    assert CARD["number"] not in json.dumps(lost)


async def test_a_card_of_the_wallet_goes_to_google_by_its_button(
    chromium: Browser, demo: RunningDemo
) -> None:
    guest, card = own_card(demo, "to-google")
    async with windows.opened(chromium, demo.url, language="en", token=guest) as window:
        await windows.go(window, f"/cards/{card}")
        await window.page.locator("[data-wallet=google]").click()
        await window.page.wait_for_url("**/sandbox/google/save/**")
        await expect(window.page.get_by_text("Kiosk").first).to_be_visible()
