"""A card given away as a copy: the browser writes Catima's link, whoever gets it has the card."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import windows
from tests.sandbox.demo_server import RunningDemo

KEPT = ("shop_name", "number", "barcode_value", "barcode_format", "note", "color", "own_balance")
DATES = ("valid_from", "expires_at")
CARDS: list[dict[str, Any]] = [
    {"shop_name": "Boulangerie", "number": "40170725", "barcode_format": "EAN_8"},
    {
        "shop_name": 'É & "Fils" +1 = 2 %41 #?',
        "number": "A+B 1",
        "barcode_value": "42&x=%2B+",
        "barcode_format": "QR_CODE",
        "note": "a;b\n\n=1+1 🛒 100%",
        "color": "#00a1ff",
    },
    {"shop_name": "Nombre", "number": "007", "barcode_format": "none"},
]


class Somebody:
    """A guest who asks as a program does."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, trust_env=False)
        self.token = ""
        self.token = str(self.ask("POST", "/v1/guests", {"language": "en"})["token"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = self._client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 400, answer.text
        return answer.json()


async def link_of(page: Page, card_id: str) -> str:
    """Open the card's page and have it shared."""
    await page.goto(f"/cards/{card_id}")
    await page.locator('[data-act="share"]').click()
    copy = page.locator("#share-catima")
    await expect(copy).to_have_attribute("data-copy", re.compile("^https:"))
    return str(await copy.get_attribute("data-copy"))


@pytest.mark.parametrize("body", CARDS, ids=lambda body: str(body["number"]))
async def test_who_gets_the_link_has_the_same_card(
    chromium: Browser, demo: RunningDemo, body: dict[str, Any]
) -> None:
    ana, ben = Somebody(demo.url), Somebody(demo.url)
    card = ana.ask("POST", "/v1/cards", body)
    further = {
        "own_balance": {"value": "12.50", "currency": "EUR"},
        "expires_at": "2031-05-06T07:08:09Z",
    }
    card = ana.ask("PATCH", f"/v1/cards/{card['id']}", further)
    async with windows.opened(chromium, demo.url, language="en", token=ana.token) as window:
        link = await link_of(window.page, card["id"])
        await windows.assert_accessible(window.page)
    parts = urlsplit(link)
    assert (parts.netloc, parts.path, parts.query) == ("catima.app", "/share", "")
    assert unquote(parts.fragment).startswith("store=")  # as a whole it is encoded once more
    told = ben.ask("POST", "/v1/imports", {"link": link})
    assert (told["imported"], told["failed"], told["warnings"]) == (1, [], [])
    (given,) = told["cards"]
    assert [given[name] for name in (*KEPT, *DATES)] == [card[name] for name in (*KEPT, *DATES)]
