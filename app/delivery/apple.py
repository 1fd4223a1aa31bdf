"""The channel of iPhones: feeds of devices draw numbers, empty pushes go out, phones pull."""

from __future__ import annotations

import contextlib
from collections import Counter

from app.apple.push import PushService
from app.delivery import queries, telling
from app.delivery.channel import Page
from app.delivery.pushing import IN_FLIGHT_MAX, Pusher
from app.delivery.telling import Told
from app.errors import AppError
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.storage.database import Transaction

FEEDS_AT_ONCE = 500


class AppleChannel:
    """Tells devices what changed and pushes to them."""

    def __init__(self, ports: Ports, push: PushService) -> None:
        self._ports = ports
        self._push = push
        self._pusher = Pusher(ports, push)
        self._told: list[Told] = []  # told and not yet settled: the next turn does

    @property
    def counts(self) -> Counter[str]:
        """Pushes by answer, and `merged`: those that one push told together."""
        return self._pusher.counts

    @property
    def has_room(self) -> bool:
        """Paced by Apple's answers: no page is told while half of the room is taken."""
        return self._pusher.room >= IN_FLIGHT_MAX // 2

    async def turn(self) -> int:
        """Tell devices what changed and send their pushes; return how much there was."""
        told = self._told = await telling.settle_and_claim(self._ports, self._told)
        try:
            may_push = self._pusher.room > 0
            feeds = await telling.tell_devices(self._ports, told, may_push=may_push)
        except BaseException:
            self._told = []  # not told: their lease ends, and they are taken again
            raise
        self._pusher.send(feeds)
        room = max(0, min(FEEDS_AT_ONCE, self._pusher.room))
        later = await telling.claim_feeds(self._ports, room)
        self._pusher.send(later)
        return len(told) + len(later)

    async def tell_page(self, page: Page) -> None:
        """Tell the devices that hold these cards."""
        told = await self._ports.database.read(lambda tx: _told_of(tx, page))
        feeds = await telling.tell_devices(self._ports, [each for each in told if each.targets])
        self._pusher.send(feeds)

    async def wait(self) -> None:
        """Wait until everything sent is answered and written down."""
        await self._pusher.wait()

    async def stop(self) -> None:
        """Settle what was told, wait for what was sent, close the connections."""
        with contextlib.suppress(AppError):  # else their lease ends, and they are told once more
            await telling.settle(self._ports, self._told)
        await self._push.close()
        await self._pusher.wait()


def _told_of(tx: Transaction, page: Page) -> list[Told]:
    return [
        Told(card_id, outbox_queries.revision(tx, card_id), queries.targets(tx, card_id))
        for card_id in page.card_ids
    ]
