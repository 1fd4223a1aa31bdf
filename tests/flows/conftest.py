"""The whole app over real HTTP, on both engines, with a clock moved by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import msgspec
import pytest
from litestar import Litestar

from app.clock import FrozenClock, SystemClock
from app.http.ports import Ports
from app.http.secrets import Secrets, make_secrets
from app.ids import Ids, SeededRandomness
from app.main import Extras, create_app
from app.pictures.reading import Pictures
from app.settings import Settings
from app.storage.open import open_database
from tests.flows.server import serving
from tests.storage.twice import TwiceDatabase

TLS = httpx2.create_ssl_context()  # reading the roots anew for each test takes its time


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A running server, and what a test may hold of it."""

    url: str
    app: Litestar
    ports: Ports
    clock: FrozenClock
    client: httpx2.AsyncClient  # no credential of its own


@contextlib.asynccontextmanager
async def open_test_ports(
    database_url: str, clock: FrozenClock, *, settings: Settings | None = None
) -> AsyncIterator[Ports]:
    """Open everything as main does, each unit of work twice, ids and secrets seeded."""
    settings = settings or Settings()
    settings = msgspec.structs.replace(settings, database_url=database_url)
    randomness = SeededRandomness(7)
    database = TwiceDatabase(await open_database(database_url, clock=SystemClock()))
    threads = ThreadPoolExecutor(2)
    pictures = Pictures()
    try:
        yield Ports(
            database=database,
            clock=clock,
            ids=Ids(randomness),
            settings=settings,
            secrets=Secrets(make_secrets(randomness)),
            threads=threads,
            pictures=pictures,
        )
    finally:
        await pictures.close()
        await database.close()
        threads.shutdown()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of the sandbox; a test module may override this fixture."""
    return Settings(secrets_file=tmp_path / "secrets.json")


@pytest.fixture
def extras() -> Extras:
    """Return what lives beside the routes: nothing, unless a test module overrides this."""
    return Extras()


@pytest.fixture
async def world(
    database_url: str, clock: FrozenClock, settings: Settings, extras: Extras
) -> AsyncIterator[World]:
    """Serve the whole app on a free port."""
    async with open_test_ports(database_url, clock, settings=settings) as ports:
        app = create_app(ports.settings, ports, extras=extras)
        async with (
            serving(app) as url,
            httpx2.AsyncClient(base_url=url, timeout=30, trust_env=False, verify=TLS) as client,
        ):
            yield World(url=url, app=app, ports=ports, clock=clock, client=client)
