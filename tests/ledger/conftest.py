"""Opened ports on both engines; every unit of work runs twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.clock import FrozenClock
from app.http.ports import Ports
from tests.flows.conftest import open_test_ports


@pytest.fixture
async def ports(database_url: str, clock: FrozenClock) -> AsyncIterator[Ports]:
    """Open everything but the routes."""
    async with open_test_ports(database_url, clock) as opened:
        yield opened
