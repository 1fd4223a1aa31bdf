"""A fake APNs, a client of it and a clock moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from app.apple.apns import Apns
from app.apple.credentials import CertificateCredential, TokenCredential
from app.clock import FrozenClock
from app.ids import SeededRandomness
from app.sandbox.certificates import (
    PASS_TYPE,
    PUSH_KEY_ID,
    TEAM,
    DevelopmentCertificates,
    make_development_certificates,
)
from app.sandbox.fake_apple import FakeApple

REAL_SECONDS_MAX = 60  # a test that waits longer hangs
TURN_SECONDS = 0.02  # how long the network gets before the clock is moved on


class World:
    """What a test of pushing needs; all by certificate unless told otherwise."""

    def __init__(self, certificates: DevelopmentCertificates) -> None:
        self.certificates = certificates
        self.clock = FrozenClock()
        self.apple = FakeApple(certificates, clock=self.clock)
        self.by_certificate = {
            it.pass_type: CertificateCredential(
                certificate=it.certificate.read_bytes(), key=it.key.read_bytes()
            )
            for it in certificates.signers
        }
        self.by_token = TokenCredential(
            team=TEAM, key_id=PUSH_KEY_ID, key=certificates.push_token_key.read_bytes()
        )
        self.credentials = dict(self.by_certificate)
        self.apns = self.client()

    def client(self, **options) -> Apns:
        """Make a client of the fake."""
        usual = {"url": self.apple.url, "ca_file": self.certificates.apns_ca}
        return Apns(
            self.credentials.get,
            clock=self.clock,
            randomness=SeededRandomness(1),
            **(usual | options),
        )

    async def push(self, token: str = "ab" * 32, topic: str = PASS_TYPE):
        """Push with the clock standing still."""
        return await within(self.apns.push(token, topic=topic))

    async def push_all(self, count: int, topic: str = PASS_TYPE):
        """Push to so many devices at once."""
        pushes = (self.apns.push(f"{number:064x}", topic=topic) for number in range(count))
        return await within(asyncio.gather(*pushes))

    async def passing(self, awaited: Awaitable, *, step: float = 0.5):
        """Wait while time passes: `step` seconds each turn."""
        task = asyncio.ensure_future(awaited)
        while not task.done():
            await asyncio.wait({task}, timeout=TURN_SECONDS)
            self.clock.forward(step)
        return task.result()

    def tokens_seen(self) -> set[str]:
        """Return the devices that were pushed."""
        return {push.token for push in self.apple.pushes}


async def within(awaited: Awaitable):
    """Wait, but not for ever."""
    return await asyncio.wait_for(awaited, REAL_SECONDS_MAX)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[World]:
    """Start the fake, and close all of it in the end."""
    certificates = make_development_certificates(folder, now=FrozenClock().wall())
    world = World(certificates)
    await world.apple.start()
    world.apns = world.client()
    try:
        yield world
    finally:
        await world.apns.close()
        await world.apple.close()
