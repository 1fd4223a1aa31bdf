"""`portecarte listen`, `trigger` and `events resend` beside a running server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from app.commands import listening, operator
from app.commands.hooking import TriggerOrder
from app.commands.operator import OperatorFile
from app.commands.operator_routes import routes
from app.main import Extras
from app.settings import Settings
from app.storage.database import DatabaseRefused
from tests.cards.cards_world import NUMBER, merchant, program
from tests.flows.conftest import World
from tests.webhooks.hooked import Hooked
from tests.webhooks.receiver import Receiver, answer

TOKEN = "pco_of_this_test"  # nobody's


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a sandbox that calls its own machine for listeners only."""
    return Settings(secrets_file=tmp_path / "secrets.json")


@pytest.fixture
def extras() -> Extras:
    """Serve an operator's routes."""
    return Extras(routes=tuple(routes(TOKEN)))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """On SQLite, where commands ask the server."""
    return sqlite_url


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Hooked]:
    """Enrol a card; a file says where the server is."""
    _, ask = await merchant(world)
    public = await program(ask)
    beside = operator.file_beside(world.ports.settings)
    assert beside is not None
    beside.write_bytes(msgspec.json.encode(OperatorFile(world.url, TOKEN)))
    shop = Hooked(world, ask, f"/v1/partner/programs/{public}", None)
    await shop.enrol(NUMBER)
    yield shop
    await shop.channel.stop()


@contextlib.asynccontextmanager
async def listening_for(shop: Hooked, receiver: Receiver) -> AsyncIterator[list[str]]:
    """Run the command until the end of the block; yield what it prints."""
    said: list[str] = []
    stop, ready = asyncio.Event(), asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("Secret: "):
            ready.set()

    settings = shop.world.ports.settings
    task = asyncio.ensure_future(
        listening.listen(settings, receiver.url, merchant=None, say=say, until=stop)
    )
    await asyncio.wait(
        (task, asyncio.ensure_future(ready.wait())), return_when=asyncio.FIRST_COMPLETED
    )
    yield said
    stop.set()
    await task


async def test_events_are_forwarded_printed_and_signed_with_the_same_secret_each_time(
    shop: Hooked, receiver: Receiver
) -> None:
    settings, secrets = shop.world.ports.settings, list[str]()
    receiver.says = lambda _message: answer(500 if len(receiver.heard) == 1 else 200)
    for _ in range(2):
        async with listening_for(shop, receiver) as said:
            shop.world.clock.forward(1)
            order = TriggerOrder("tier.changed", None, None)
            event = (await listening.trigger(settings, order)).split(" ")[0]
            await shop.step()
            await shop.after(6)
        secrets.append(said[1].removeprefix("Secret: "))
        assert said[-1].endswith(f"{event} → 200")
        message = receiver.heard[-1]
        assert message.headers["webhook-id"] == event and message.signed_by(secrets[-1])
        assert message.data["is_test"] is True and message.data["card"]["number"] == NUMBER
    assert secrets[0] == secrets[1]
    assert len(receiver.heard) == 3  # the first was answered 500, and came again


async def test_an_event_is_sent_once_more_by_its_id(shop: Hooked, receiver: Receiver) -> None:
    settings = shop.world.ports.settings
    async with listening_for(shop, receiver):
        await listening.trigger(settings, TriggerOrder("voucher.issued", None, "maison-verte"))
        await shop.step()
        event = receiver.heard[0].headers["webhook-id"]
        assert "1 endpoint" in await listening.resend(settings, event)
        await shop.step()
        assert len(receiver.heard) == 2 and receiver.heard[0].body == receiver.heard[1].body
    with pytest.raises(DatabaseRefused, match="switched off"):
        await listening.resend(settings, event)


async def test_what_cannot_be_is_said_in_a_sentence(shop: Hooked) -> None:
    settings = shop.world.ports.settings
    with pytest.raises(DatabaseRefused, match=r"balance\.updated"):
        await listening.trigger(settings, TriggerOrder("nothing.such", None, None))
    with pytest.raises(DatabaseRefused, match="no such merchant"):
        await listening.trigger(settings, TriggerOrder("card.created", None, "nobody"))
    with pytest.raises(DatabaseRefused, match="30 days"):
        await listening.resend(settings, "evt_" + "0" * 32)
