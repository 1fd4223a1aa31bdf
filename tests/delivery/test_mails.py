"""Queued mails: sent once, tried again while the server is away, then forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from app.clock import DAY, SECOND
from app.delivery import mailing, pruning
from app.http.ports import Ports
from app.outbox import service as outbox
from app.sandbox.mails import MailListener
from tests.cards.cards_world import rows
from tests.flows.conftest import World


@pytest.fixture
async def listener(world: World) -> AsyncIterator[MailListener]:
    found = MailListener(world.clock, lambda mail: None)
    await found.start()
    yield found
    await found.close()


def _reaching(ports: Ports, url: str) -> Ports:
    settings = msgspec.structs.replace(ports.settings, smtp_url=url)
    return msgspec.structs.replace(ports, settings=settings)


async def _queue(ports: Ports, recipient: str = "camille@example.org") -> None:
    now, mail_id = ports.clock.wall(), ports.ids.next(ports.clock.wall())
    await ports.database.write(
        lambda tx: outbox.send_mail(
            tx,
            address_hash=b"h",
            mail_id=mail_id,
            recipient=recipient,
            subject="Votre code à 8 chiffres",
            body="12345678\n",
            now=now,
        )
    )


async def test_a_mail_is_sent_once_and_then_deleted(world: World, listener: MailListener) -> None:
    ports = _reaching(world.ports, listener.url)
    await _queue(ports)
    assert await mailing.send_due(ports) == 1
    assert await mailing.send_due(ports) == 0
    [mail] = listener.newest("camille@example.org")
    assert mail.subject == "Votre code à 8 chiffres"
    assert "12345678" in mail.text
    assert await rows(ports, "SELECT COUNT(*) FROM mail") == [(0,)]


async def test_a_mail_waits_while_the_server_is_away(world: World, listener: MailListener) -> None:
    url = listener.url
    await listener.close()
    ports = _reaching(world.ports, url)
    await _queue(ports)
    assert await mailing.send_due(ports) == 1
    assert await mailing.send_due(ports) == 0
    assert await rows(ports, "SELECT attempts FROM mail") == [(1,)]
    world.clock.forward(mailing.FIRST_PAUSE_SECONDS)
    assert await mailing.send_due(ports) == 1
    assert await rows(ports, "SELECT attempts FROM mail") == [(2,)]


async def test_events_are_kept_for_30_days(world: World) -> None:
    ports = world.ports

    def work(tx) -> None:
        outbox.begin_card(tx, 7)
        outbox.record(tx, 7, "card.created", event_public_id=bytes(16), facts={}, now=at)

    at = world.clock.wall()
    await ports.database.write(work)
    world.clock.forward(30 * DAY // SECOND - 1)
    await pruning.prune(ports)
    assert await rows(ports, "SELECT COUNT(*) FROM event") == [(1,)]
    world.clock.forward(2)
    await pruning.prune(ports)
    assert await rows(ports, "SELECT COUNT(*) FROM event") == [(0,)]
