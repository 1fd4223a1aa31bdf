"""Every page in French and English, light and dark, on a phone and on a computer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from typing import Literal

import pytest
import pytest_asyncio
from litestar import MediaType
from playwright.async_api import Browser

from app.sandbox.demo import OWNER_EMAIL
from app.web.pages_routes import ROUTES
from tests.browser import windows
from tests.browser.people import Keys, keys_of, signed_in
from tests.browser.windows import DESKTOP, PHONE, Language, Window
from tests.sandbox.demo_server import RunningDemo

Visitor = bool | Literal["owner"]
# Page → its path, and who looks: nobody known, the demo's user (True), or the shop's owner.
# `{card}`, `{program}` are filled in.
PAGES: dict[str, tuple[str, Visitor]] = {
    "offline": ("/offline", False),
    "till": ("/till", False),
    "receipt": ("/receipt/{hosted}", True),
    "receipt-stranger": ("/receipt/{program}", False),
    "about": ("/about", False),
    "docs": ("/docs", False),
    "docs-errors": ("/docs/errors", False),
    "docs-till": ("/docs/till", False),
    "sandbox": ("/sandbox", False),
    "missing": ("/cards/none", False),
    "first-visit": ("/", False),
    "wallet": ("/", True),
    "card": ("/cards/{card}", True),
    "card-hosted": ("/cards/{hosted}", True),
    "card-number-only": ("/cards/{bare}", True),
    "add": ("/add", True),
    "import": ("/import", True),
    "join": ("/join/{program}", False),
    "sign-in": ("/sign-in", False),
    "settings": ("/settings", True),
    "claim": ("/claim#pcc_test_x", False),
    "share": ("/share#x", False),
    "merchant": ("/merchant", "owner"),
    "merchant-sign-up": ("/merchant/sign-up", "owner"),
    "merchant-new": ("/merchant/new", "owner"),
    "designer": ("/merchant/p/{program}", "owner"),
    "rules": ("/merchant/p/{program}/rules", "owner"),
    "publish": ("/merchant/p/{program}/publish", "owner"),
    "poster": ("/merchant/p/{program}/poster", "owner"),
    "merchant-members": ("/merchant/p/{program}/members", "owner"),
    "merchant-member": ("/merchant/p/{program}/members/{hosted}", "owner"),
    "merchant-figures": ("/merchant/p/{program}/figures", "owner"),
    "merchant-messages": ("/merchant/p/{program}/messages", "owner"),
    "merchant-joining": ("/merchant/p/{program}/joining", "owner"),
    "merchant-missing": ("/merchant/p/{program}/missing", "owner"),
    "merchant-keys": ("/merchant/keys", "owner"),
    "merchant-tills": ("/merchant/tills", "owner"),
    "merchant-staff": ("/merchant/staff", "owner"),
    "merchant-webhooks": ("/merchant/webhooks", "owner"),
    "merchant-health": ("/merchant/health", "owner"),
}
SIZES = (PHONE, DESKTOP)
LANGUAGES: tuple[Language, ...] = ("fr", "en")
Open = Callable[[tuple[int, int], Language, Visitor], Awaitable[Window]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window_for(chromium: Browser, demo: RunningDemo) -> AsyncIterator[Open]:
    """Open one window a size, language and visitor for all pages: opening takes its time."""
    tokens: dict[Visitor, str | None] = {True: keys_of(demo).user_token, False: None}
    known: dict[tuple[tuple[int, int], Language, Visitor], Window] = {}
    async with contextlib.AsyncExitStack() as stack:

        async def get(size: tuple[int, int], language: Language, visitor: Visitor) -> Window:
            key = (size, language, visitor)
            if visitor not in tokens:
                tokens[visitor] = signed_in(demo.url, OWNER_EMAIL)
            if key not in known:
                known[key] = await stack.enter_async_context(
                    windows.opened(
                        chromium,
                        demo.url,
                        size=size,
                        language=language,
                        token=tokens[visitor],
                        allowed=("404",),
                        # French on an iPhone, English on an Android phone.
                        user_agent=windows.AGENTS[language] if size == PHONE else None,
                    )
                )
            return known[key]

        yield get


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_accessible_and_fits_in_every_look(
    window_for: Open, demo: RunningDemo, name: str
) -> None:
    path, visitor = PAGES[name]
    keys = keys_of(demo)
    path = filled(path, keys)
    for size, language in product(SIZES, LANGUAGES):
        window = await window_for(size, language, visitor)
        page = window.page
        await windows.go(window, path, status=404 if name == "missing" else 200)
        assert await page.locator("html").get_attribute("lang") == language
        assert await page.title()
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await windows.keep_picture(page, f"{name}-{size[0]}-{theme}-{language}")
            await windows.assert_nothing_sticks_out(page)
            await windows.assert_accessible(page)


def filled(path: str, keys: Keys) -> str:
    """Put the demo's ids into a path."""
    kinds = {card["authority"]: card["id"] for card in keys.cards}
    return path.format(
        card=kinds["merchant"],
        hosted=kinds["ledger"],
        bare=kinds["none"],
        program=keys.programs["hosted"],
    )


async def test_no_page_is_left_out() -> None:
    tested = [path.partition("#")[0] for path, _ in PAGES.values()]
    for route in ROUTES:
        if route.media_type == MediaType.HTML:
            for path in route.paths:
                shape = re.sub(r"\{[^}]*\}", "[^/]+", path)
                assert any(re.fullmatch(shape, one) for one in tested), f"{path} is not tested"


@pytest.mark.parametrize("name", PAGES)
async def test_text_of_twice_the_size_still_fits(
    window_for: Open, demo: RunningDemo, name: str
) -> None:
    path, visitor = PAGES[name]
    for size in SIZES:
        window = await window_for(size, "fr", visitor)
        await windows.go(
            window, filled(path, keys_of(demo)), status=404 if name == "missing" else 200
        )
        await window.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        await windows.keep_picture(window.page, f"twice-{name}-{size[0]}")
        await windows.assert_nothing_sticks_out(window.page)


@pytest.mark.parametrize(("name", "kilobytes"), [("first-visit", 60), ("wallet", 60), ("join", 50)])
async def test_pages_that_people_meet_first_are_light(
    chromium: Browser, demo: RunningDemo, name: str, kilobytes: int
) -> None:
    path, is_user = PAGES[name]
    keys = keys_of(demo)
    token = keys.user_token if is_user else None
    async with windows.opened(chromium, demo.url, token=token) as window:
        came = await windows.transferred(window, filled(path, keys))
        assert came <= kilobytes * 1000, f"{path}: {came} bytes"
