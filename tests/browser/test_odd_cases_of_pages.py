"""Pages where something odd happens: broken links, streams that are refused, long histories."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2
from playwright.async_api import Browser, Route, expect

from tests.browser import windows
from tests.browser.people import keys_of
from tests.browser.test_wallet_pages import Person, kept
from tests.sandbox.demo_server import RunningDemo

STATEMENTS = 45
_SLOW_LOCK = """() => {
  window.locks = { asked: 0, released: 0 };
  Object.defineProperty(navigator, "wakeLock", { value: {
    request: () => {
      window.locks.asked += 1;
      return new Promise((done) => {
        window.giveLock = () => done({ release: async () => { window.locks.released += 1; } });
      });
    },
  } });
}"""

_DETECTOR = """window.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(["ean_13"]); }
  detect() { return Promise.resolve([{ format: "ean_13", rawValue: "4006381333931" }]); }
}"""


async def test_a_link_that_is_damaged_is_explained(chromium: Browser, demo: RunningDemo) -> None:
    async with windows.opened(
        chromium, demo.url, language="en", allowed=("400", "404", "410")
    ) as window:
        await windows.go(window, "/share#%E0%A4%A")
        await window.page.locator("#accept").tap()
        await expect(window.page.locator("#accept-fault")).not_to_be_empty()


async def test_a_stream_that_was_refused_is_asked_for_again(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    card = person.ask("POST", "/v1/cards", {"shop_name": "Flux", "number": "40170725"})
    async with windows.opened(
        chromium, demo.url, language="en", token=person.token, allowed=("503",)
    ) as window:
        refused = 0

        async def busy_once(route: Route) -> None:
            nonlocal refused
            refused += 1
            await (route.fulfill(status=503) if refused == 1 else route.continue_())

        await window.page.route("**/v1/me/events", busy_once)
        await windows.go(window, "/")
        person.ask("PATCH", f"/v1/cards/{card['id']}", {"label": "Heard at last"})
        await expect(window.page.get_by_text("Heard at last")).to_be_visible(timeout=15_000)


async def test_a_screen_closed_at_once_is_not_kept_awake(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    person.ask("POST", "/v1/cards", {"shop_name": "Phare", "number": "40170725"})
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await window.page.add_init_script(f"({_SLOW_LOCK})()")
        await windows.go(window, "/")
        await window.page.locator(".tile-main").tap()
        await window.page.locator("[data-code-close]").tap()
        await window.page.evaluate("() => window.giveLock()")
        await window.page.wait_for_function(
            "() => window.locks.asked === 1 && window.locks.released === 1"
        )


async def test_letters_that_are_written_in_two_ways_are_found(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    for at, name in enumerate(("Cœur de Bœuf", "Ærø", "Straße 9", "Zoo")):
        person.ask("POST", "/v1/cards", {"shop_name": name, "number": f"10000{at}"})
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await windows.go(window, "/")
        for typed, name in (("coeur boeuf", "Cœur de Bœuf"), ("strasse", "Straße 9")):
            await window.page.locator("#search").fill(typed)
            seen = window.page.locator("#tiles .tile:visible strong")
            assert await seen.all_text_contents() == [name]


async def test_a_long_history_is_whole_after_a_change_and_its_figures_are_amounts(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    program = money_program(demo)
    card = person.ask("POST", "/v1/cards", {"program_id": program, "number": "M-1"})
    for sequence in range(1, STATEMENTS + 1):
        state(demo, program, sequence)
    async with windows.opened(
        chromium, demo.url, language="en", token=person.token, size=windows.DESKTOP
    ) as window:
        page = window.page
        await windows.go(window, f"/cards/{card['id']}")
        more = page.locator("[data-act=history]")
        await more.click()
        await expect(page.locator("#history > li")).to_have_count(30)
        state(demo, program, STATEMENTS + 1)
        await expect(page.locator("#history > li")).to_have_count(10)
        await more.click()
        await expect(page.locator("#history > li")).to_have_count(30)
        await more.click()
        await expect(page.locator("#history > li")).to_have_count(STATEMENTS + 1)
        shown = await page.locator("#history .change").all_inner_texts()
        wanted = [f"{10 + sequence / 100:.2f} EUR" for sequence in range(STATEMENTS + 1, 0, -1)]
        assert shown == wanted


def money_program(demo: RunningDemo) -> str:
    """Make a program whose cards hold euros; return its id."""
    body = {
        "name": "Cagnotte",
        "authority": "merchant",
        "units": [{"id": "cash", "name": "Cagnotte", "currency": "EUR"}],
        "barcode": {"format": "QR_CODE"},
        "settings": {"open_numbers": True},
    }
    return str(_partner(demo, "POST", "/v1/partner/programs", body)["id"])


def state(demo: RunningDemo, program: str, sequence: int) -> None:
    """Push a balance of 10 euros and as many cents as there were statements."""
    body = {
        "sequence": sequence,
        "as_of": f"2026-11-25T08:00:{sequence:02}Z",
        "balance": 1000 + sequence,
    }
    _partner(demo, "PUT", f"/v1/partner/programs/{program}/cards/M-1/statement", body)


def _partner(demo: RunningDemo, method: str, path: str, body: Any) -> Any:
    headers = {
        "Authorization": f"Bearer {keys_of(demo).merchant_key}",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    answer = httpx2.request(method, demo.url + path, json=body, headers=headers, trust_env=False)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def test_a_turned_code_stands_in_the_middle_of_the_screen(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcd"
    body = {"shop_name": "Long", "number": number, "barcode_format": "CODE_128"}
    person.ask("POST", "/v1/cards", body)
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await windows.go(window, "/")
        await window.page.locator(".tile-main").tap()
        await window.page.locator("#code-drawing.is-turned svg").wait_for()
        box = await window.page.locator("#code-drawing svg").bounding_box()
        assert box is not None
        assert abs(box["x"] + box["width"] / 2 - windows.PHONE[0] / 2) <= 1


async def test_the_button_that_revokes_keeps_its_word_on_one_line(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    card = person.ask("POST", "/v1/cards", {"shop_name": "Partage", "number": "40170725"})
    person.ask("POST", f"/v1/cards/{card['id']}/shares", {"access": "read"})
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await windows.go(window, f"/cards/{card['id']}")
        await window.page.locator("[data-act=share]").tap()
        revoke = window.page.locator("#share-list button").first
        await revoke.wait_for()
        lines = await revoke.evaluate(
            "(button) => { const range = document.createRange();"
            " range.selectNodeContents(button); return range.getClientRects().length; }"
        )
        assert lines == 1


async def test_a_browser_that_reads_codes_itself_asks_the_server_for_nothing(
    chromium: Browser, demo: RunningDemo
) -> None:
    asked: list[str] = []
    async with windows.opened(chromium, demo.url, permissions=["camera"]) as window:
        page = window.page
        await page.add_init_script(_DETECTOR)
        page.on("request", lambda request: asked.append(request.url))
        await windows.go(window, "/add")
        await page.locator("#scan").tap()
        await expect(page.locator("#number")).to_have_value("4006381333931")
        assert not [url for url in asked if url.endswith(("/barcodes/read", "/v1/guests"))]


async def test_an_amount_of_ones_own_is_written_as_the_language_does(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    card = person.ask("POST", "/v1/cards", {"shop_name": "Cadeau", "number": "40170725"})
    worth = {"own_balance": {"value": "1234.5", "currency": "EUR"}}
    person.ask("PATCH", f"/v1/cards/{card['id']}", worth)
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await windows.go(window, "/")
        figure = await window.page.locator(".figure b").text_content()
        assert figure == "1\u00a0234,50\u00a0€"


async def test_a_second_tap_on_a_tile_does_not_close_the_code(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    person.ask("POST", "/v1/cards", {"shop_name": "Deux", "number": "40170725"})
    async with windows.opened(chromium, demo.url, token=person.token) as window:
        await windows.go(window, "/")
        await window.page.evaluate(
            "() => { document.querySelector('.tile-main').click();"
            " document.getElementById('code-middle').click(); }"
        )
        await expect(window.page.locator("#code-screen")).to_be_visible()


async def test_another_language_keeps_where_the_sign_in_leads(
    chromium: Browser, demo: RunningDemo
) -> None:
    async with windows.opened(chromium, demo.url, language="en") as window:
        await windows.go(window, "/sign-in?next=/settings")
        await window.page.locator(".foot a[hreflang=fr]").click()
        await window.page.wait_for_url("**/sign-in?*lang=fr*")
        assert "next=%2Fsettings" in window.page.url


async def test_a_kept_wallet_is_shown_while_the_server_is_in_trouble(
    chromium: Browser, demo: RunningDemo
) -> None:
    person = Person(demo.url)
    person.ask("POST", "/v1/cards", {"shop_name": "Refuge", "number": "40170725"})
    async with windows.opened(chromium, demo.url, token=person.token, allowed=("503",)) as window:
        await windows.go(window, "/")
        await kept(window.page, 1)

        async def trouble(route: Route) -> None:
            await route.fulfill(status=503, body="busy")

        await window.context.route(demo.url + "/", trouble)
        await window.page.reload()
        await expect(window.page.get_by_text("Refuge").first).to_be_visible()
