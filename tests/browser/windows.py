"""Windows of the one browser: what they load is watched, what goes wrong in them fails the test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

PHONE, DESKTOP = (390, 844), (1280, 800)
LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}
COOKIE = "__Host-session"
WAIT_MILLISECONDS = 15_000
# Pictures of the pages are kept where this names a folder; a run of the tests keeps none.
PICTURES = os.environ.get("PORTECARTE_TEST_PICTURES")

_AXE = Axe()
_WIDTHS = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const out = [...document.querySelectorAll("body *")].filter(
    (one) => one.getBoundingClientRect().right > clientWidth + 1);
  return [scrollWidth, clientWidth, out.slice(0, 5).map((one) => one.outerHTML.slice(0, 80))];
}"""
# What the devices call themselves: pages offer the wallet of the device first.
AGENTS = {
    "fr": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "en": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Mobile Safari/537.36",
}
Language = Literal["fr", "en"]
Theme = Literal["light", "dark"]


class Window(msgspec.Struct, frozen=True):
    """A page in a context of its own, and what went wrong in it so far."""

    page: Page
    context: BrowserContext
    faults: list[str]


@contextlib.asynccontextmanager
async def opened(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = PHONE,
    theme: Theme = "light",
    language: Language = "fr",
    scale: float = 1,
    token: str | None = None,
    allowed: Sequence[str] = (),
    **more: Any,
) -> AsyncIterator[Window]:
    """Open a window on the server at `url`; paths given to `page.goto` are relative to it.

    `token`: of the session whose cookie it has. At its end the block fails on every request to
    another host, every error of a script and every error in the console that holds none of the
    texts `allowed`, such as "401". `more` goes to Playwright's `new_context`.
    """
    context = await browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        locale=LANGUAGES[language],
        device_scale_factor=scale,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
        **more,
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    faults: list[str] = []
    _watch(context, urlsplit(url).netloc, faults)
    if token is not None:
        await remember(context, url, token)
    page = await context.new_page()
    try:
        yield Window(page, context, faults)
        left = [text for text in faults if not any(known in text for known in allowed)]
        assert not left, "\n".join(left)
    finally:
        await context.close()


async def remember(context: BrowserContext, url: str, token: str) -> None:
    """Give a window the cookie of a session."""
    # By host: with the address of a server without TLS Chromium refuses a `__Host-` cookie.
    host = urlsplit(url).hostname or ""
    await context.add_cookies(
        [{"name": COOKIE, "value": token, "domain": host, "path": "/", "secure": True}]
    )


def _watch(context: BrowserContext, host: str, faults: list[str]) -> None:
    def requested(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != host:
            faults.append(f"asks another host: {request.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    context.on("request", requested)
    context.on("console", said)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))


async def go(window: Window, path: str, *, status: int = 200) -> None:
    """Load a page. Fails on another status."""
    answer = await window.page.goto(path, wait_until="load")
    assert answer is not None
    assert answer.status == status, f"{path} answered {answer.status}: {await answer.text()}"


async def assert_accessible(page: Page) -> None:
    """Have axe-core judge the page as it is now: no violation of any of its rules."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_AXE.axe_script)
    answer = await page.evaluate("() => axe.run({resultTypes: ['violations']})")
    found = AxeResults(answer)
    assert found.violations_count == 0, found.generate_report()


async def assert_nothing_sticks_out(page: Page) -> None:
    """Nobody has to scroll sideways."""
    wide, room, out = await page.evaluate(_WIDTHS)
    assert wide <= room, f"the page is {wide} wide in a window of {room}: {out}"


async def transferred(window: Window, path: str) -> int:
    """Load a page for the first time; return the bytes that came, headers included.

    Counted is what the page itself asks for until the network rests, not what its service worker
    keeps for later.
    """
    session = await window.context.new_cdp_session(window.page)
    total = 0

    def finished(event: dict[str, Any]) -> None:
        nonlocal total
        total += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", finished)
    await session.send("Network.enable")
    await window.page.goto(path, wait_until="load")
    await window.page.wait_for_timeout(500)  # pictures that scripts ask for come after
    return total


async def keep_picture(page: Page, name: str, *, full: bool = True) -> None:
    """Keep a picture of the page for people to look at, where they ask for it."""
    if PICTURES is None:
        return
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    await page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")  # bars stick to the top
    await page.screenshot(path=folder / f"{name}.png", full_page=full)
