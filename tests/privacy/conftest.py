"""The whole app over HTTP with phones, for the tests of export and erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from app.delivery.apple import AppleChannel
from app.delivery.worker import Worker
from app.privacy import erasing
from tests.flows.conftest import World, extras, settings, world
from tests.flows.phones import Shop, open_shop

__all__ = ["extras", "settings", "world"]


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    """A merchant, a fake APNs, and a worker that also sweeps erasures, as main makes it."""
    async with open_shop(world, tmp_path / "certs") as opened:
        chores = [partial(erasing.sweep, world.ports)]
        worker = Worker(world.ports, [AppleChannel(world.ports, opened.push)], chores=chores)
        yield msgspec.structs.replace(opened, worker=worker)
