"""A merchant with an endpoint, a card, and a worker moved by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from app.delivery.webhooks import WebhookChannel
from app.outside import Outside
from tests.cards.cards_world import NUMBER, Asking, merchant, program
from tests.flows.conftest import World
from tests.webhooks.receiver import Message, Receiver

AS_OF = "2026-09-21T12:00:00Z"
WEBHOOKS = "/v1/partner/webhooks"
DELIVERIES = "/v1/partner/webhook-deliveries"


class Hooked:
    """A mirrored program whose merchant has an endpoint at a receiver."""

    def __init__(self, world: World, ask: Asking, path: str, hook: Any) -> None:
        self.world, self.ask, self.path, self.hook = world, ask, path, hook
        self.sequence = 0
        self.channel = self.worker()

    def worker(self) -> WebhookChannel:
        """Start another worker."""
        ports = self.world.ports
        return WebhookChannel(ports, Outside(clock=ports.clock, has_loopback=True))

    async def enrol(self, number: str = NUMBER) -> str:
        """Enrol a card; return its id."""
        made = await self.ask("POST", f"{self.path}/cards", {"number": number})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def tell(self, balance: int, number: str = NUMBER, **more: Any) -> None:
        """Tell a new balance."""
        self.sequence += 1
        body = {"sequence": self.sequence, "as_of": AS_OF, "balance": balance} | more
        told = await self.ask("PUT", f"{self.path}/cards/{number}/statement", body)
        assert told.status_code == 200, told.text

    async def step(self) -> None:
        """Deliver all that is due."""
        while await self.channel.turn():
            await self.channel.wait()

    async def after(self, seconds: float) -> None:
        """Let time pass, and deliver what has become due."""
        self.world.clock.forward(seconds)
        await self.step()

    async def deliveries(self, query: str = "") -> list[Any]:
        """List deliveries, the newest first."""
        answer = await self.ask("GET", DELIVERIES + query)
        assert answer.status_code == 200, answer.text
        items: list[Any] = answer.json()["items"]
        return items

    async def endpoint(self) -> Any:
        """Read the endpoint."""
        return (await self.ask("GET", f"{WEBHOOKS}/{self.hook['id']}")).json()


@contextlib.asynccontextmanager
async def hooked(world: World, receiver: Receiver, **more: Any) -> AsyncIterator[Hooked]:
    """Make a merchant, its program and its endpoint."""
    _, ask = await merchant(world)
    public = await program(ask)
    made = await ask("POST", WEBHOOKS, {"url": receiver.url} | more)
    assert made.status_code == 201, made.text
    shop = Hooked(world, ask, f"/v1/partner/programs/{public}", made.json())
    try:
        yield shop
    finally:
        await shop.channel.stop()


def told(messages: list[Message]) -> list[tuple[str, int]]:
    """Say of which events, by type and number."""
    return [(each.document["type"], each.data["sequence"]) for each in messages]
