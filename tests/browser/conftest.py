"""One Chromium and one running demo for all tests of pages, which share one event loop.

A test takes the fixtures `chromium` and `demo` and opens windows with `windows.opened`.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser import camera
from tests.sandbox.demo_server import RunningDemo, running_demo

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of this folder in the loop of the browser that they share."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Run Debian's Chromium once, its camera showing `camera.NUMBER`.

    `.ci/run` installs it: where it is missing these tests fail.
    """
    program = shutil.which("chromium")
    assert program, "Chromium is not installed: apt-get install chromium"
    video = tmp_path_factory.mktemp("camera") / "card.mjpeg"
    camera.write_video(video)
    arguments = [
        "--no-sandbox",  # tests run as root in containers
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Run one demo for all tests of this folder: each test brings people of its own."""
    with running_demo(tmp_path_factory.mktemp("pages")) as running:
        yield running
