"""A worker beside the furnished server, and cards that stand in wallets of Android phones."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx2
import msgspec

from app.clock import SECOND
from app.delivery import redesigns
from app.delivery.google import GoogleChannel
from app.google.running import make_google
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.sandbox.android import AndroidPhone
from app.sandbox.fake_google import Seen
from tests.cards.cards_world import NUMBER, NUMBERS, card_row
from tests.google.door_world import Door
from tests.google.passing import Passing, Watch, WatchedDatabase, WatchedThreads

API = "/walletobjects/v1/"


class Outlet:
    """A worker's channel to the fake Google; time passes only while it waits for time."""

    def __init__(self, door: Door) -> None:
        self.door, self.clock, self.fake = door, door.world.clock, door.fake
        watch, ports = Watch(), door.world.ports
        self.ports = msgspec.structs.replace(
            ports,
            database=WatchedDatabase(ports.database, watch),
            threads=WatchedThreads(ports.threads, watch),
        )
        self.passing = Passing(self.clock, watch)
        self.google = make_google(self.ports, transport=httpx2.ASGITransport(app=self.fake.app))
        self.channel = GoogleChannel(self.ports, self.google.issuers, self.google.teller)

    def twin(self) -> Outlet:
        """Make another worker on the same database."""
        return Outlet(self.door)

    async def work(self) -> None:
        """Deliver until nothing is due now."""
        while await self.passing.until(self.channel.turn()):
            await self.passing.until(self.channel.wait())

    async def work_for(self, seconds: float, *, step: float = 5.0) -> None:
        """Deliver for so long."""
        end = self.clock.wall() + round(seconds * SECOND)
        while self.clock.wall() < end:
            await self.work()
            self.clock.forward(step)
        await self.work()

    async def redesign(self) -> None:
        """Tell all pages of programs that changed."""
        while await redesigns.tell_pages(self.ports, [self.channel]):
            pass

    async def kill(self) -> None:
        """End the worker as a crash does: whatever it is doing is dropped."""
        for line in self.channel._lines.values():
            tasks = [*line._telling, *([line._draining] if line._draining else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def save(self, number: str = NUMBER, *, account: str = "camille") -> str:
        """Register a card, save it on a phone, have all told; return the id of its object."""
        card_id = self.door.card_id if number == NUMBER else await self.door.add_card(number)
        return await self.save_card(card_id, account=account)

    async def save_card(self, card_id: str, *, account: str = "camille", who: Any = None) -> str:
        """Save a card on a phone and have all told; return the id of its object."""
        known = set(self.fake.memory.objects)
        token = await self.door.link(who, card_id)
        await self.door.save(self.door.phone(account), token)
        await self.work()
        (made,) = set(self.fake.memory.objects) - known
        return made

    async def save_all(self, count: int) -> list[str]:
        """Save so many cards."""
        return [await self.save(number) for number in NUMBERS[:count]]

    async def touch(self, card_id: str, priority: int = outbox.SINGLE) -> None:
        """Say that a card shows something new."""
        inner, now = await card_row(self.ports, card_id), self.clock.wall()
        await self.ports.database.write(
            lambda tx: outbox.touch(tx, inner, now=now, priority=priority)
        )

    async def pending(self) -> int:
        """Count rows that are to be told."""
        sql = "SELECT COUNT(*) FROM outbox WHERE wanted > done AND channel LIKE 'google:%'"
        return int((await self.door.rows(sql))[0][0])

    def calls(self, *, since: int = 0) -> list[Seen]:
        """List REST calls, the first `since` left out."""
        return list(self.fake.calls)[since:]

    def told(self, *, since: int = 0) -> Counter[str]:
        """Count calls as `PATCH loyaltyObject 200`."""
        return Counter(
            f"{seen.method} {seen.path.removeprefix(API).split('/')[0]} {seen.status}"
            for seen in self.calls(since=since)
        )

    def body(self, seen: Seen) -> dict[str, Any]:
        """Read what a call sent."""
        found: dict[str, Any] = msgspec.json.decode(seen.body)
        return found

    def shown(self, object_id: str) -> dict[str, Any]:
        """Return an object as Google has it."""
        return dict(self.fake.memory.objects[object_id].document)

    def spoken(self, object_id: str) -> int:
        """Count the notices a phone has shown of an object."""
        return sum(push.object_id == object_id for push in self.fake.pushes)


def phone_of(outlet: Outlet, account: str = "camille") -> AndroidPhone:
    """Make an Android phone."""
    return outlet.door.phone(account)


async def revision_told(outlet: Outlet, card_id: str) -> tuple[int, int]:
    """Return a card's revision and up to which one Google was told."""
    inner = await card_row(outlet.ports, card_id)

    def work(tx: Any) -> tuple[int, int]:
        done = outbox_queries.done(tx, inner, "google:1")
        return outbox_queries.revision(tx, inner), -1 if done is None else done

    return await outlet.ports.database.read(work)
