"""The wallet in a real browser: code in one touch, offline, live, edits that wait for a network."""

from __future__ import annotations

import asyncio
import io
import time
import uuid
from typing import Any

import httpx2
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from tests.browser import windows
from tests.browser.people import keys_of
from tests.browser.windows import DESKTOP, PHONE, Window
from tests.sandbox.demo_server import RunningDemo

CARDS = (
    ("Boulangerie du Port", "40170725", "EAN_8"),
    ("Librairie <script>alert(1)</script>", "4006381333931", "EAN_13"),
    ("Un très long numéro", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd", "CODE_128"),
    ("Fleuriste", "AB 1042", "QR_CODE"),
)


class Person:
    """Somebody with a wallet of his own, who also acts from elsewhere."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, trust_env=False)
        answer = self._client.post("/v1/guests", json={"language": "en"}, headers=self._key())
        self.token = str(answer.json()["token"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask as a program does."""
        headers = {"Authorization": f"Bearer {self.token}"} | self._key()
        answer = self._client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def add_all(self) -> list[Any]:
        """Put the cards of these tests into the wallet."""
        return [
            self.ask("POST", "/v1/cards", {"shop_name": s, "number": n, "barcode_format": f})
            for s, n, f in CARDS
        ]

    @staticmethod
    def _key() -> dict[str, str]:
        return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def person(demo: RunningDemo) -> Person:
    """Make a guest."""
    return Person(demo.url)


async def kept(page: Page, count: int) -> None:
    """Wait until the service worker has kept the list and so many cards' pages and codes."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        names = await page.evaluate(
            "() => caches.open('wallet').then((c) => c.keys())"
            ".then((k) => k.map((r) => new URL(r.url).pathname))"
        )
        cards = [name for name in names if name.startswith(("/cards/", "/v1/cards/"))]
        if "/" in names and len(cards) >= 2 * count:
            return
        await page.wait_for_timeout(50)
    raise AssertionError(f"not kept: {names}")


async def read(page: Page, pixels: int) -> list[str]:
    """Read the code that fills the screen as a scanner does."""
    picture = Image.open(io.BytesIO(await page.screenshot()))
    assert picture.width == pixels
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("scale", [1, 3])
async def test_one_touch_shows_a_code_that_scanners_read(
    chromium: Browser, demo: RunningDemo, person: Person, scale: int
) -> None:
    person.add_all()
    async with windows.opened(
        chromium, demo.url, scale=scale, theme="dark", token=person.token, language="en"
    ) as window:
        await windows.go(window, "/")
        for at, (_, number, _format) in enumerate(CARDS):
            await window.page.locator(".tile-main").nth(at).tap()
            await window.page.locator("#code-drawing svg").wait_for()
            await windows.keep_picture(window.page, f"code-{at}-{scale}", full=False)
            assert number in await read(window.page, PHONE[0] * scale)
            assert await window.page.locator("#code-number").text_content() == number
            if at == 0:
                await windows.assert_accessible(window.page)
            await window.page.locator("[data-code-close]").tap()
            assert not await window.page.locator("#code-screen").is_visible()


async def test_each_module_is_a_whole_number_of_pixels_and_long_codes_are_turned(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    person.add_all()
    async with windows.opened(chromium, demo.url, scale=3, token=person.token) as window:
        await windows.go(window, "/")
        for at in range(len(CARDS)):
            await window.page.locator(".tile-main").nth(at).tap()
            await window.page.locator("#code-drawing svg").wait_for()
            found = await window.page.evaluate(
                "() => { const s = document.querySelector('#code-drawing svg');"
                " const b = s.getBoundingClientRect();"
                " const t = document.querySelector('#code-drawing').matches('.is-turned');"
                " return [(t ? b.height : b.width) * 3 / s.getAttribute('width'),"
                " b.left * 3, b.top * 3, t]; }"
            )
            for value in found[:3]:
                assert abs(value - round(value)) < 0.02, (CARDS[at], found)
            assert found[3] == (CARDS[at][2] == "CODE_128")
            await window.page.keyboard.press("Escape")


async def test_without_network_list_code_and_card_are_there_and_an_edit_arrives_once(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    made = person.add_all()
    async with windows.opened(
        chromium, demo.url, token=person.token, language="en", allowed=("ERR_INTERNET",)
    ) as window:
        page = window.page
        await windows.go(window, "/")
        await kept(page, len(CARDS))
        await window.context.set_offline(True)
        await page.goto("/")
        assert await page.locator(".tile").count() == len(CARDS)
        await page.locator("#offline").wait_for()
        await page.locator(".tile-main").nth(1).tap()
        await page.locator("#code-drawing svg").wait_for()
        assert await read(page, PHONE[0]) == [CARDS[1][1]]
        await page.locator("[data-code-close]").tap()
        await page.locator(".star").nth(3).tap()
        await page.locator("#waiting").wait_for()
        await page.goto(f"/cards/{made[2]['id']}")
        assert CARDS[2][0] in (await page.locator("h1").text_content() or "")
        await page.goto("/settings")
        assert "No network" in await page.title()
        await window.context.set_offline(False)
        await page.goto("/")
        await page.locator("#waiting").wait_for(state="hidden")
        await favourite(page, person, made[3]["id"])


async def favourite(page: Page, person: Person, card: str) -> None:
    """Wait until the server knows a favourite, with no edit left on the device."""
    for _ in range(200):
        if person.ask("GET", f"/v1/cards/{card}")["is_favorite"]:
            break
        await page.wait_for_timeout(50)
    else:
        raise AssertionError("the edit never arrived")
    left = await page.evaluate(
        "() => new Promise((done) => { const r = indexedDB.open('portecarte', 1);"
        " r.onsuccess = () => { const q = r.result.transaction('edits').objectStore('edits')"
        ".count(); q.onsuccess = () => done(q.result); }; })"
    )
    assert left == 0


async def test_another_user_of_the_browser_finds_nothing_of_the_former_one(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    person.add_all()
    other = Person(demo.url)
    async with windows.opened(
        chromium, demo.url, token=person.token, allowed=("ERR_INTERNET",)
    ) as window:
        await windows.go(window, "/")
        await kept(window.page, len(CARDS))
        await windows.remember(window.context, demo.url, other.token)
        await windows.go(window, "/")
        await window.context.set_offline(True)
        await window.page.goto("/")
        assert await window.page.locator(".tile").count() == 0


async def test_a_balance_pushed_elsewhere_shows_on_an_open_page(
    chromium: Browser, demo: RunningDemo
) -> None:
    keys = keys_of(demo)
    card = next(card for card in keys.cards if card["authority"] == "merchant")
    async with windows.opened(
        chromium, demo.url, token=keys.user_token, language="en", size=DESKTOP
    ) as window:
        await windows.go(window, "/")
        tile = window.page.locator(f".tile[data-card='{card['id']}']")
        await tile.wait_for()
        sequence, balance = int(time.time()), 7_654_321
        path = f"/v1/partner/programs/{keys.programs['mirrored']}/cards/{card['number']}/statement"
        answer = httpx2.put(
            demo.url + path,
            json={"sequence": sequence, "as_of": "2026-11-25T08:00:00Z", "balance": balance},
            headers={"Authorization": f"Bearer {keys.merchant_key}"},
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        await tile.get_by_text("7,654,321").wait_for()


async def test_what_changed_before_the_page_listened_shows_too(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    card = person.add_all()[0]
    async with windows.opened(chromium, demo.url, language="en", token=person.token) as window:
        waiting: asyncio.Queue[Route] = asyncio.Queue()
        await window.page.route("**/v1/me/events", waiting.put)
        await windows.go(window, "/")
        route = await waiting.get()
        person.ask("PATCH", f"/v1/cards/{card['id']}", {"label": "Le pain"})
        await route.continue_()
        await expect(window.page.get_by_text("Le pain")).to_be_visible()


async def test_cards_are_put_in_order_by_buttons_and_found_by_their_letters(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    made = person.add_all()
    async with windows.opened(chromium, demo.url, token=person.token, language="en") as window:
        page = window.page
        await windows.go(window, "/")
        await page.locator("#arrange").tap()
        await page.get_by_role("button", name="Move Fleuriste up").tap()
        assert (await page.locator(".tile strong").all_text_contents())[2] == "Fleuriste"
        await page.locator("#arrange").tap()
        await page.locator("#search").fill("tres LONG")
        assert await page.locator("#tiles .tile:visible").count() == 1
        for _ in range(100):
            order = [card["id"] for card in person.ask("GET", "/v1/cards")["items"]]
            if order[2] == made[3]["id"]:
                break
            await page.wait_for_timeout(50)
        assert order[2] == made[3]["id"]


async def test_a_card_is_edited_archived_and_deleted_on_its_page(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    card = person.add_all()[0]
    path = f"/v1/cards/{card['id']}"
    async with windows.opened(
        chromium, demo.url, token=person.token, language="en", allowed=("404", "422")
    ) as window:
        page: Page = window.page
        await windows.go(window, f"/cards/{card['id']}")
        await edit(window, number="40170720")
        await page.locator("#edit-fault").wait_for()
        await windows.assert_accessible(page)
        await page.locator("#edit [data-close]").tap()
        await edit(window, number="40170725", note="By the oven", own_value="12,50")
        await page.get_by_text("By the oven").first.wait_for()
        told = person.ask("GET", path)
        assert told["note"] == "By the oven"
        assert told["own_balance"] == {"value": "12.50", "currency": "EUR"}
        await page.locator("[data-act=archive]").tap()
        await page.locator("[data-archived=true]").wait_for()
        await page.locator("[data-act=delete]").tap()
        await windows.assert_accessible(page)
        await page.locator("#delete-yes").tap()
        await page.locator("#tiles").wait_for(state="attached")
        assert len(person.ask("GET", "/v1/cards")["items"]) == len(CARDS) - 1


async def edit(window: Window, **values: str) -> None:
    """Fill the form of a card's page and send it."""
    await window.page.locator("[data-act=edit]").tap()
    for name, value in values.items():
        await window.page.locator(f"#edit [name={name}]").fill(value)
    await window.page.locator("#edit [type=submit]").tap()


async def test_the_wallets_first_load_stays_below_sixty_kilobytes(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    person.add_all()
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        assert await windows.transferred(window, "/") < 60 * 1024


async def test_a_code_that_changes_is_shown_where_the_program_asks_and_the_fixed_one_offline(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    card = person.ask("POST", "/v1/cards", {"program_id": changing_program(demo), "number": "R-17"})
    async with windows.opened(
        chromium, demo.url, token=person.token, language="en", allowed=("ERR_INTERNET",)
    ) as window:
        page = window.page
        await windows.go(window, "/")
        await page.locator(".tile-main").tap()
        await page.get_by_text("This code changes every 30 seconds.").wait_for()
        changing = await page.locator("#code-number").text_content()
        assert changing != card["number"]
        assert await read(page, PHONE[0]) == [changing]
        await page.locator("[data-code-close]").tap()
        await kept(page, 1)
        await window.context.set_offline(True)
        await page.goto("/")
        await page.locator(".tile-main").tap()
        await page.get_by_text("fixed code").wait_for()
        assert await read(page, PHONE[0]) == [card["number"]]


def changing_program(demo: RunningDemo) -> str:
    """Make a program whose cards show a code that changes; return its id."""
    answer = httpx2.post(
        f"{demo.url}/v1/partner/programs",
        json={
            "name": "Codes tournants",
            "authority": "merchant",
            "units": [{"id": "pts", "name": "Points"}],
            "barcode": {"format": "QR_CODE"},
            "settings": {"rotating_code": True, "open_numbers": True},
        },
        headers={
            "Authorization": f"Bearer {keys_of(demo).merchant_key}",
            "Idempotency-Key": str(uuid.uuid4()),
        },
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


SCRIPT = "window.ran=1"
PAYLOADS = [
    text.replace("RUN", SCRIPT)
    for begin in ("", '">', "'>", "</script>", "</li></ul>", "-->", "]]>", "</title>", "\\", "{{")
    for text in (
        begin + "<script>RUN</script>",
        begin + "<img src=x onerror=RUN>",
        begin + "<svg onload=RUN>",
        begin + "<svg/onload='RUN'/>",
        begin + "<body onload=RUN>",
        begin + "<details open ontoggle=RUN>",
        begin + "<input autofocus onfocus=RUN>",
        begin + "<iframe srcdoc='<script>parent.RUN</script>'>",
        begin + "<a href=javascript:RUN>x</a>",
        begin + "javascript:RUN",
        begin + "<style>@import'javascript:RUN'</style>",
        begin + "<math><mtext><script>RUN</script>",
        begin + "<template><script>RUN</script></template>",
        begin + " onmouseover=RUN x=",
        begin + '" onfocus="RUN" autofocus x="',
        begin + "' onfocus='RUN' autofocus x='",
        begin + "{{constructor.constructor('RUN')()}}",
        begin + "${RUN}",
        begin + "<meta http-equiv=refresh content='0;url=javascript:RUN'>",
        begin + "<object data=javascript:RUN>",
    )
]


async def test_of_two_hundred_scripts_in_names_none_runs(
    chromium: Browser, demo: RunningDemo, person: Person
) -> None:
    assert len(set(PAYLOADS)) == 200
    cards = []
    for at, payload in enumerate(PAYLOADS):
        body = {"shop_name": payload, "number": str(100_000 + at), "label": payload}
        cards.append(person.ask("POST", "/v1/cards", body | {"note": payload})["id"])
    person.ask("PATCH", f"/v1/cards/{cards[0]}", {"groups": PAYLOADS[:20]})
    async with windows.opened(chromium, demo.url, token=person.token, language="en") as window:
        page = window.page
        await windows.go(window, "/")
        assert await page.locator(".tile").count() == len(PAYLOADS)
        assert await page.locator(".tile strong").all_text_contents() == PAYLOADS
        for at in (0, 7, 101):
            await page.locator(".tile-main").nth(at).tap()
            await page.locator("#code-drawing svg").wait_for()
            assert await page.locator("#code-name").text_content() == PAYLOADS[at]
            await page.locator("[data-code-close]").tap()
        for at in range(0, len(PAYLOADS), 41):
            await windows.go(window, f"/cards/{cards[at]}")
            assert PAYLOADS[at] in (await page.locator("h1").text_content() or "")
            await page.locator("[data-act=edit]").tap()
            assert await page.locator("#edit [name=label]").input_value() == PAYLOADS[at]
        assert await page.evaluate("() => window.ran") is None
