"""What the sandbox keeps beside the database is forgotten with the user: main hands that in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.clock import FrozenClock
from app.http.secrets import Secrets, make_secrets
from app.ids import SeededRandomness
from app.main import Extras
from app.privacy.erasing import Gone
from app.sandbox.certificates import make_development_certificates
from app.sandbox.mails import MailListener
from app.sandbox.running import Sandbox
from tests.cards.cards_world import Asking
from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.privacy.life import EMAIL, lived

HEARD: list[Gone] = []


@pytest.fixture
def extras() -> Extras:
    """Let somebody above hear who was erased."""
    HEARD.clear()

    async def hear(gone: Gone) -> None:
        HEARD.append(gone)

    return Extras(forget=(hear,))


async def test_whoever_keeps_something_above_hears_the_addresses(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    assert (await life.ask("DELETE", "/v1/me")).status_code == 204
    (gone,) = HEARD
    told = {life.traces[name].decode() for name in ("address", "wanted address")}
    assert set(gone.addresses) >= told | {life.traces["contact's address"].decode()}
    assert await nobody(life.other) == 1


async def nobody(ask: Asking) -> int:
    """Count who was heard of: asking changes nothing."""
    assert (await ask("GET", "/v1/me")).status_code == 200
    return len(HEARD)


async def test_the_mail_listener_forgets_somebodys_mails_only(clock: FrozenClock) -> None:
    mails = MailListener(clock)
    for to in (EMAIL, EMAIL.upper(), "ben@example.com"):
        mails._keep(to, "Your code", "12345678")
    mails.forget([EMAIL])
    assert [mail.to for mail in mails.newest()] == ["ben@example.com"]


async def test_the_sandbox_forgets_mails_and_the_lines_that_tell_of_them(
    clock: FrozenClock, tmp_path: Path
) -> None:
    said: list[Any] = []
    sandbox = Sandbox(
        make_development_certificates(tmp_path, now=clock.wall()),
        Secrets(make_secrets(SeededRandomness(1))),
        clock=clock,
        apns_port=0,
        say=said.append,
    )
    sandbox.mails._keep(EMAIL, "Your code", "12345678")
    sandbox.mails._keep("ben@example.com", "Your code", "87654321")
    assert len(sandbox.happenings) == 2
    await sandbox.forget(Gone(addresses=(EMAIL,)))
    assert EMAIL not in str(sandbox.mails.newest()) + str(sandbox.happenings)
    assert len(sandbox.happenings) == 1
