"""The desk of the console: members, messages, missing points, figures, keys, tills, staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from app.sandbox.demo_programs import HOSTED
from tests.browser import windows
from tests.browser.people import signed_in, user_asks
from tests.browser.windows import DESKTOP, PHONE
from tests.sandbox.demo_server import RunningDemo

OWNER, VIEWER = "desk-owner@example.org", "desk-viewer@example.org"
MEMBERS = """number;name;balance:pts
900001;Léa Martin;250
900002;Hugo Petit;40
;Ana Faure;x
"""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant of this file's own, with a hosted program and one member who uses the wallet."""

    owner: str
    viewer: str
    member: str
    path: str  # of the program's pages
    program_id: str
    card_id: str


@pytest.fixture(scope="module")
def shop(demo: RunningDemo) -> Shop:
    """Open a shop through the doors that anybody uses."""
    owner = signed_in(demo.url, OWNER)

    def ask(method: str, path: str, body: Any = None) -> Any:
        key = f"desk{path.replace('/', '-')}"
        return user_asks(demo.url, owner, method, path, body, key=key)

    ask("POST", "/v1/merchants", {"name": "Épicerie du Bureau"})
    wanted = msgspec.to_builtins(msgspec.structs.replace(HOSTED, name="Carte Bureau"))
    program = ask("POST", "/v1/partner/programs", wanted)
    ask("POST", "/v1/partner/staff", {"email": VIEWER, "role": "viewer"})
    member = signed_in(demo.url, "desk-member@example.org")
    wish = {"program_id": program["id"], "number": "900009"}
    card = user_asks(demo.url, member, "POST", "/v1/cards", wish, key="desk-card")
    return Shop(
        owner=owner,
        viewer=signed_in(demo.url, VIEWER),
        member=member,
        path=f"/merchant/p/{program['slug']}",
        program_id=program["id"],
        card_id=card["id"],
    )


async def judged(page: Page, name: str) -> None:
    """Keep a picture and have what only a press brings judged, light and dark."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        await windows.keep_picture(page, f"desk-{name}-{theme}")
        await windows.assert_accessible(page)
    await windows.assert_nothing_sticks_out(page)


async def test_members_come_from_a_file_are_found_by_name_and_adjusted_with_a_reason(
    chromium: Browser, demo: RunningDemo, shop: Shop
) -> None:
    async with windows.opened(
        chromium, demo.url, size=DESKTOP, language="en", token=shop.owner, allowed=("404",)
    ) as window:
        page = window.page
        await windows.go(window, f"{shop.path}/members")
        await page.get_by_label("CSV file").set_input_files(
            {"name": "members.csv", "mimeType": "text/csv", "buffer": MEMBERS.encode()}
        )
        await page.get_by_role("button", name="Check the file").click()
        report = page.locator("#report")
        await expect(report).to_contain_text("2 new members")
        await expect(report.get_by_role("row").filter(has_text="balance")).to_contain_text("4")
        await judged(page, "import")
        await page.get_by_role("button", name="Import now").click()
        await expect(report).to_contain_text("The file brought")

        await page.get_by_label("Number or name").fill("léa")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="1 card found")).to_be_visible()
        assert page.url.endswith("/members")  # no name stands in a URL
        await page.get_by_role("link", name="Léa Martin").click()
        await expect(page.locator(".facts-list")).to_contain_text("250")

        await page.get_by_role("button", name="Adjust the balance").click()
        form = page.get_by_role("dialog", name="Adjust the balance")
        await form.get_by_label("How much").fill("-50")
        await form.get_by_label("Reason").fill("Counted twice on Monday")
        await judged(page, "adjust")
        await page.keyboard.press("Enter")
        await expect(page.locator(".facts-list")).to_contain_text("200")
        story = page.locator("#story")
        await expect(story).to_contain_text("Counted twice on Monday")
        await expect(story).to_contain_text("-50")
        await page.get_by_role("button", name="Lost card").click()
        await page.get_by_role("button", name="Give this number").click()
        await expect(page.locator(".facts-list")).not_to_contain_text("900001")

        await page.get_by_role("button", name="Merge into another card").click()
        await page.get_by_label("Number of the card that stays").fill("900002")
        await page.get_by_role("button", name="Merge and close this one").click()
        await expect(page.locator("#card")).to_have_attribute("data-number", "900002")
        await expect(page.locator(".facts-list")).to_contain_text("240")


async def test_a_message_is_counted_then_sent_and_missing_points_are_answered(
    chromium: Browser, demo: RunningDemo, shop: Shop
) -> None:
    asked = {"receipt": "T-77", "purchased_on": "2026-11-20", "note": "The reader was off"}
    for receipt in ("T-77", "T-78"):
        user_asks(
            demo.url,
            shop.member,
            "POST",
            f"/v1/cards/{shop.card_id}/missing-points",
            {**asked, "receipt": receipt},
            key=f"desk-{receipt}",
        )
    async with windows.opened(
        chromium, demo.url, size=PHONE, language="en", token=shop.owner
    ) as window:
        page = window.page
        await windows.go(window, f"{shop.path}/messages")
        await page.get_by_label("Text in French").fill("Café offert jusqu'à samedi")
        await page.get_by_label("Text in English").fill("Free coffee until Saturday")
        await page.get_by_role("button", name="Count who gets it").click()
        await expect(page.locator("#reach-count")).to_have_text("1 person will get it")
        await judged(page, "message")
        await page.get_by_role("button", name="Send", exact=True).click()
        await page.get_by_role("dialog").get_by_role("button", name="Send").click()
        await expect(page.locator("#list")).to_contain_text("Free coffee until Saturday")

        await windows.go(window, f"{shop.path}/missing")
        first = page.get_by_role("listitem").filter(has_text="Receipt T-77")
        await first.get_by_role("button", name="Give").click()
        form = page.get_by_role("dialog", name="Give points")
        await form.get_by_label("How much").fill("30")
        await form.get_by_label("Reason").fill("Found on the journal")
        await form.get_by_role("button", name="Give").click()
        await expect(first).to_have_count(0)
        second = page.get_by_role("listitem").filter(has_text="Receipt T-78")
        await second.get_by_role("button", name="Decline").click()
        form = page.get_by_role("dialog", name="Decline the request")
        await form.get_by_label("Reason").fill("Paid back the same day")
        await form.get_by_role("button", name="Decline").click()
        await expect(page.get_by_text("Nothing to answer here.")).to_be_visible()
        await page.get_by_label("Show").select_option("adjusted")
        await expect(page.locator("#list")).to_contain_text("Found on the journal")
    card = user_asks(demo.url, shop.member, "GET", f"/v1/cards/{shop.card_id}")
    assert card["balances"][0]["value"] == 30


async def test_an_owner_makes_keys_tills_webhooks_and_lets_people_in(
    chromium: Browser, demo: RunningDemo, shop: Shop
) -> None:
    async with windows.opened(
        chromium, demo.url, size=DESKTOP, language="en", token=shop.owner, allowed=("409",)
    ) as window:
        page = window.page
        await windows.go(window, "/merchant/keys")
        await page.get_by_label("Name").fill("Online shop")
        await page.get_by_role("button", name="Create the key").click()
        made = page.get_by_role("dialog", name="Your new key")
        await expect(made.locator("code")).to_contain_text("pck_test_")
        secret = await made.locator("code").inner_text()
        await judged(page, "key-made")
        await made.get_by_role("button", name="Close").click()
        row = page.get_by_role("row").filter(has_text="Online shop")
        await expect(row).to_contain_text("read, write")
        assert reads(demo.url, secret) == 200
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(row).to_have_count(0)
        assert reads(demo.url, secret) == 401

        await windows.go(window, "/merchant/tills")
        await page.get_by_label("Name").fill("Counter")
        await page.get_by_role("button", name="Create the till").click()
        await expect(page.locator("#made-code")).to_contain_text("-")
        code = await page.locator("#made-code").inner_text()
        await judged(page, "till-code")
        await page.keyboard.press("Escape")
        row = page.get_by_role("row").filter(has_text="Counter")
        await expect(row).to_contain_text("waits for its code")
        user_asks(demo.url, "", "POST", "/v1/checkout/pair", {"code": code}, key="desk-pairs")
        await page.reload()
        await expect(row).to_contain_text("paired")

        await windows.go(window, "/merchant/webhooks")
        await page.get_by_role("textbox", name="Address").fill("https://hooks.invalid/portecarte")
        await page.get_by_role("button", name="Add the endpoint").click()
        made = page.get_by_role("dialog", name="The signing secret")
        await expect(made.locator("code")).to_contain_text("whsec_")
        await made.get_by_role("button", name="Close").click()
        event = {"type": "adjust", "unit": "pts", "units": 5, "reason": "A gift"}
        event |= {"id": "desk-gift", "card_number": "900009"}
        event |= {"occurred_at": datetime.now(UTC).isoformat()}
        path = f"/v1/partner/programs/{shop.program_id}/events"
        user_asks(demo.url, shop.owner, "POST", path, event, key="desk-gift")
        call = page.get_by_role("row").filter(has_text="balance.updated").first
        while await call.count() == 0:  # deliveries are made by the worker, soon
            async with page.expect_response("**/webhook-deliveries*"):
                await page.get_by_role("button", name="Refresh").click()
        await call.get_by_role("button", name="Details").click()
        await expect(page.get_by_role("dialog", name="A call")).to_contain_text('"card_id"')
        await judged(page, "call")

        await windows.go(window, "/merchant/staff")
        mine = page.get_by_role("combobox", name=f"Role of {OWNER}")
        await mine.select_option("viewer")
        await expect(page.locator("#notice")).to_contain_text("There must be an owner")
        await expect(mine).to_have_value("owner")


async def test_a_viewer_sees_all_and_is_offered_nothing_that_he_may_not_press(
    chromium: Browser, demo: RunningDemo, shop: Shop
) -> None:
    async with windows.opened(
        chromium, demo.url, size=DESKTOP, language="en", token=shop.viewer
    ) as window:
        page = window.page
        for path in ("members", f"members/{shop.card_id}", "messages", "missing", "figures"):
            await windows.go(window, f"{shop.path}/{path}")
            await page.wait_for_load_state("networkidle")
            pressed = await page.locator(".console-main button:visible").all_inner_texts()
            assert set(pressed) <= {"Search", "Show", "Show more"}, path
        for path in ("keys", "tills", "staff", "webhooks"):
            await windows.go(window, f"/merchant/{path}")
            await expect(page.get_by_text("Only an owner sees")).to_be_visible()
        await windows.go(window, f"{shop.path}/members")
        await page.get_by_label("Number or name").fill("900009")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="1 card found")).to_be_visible()
        # His access ends while the window is open.
        people = user_asks(demo.url, shop.owner, "GET", "/v1/partner/staff")["items"]
        (viewer,) = [it["id"] for it in people if it["email"] == VIEWER]
        user_asks(demo.url, shop.owner, "DELETE", f"/v1/partner/staff/{viewer}")
        await page.goto(f"{shop.path}/members")
        assert page.url.endswith("/merchant/sign-up")


def reads(url: str, token: str) -> int:
    """Return the status of a read with a key."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx2.get(f"{url}/v1/partner/programs", headers=headers, trust_env=False)
    return int(answer.status_code)
