"""The server as it is run: granian, the environment's settings, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2

from app.http.secrets import make_secrets, write_secrets
from app.ids import SeededRandomness
from tests.flows.conftest import World

ROOT = Path(__file__).parent.parent.parent


@contextlib.asynccontextmanager
async def granian(database_url: str, folder: Path) -> AsyncIterator[str]:
    """Run the server as a process of its own until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secrets = folder / "secrets.json"
    write_secrets(secrets, make_secrets(SeededRandomness(3)))
    environment = {name: value for name, value in os.environ.items() if "PORTECARTE" not in name}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory"),
        *("--host", "127.0.0.1", "--port", str(port), "app.main:app"),
        cwd=ROOT,
        env=environment
        | {
            "PORTECARTE_DATABASE_URL": database_url,
            "PORTECARTE_SECRETS_FILE": str(secrets),
            "PORTECARTE_PORT": str(port),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(trust_env=False) as client:
            for _ in range(200):
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                assert process.returncode is None, "the server stopped"
                await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def test_granian_serves_the_app_from_the_environment(
    database_url: str, tmp_path: Path
) -> None:
    async with (
        granian(database_url, tmp_path) as url,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        ready = await client.get(f"{url}/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"status": "ready"}
        unknown = await client.get(f"{url}/v1/nothing")
        assert unknown.status_code == 404
        assert unknown.json()["code"] == "not-found"


async def test_the_app_answers_over_a_real_socket(world: World) -> None:
    answer = await world.client.get("/healthz")
    assert answer.status_code == 200
    assert answer.headers["x-request-id"].startswith("req_")
