"""The whole app over HTTP, where webhooks may go to 127.0.0.1, and a real receiver there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.flows.conftest import extras, world
from tests.webhooks.receiver import Receiver

__all__ = ["extras", "world"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a sandbox that may call its own machine."""
    return Settings(secrets_file=tmp_path / "secrets.json", webhook_allow_loopback=True)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Run a merchant's own server."""
    async with Receiver().listening() as served:
        yield served
