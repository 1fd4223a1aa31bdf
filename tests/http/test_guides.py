"""The guides' commands are pasted into a shell as they stand, against the running server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from litestar.di import Provide

from app.clock import SystemClock
from app.http.media import decode_json
from app.main import ROUTES, create_app
from app.web.openapi import handlers
from tests.cards.cards_world import merchant, program
from tests.checkout.till_world import HOSTED
from tests.flows.conftest import TLS, World, open_test_ports
from tests.flows.server import serving

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture
async def now(sqlite_url: str) -> AsyncIterator[World]:
    """Serve with the system's clock: the commands write the moment as `date` tells it."""
    clock: Any = SystemClock()
    async with open_test_ports(sqlite_url, clock) as ports:
        app = create_app(ports.settings, ports)
        async with (
            serving(app) as url,
            httpx2.AsyncClient(base_url=url, timeout=30, trust_env=False, verify=TLS) as client,
        ):
            yield World(url=url, app=app, ports=ports, clock=clock, client=client)


async def commands(world: World, guide: str, **known: str) -> str:
    """Take a guide's commands, what the reader fills in filled in."""
    page = (await world.client.get(f"/docs{guide}")).text
    found = re.findall(r'<div class="code" data-runs>.*?<code>(.*?)</code>', page, re.DOTALL)
    assert found and not any("<" in text for text in found), "a browser would read it as a tag"
    script = "\n".join(["set -e -o pipefail", *map(unescape, found)])
    for name, value in {"BASE": world.url, **known}.items():
        script = re.sub(rf"^{name}=.*…$|^{name}=http.*$", f"{name}={value}", script, flags=re.M)
    assert "…" not in script
    return script


async def ran(script: str, folder: Path) -> str:
    """Run a script; return what it printed."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await shell.communicate()
    assert shell.returncode == 0, (out.decode()[-1500:], error.decode()[-1500:])
    return out.decode()


async def test_a_till_is_connected_by_pasting_the_guide(now: World, tmp_path: Path) -> None:
    _, ask = await merchant(now)
    known = {"KEY": str(ask.token), "PROGRAM": await program(ask, **HOSTED)}
    said = await ran(await commands(now, "/till", **known), tmp_path)
    assert '"earned_units":{"pts":120}' in said
    assert "idempotent-replay: true" in said.lower()
    assert '"status":4' not in said
    assert said.count('"entries"') == 5  # two tickets, one of them twice, a refund, a late one


async def test_statements_are_told_by_pasting_the_guide(now: World, tmp_path: Path) -> None:
    _, ask = await merchant(now)
    known = {"KEY": str(ask.token), "PROGRAM": await program(ask)}
    said = await ran(await commands(now, "/statements", **known), tmp_path)
    assert '{"done":true,"ok":1,"stale":0,"error":1}' in said
    assert '"value":1310' in said


async def test_the_five_lines_of_the_first_page_enrol_and_tell_a_balance(
    now: World, tmp_path: Path
) -> None:
    _, ask = await merchant(now)
    await program(ask)
    said = await ran(await commands(now, "", KEY=str(ask.token)), tmp_path)
    assert '"changed":true' in said


def test_bodies_of_commands_in_docs_fit_their_routes() -> None:
    nothing = Provide(lambda: None, sync_to_thread=False)
    app = Litestar(
        list(ROUTES), dependencies={"ports": nothing}, openapi_config=None, logging_config=None
    )
    known = [
        (method, re.compile(re.sub(r"{[^}]*}", "[^/]+", path)), handler)
        for path, method, handler in handlers(app)
    ]
    seen = 0
    for page in sorted(DOCS.glob("*.md")):
        for command in re.findall(
            r"^curl (?:[^\n]*\\\n)*[^\n]*(?:\n {5,}[^\n]*)*", page.read_text(), re.M
        ):
            body = re.search(r"-d '(.*?)'", command, re.DOTALL)
            path = re.search(r"(/v1/[^\s'\"?]*)", command)
            if body is None or path is None:
                continue
            method = (re.search(r"-X (\w+)", command) or ["", "POST"])[1].lower()
            handler = next(
                (
                    each
                    for verb, shape, each in known
                    if verb == method and shape.fullmatch(path[1])
                ),
                None,
            )
            assert handler, f"{page.name}: {method} {path[1]} is no route"
            field = handler.parsed_data_field
            kind = handler.opt.get("takes") or (field.annotation if field else None)
            if kind is not None:
                decode_json(body[1].encode(), kind)
                seen += 1
    assert seen >= 6
