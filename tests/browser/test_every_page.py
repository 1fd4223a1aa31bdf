"""Every page in French and English, light and dark, on a phone and on a computer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import windows
from tests.browser.people import keys_of
from tests.browser.windows import DESKTOP, PHONE, Language, Window
from tests.sandbox.demo_server import RunningDemo

# Page → its path, and whether the demo's user looks at it. `{card}`, `{program}` are filled in.
PAGES = {
    "offline": ("/offline", False),
    "about": ("/about", False),
    "sandbox": ("/sandbox", False),
    "missing": ("/cards/none", False),
    "first-visit": ("/", False),
    "wallet": ("/", True),
    "card": ("/cards/{card}", True),
}
SIZES = (PHONE, DESKTOP)
LANGUAGES: tuple[Language, ...] = ("fr", "en")
Open = Callable[[tuple[int, int], Language, bool], Awaitable[Window]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window_for(chromium: Browser, demo: RunningDemo) -> AsyncIterator[Open]:
    """Open one window a size, language and visitor for all pages: opening takes its time."""
    token = keys_of(demo).user_token
    known: dict[tuple[tuple[int, int], Language, bool], Window] = {}
    async with contextlib.AsyncExitStack() as stack:

        async def get(size: tuple[int, int], language: Language, is_user: bool) -> Window:
            key = (size, language, is_user)
            if key not in known:
                known[key] = await stack.enter_async_context(
                    windows.opened(
                        chromium,
                        demo.url,
                        size=size,
                        language=language,
                        token=token if is_user else None,
                        allowed=("404",),
                    )
                )
            return known[key]

        yield get


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_accessible_and_fits_in_every_look(
    window_for: Open, demo: RunningDemo, name: str
) -> None:
    path, is_user = PAGES[name]
    keys = keys_of(demo)
    path = path.format(card=keys.cards[0]["id"], program=keys.programs["hosted"])
    for size, language in product(SIZES, LANGUAGES):
        window = await window_for(size, language, is_user)
        page = window.page
        await windows.go(window, path, status=404 if name == "missing" else 200)
        assert await page.locator("html").get_attribute("lang") == language
        assert await page.title()
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            await windows.keep_picture(page, f"{name}-{size[0]}-{theme}-{language}")
            await windows.assert_nothing_sticks_out(page)
            await windows.assert_accessible(page)
