"""The whole app on SQLite, called in process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from app.clock import FrozenClock
from app.http import logs
from app.http.ports import Ports
from app.main import create_app
from tests.flows.conftest import open_test_ports


@pytest.fixture
async def ports(sqlite_url: str, clock: FrozenClock) -> AsyncIterator[Ports]:
    """Open everything as main does."""
    logs.configure("error")
    async with open_test_ports(sqlite_url, clock) as opened:
        yield opened


@pytest.fixture
def app(ports: Ports) -> Litestar:
    """Build the app; its lifespan is not entered, nothing runs beside the requests."""
    return create_app(ports.settings, ports)
