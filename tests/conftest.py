"""What all rooms' tests share: a clock moved by hand, seeded ids, a migrated database per test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from litestar.utils.signature import ParsedSignature
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from app.clock import FrozenClock, SystemClock
from app.ids import Ids, SeededRandomness
from app.storage import migrate, migrate_postgres, sqlite_session
from app.storage.database import Database
from app.storage.open import open_database
from tests.storage.cluster import Cluster, running
from tests.storage.twice import TwiceDatabase

# What runs only where `--hypothesis-profile nightly` asks for it: no clock judges, nothing is kept.
settings.register_profile("nightly", max_examples=2_000, deadline=None, database=None)

BROWSER = "tests/browser/"
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Keep a file's tests on one worker, and all tests of pages: they share one Chromium."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        return BROWSER if file.startswith(BROWSER) else file


@pytest.hookimpl(optionalhook=True)  # also where pytest-xdist is switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share the tests out among the workers of `pytest -n`."""
    return ByFile(config, log)


_parsed: dict[tuple[object, ...], ParsedSignature] = {}
_parse = ParsedSignature.from_fn


def _parse_once(fn: Any, namespace: dict[str, Any]) -> ParsedSignature:
    """Read a handler's signature once for all apps of the run: half of what making one costs."""
    is_made_anew = "<locals>" in getattr(fn, "__qualname__", "") and not hasattr(fn, "__wrapped__")
    key = (fn.__code__ if is_made_anew else fn, *sorted(namespace))
    if key not in _parsed:
        _parsed[key] = _parse(fn, namespace)
    return _parsed[key]


ParsedSignature.from_fn = _parse_once  # type: ignore[method-assign,assignment]


@pytest.fixture
def clock() -> FrozenClock:
    """Stand still until a test moves it."""
    return FrozenClock()


@pytest.fixture
def ids() -> Ids:
    """Draw the same ids in each run."""
    return Ids(SeededRandomness(1))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Run one PostgreSQL server for the whole session; skip where it is not installed."""
    with running() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed: its tests are skipped")
        yield server


@pytest.fixture(scope="session")
def _postgres_template(cluster: Cluster) -> str:
    url = cluster.new()
    with psycopg.connect(url, autocommit=True) as connection:
        migrate_postgres.upgrade_postgres(connection)
        return connection.info.dbname


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    connection = sqlite_session.connect_writing(path)
    migrate.upgrade_sqlite(connection)
    connection.close()
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a fresh, migrated SQLite file."""
    path = tmp_path / "portecarte.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(cluster: Cluster, _postgres_template: str) -> Iterator[str]:
    """Return the address of a fresh, migrated PostgreSQL database."""
    url = cluster.new(_postgres_template)
    yield url
    cluster.drop(url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a fresh, migrated database: the test runs on both engines."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a fresh database which runs each unit of work twice, on both engines."""
    opened = TwiceDatabase(await open_database(database_url, clock=SystemClock()))
    yield opened
    await opened.close()
