"""The whole app over HTTP with signers, for the tests of Apple's web service."""

from __future__ import annotations

import pytest

from app.clock import FrozenClock
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates
from tests.apple.iphone_world import House, furnished
from tests.flows.conftest import World, extras, settings, world

__all__ = ["extras", "settings", "world"]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentCertificates:
    """Make the development certificates once."""
    folder = tmp_path_factory.mktemp("certificates") / "dev"
    return make_development_certificates(folder, now=FrozenClock().wall())


@pytest.fixture
async def house(world: World, certificates: DevelopmentCertificates) -> House:
    """Furnish the running server: signers, a mirrored program, a user with one card."""
    return await furnished(world, certificates)
