"""Opened ports on both engines, and one issuer with its key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.clock import FrozenClock
from app.google.issuers import Issuers
from app.http.ports import Ports
from app.programs import issuers as rows
from app.settings import Settings
from tests.flows.conftest import World, extras, open_test_ports, world
from tests.google.accounts import GOOGLE_ISSUER, account_json
from tests.google.door_world import HOST, Door, furnished

__all__ = ["extras", "world"]


@pytest.fixture
async def ports(database_url: str, clock: FrozenClock) -> AsyncIterator[Ports]:
    """Open everything but the routes."""
    async with open_test_ports(database_url, clock) as opened:
        yield opened


@pytest.fixture
async def issuers(ports: Ports) -> Issuers:
    """Keep the server's issuer and load it."""
    await keep_issuer(ports, rows.FIRST_ISSUER, GOOGLE_ISSUER)
    issuers = Issuers(ports)
    await issuers.load()
    return issuers


async def keep_issuer(
    ports: Ports, issuer_id: int, google_issuer: str, *, file: bytes | None = None
) -> None:
    """Keep an issuer of the server."""
    row = rows.seal_issuer(
        google_issuer,
        account_json() if file is None else file,
        issuer_id=issuer_id,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )
    await ports.database.write(lambda tx: rows.ensure_issuer(tx, row, server_public=b"s" * 16))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a sandbox whose Google stands on a host of its own."""
    return Settings(
        secrets_file=tmp_path / "secrets.json",
        google_api_url=HOST,
        google_token_url=f"{HOST}/token",
        google_root_keys_url=f"{HOST}/keys",
        google_save_url=f"{HOST}/save/",
    )


@pytest.fixture
async def door(world: World) -> Door:
    """Furnish the running server: an issuer, a mirrored program, a user with one card."""
    return await furnished(world)
