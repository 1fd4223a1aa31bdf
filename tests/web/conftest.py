"""The pages over real HTTP, on SQLite: what differs between engines is tested with the rooms."""

from __future__ import annotations

import pytest

from tests.flows.conftest import extras, settings, world

__all__ = ["extras", "settings", "world"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Name the database that a test's server opens."""
    return sqlite_url
