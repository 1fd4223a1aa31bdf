"""The channel of merchants' systems: each event its own delivery, in order per card.

A card that is stuck holds up no other card, and an endpoint that is stuck no other endpoint: each
(card, endpoint) is a queue of its own, each endpoint has a share of what is under way.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import msgspec
import structlog

from app.delivery import webhook_queries as queries
from app.delivery import webhook_sending as sending
from app.delivery.channel import Page
from app.delivery.webhook_queries import Lane
from app.delivery.webhook_sending import Means, Taken
from app.delivery.webhook_spreading import spread
from app.errors import AppError
from app.http.ports import Ports
from app.outside import Outside
from app.partners import webhook_queries
from app.partners.webhook_queries import WebhookRow
from app.storage.database import Transaction

UNDER_WAY_MAX = 256  # many, because each that hangs stays for 15 seconds
OF_ENDPOINT_MAX = 8
PROBED_AFTER = 5  # failures in a row, then one at a time
ENDPOINTS_AT_ONCE = 40
SKIPPED_AT_ONCE = 200
_log = structlog.get_logger("webhooks")


class Due(msgspec.Struct, frozen=True):
    """What may begin at one endpoint; `endpoint` None: it was deleted."""

    endpoint: WebhookRow | None
    lanes: tuple[Lane, ...]


class WebhookChannel:
    """Tells merchants' systems. Several workers may run it on one database."""

    def __init__(self, ports: Ports, outside: Outside) -> None:
        self._ports = ports
        self._outside = outside
        self._means = Means(ports, outside, Counter())
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_endpoint: Counter[int] = Counter()
        self._after = 0  # the endpoint whose turn was last

    @property
    def counts(self) -> Counter[str]:
        """Answers: `webhook:200`, `webhook:timeout`."""
        return self._means.counts

    @property
    def has_room(self) -> bool:
        """A program's change is no event."""
        return True

    async def turn(self) -> int:
        """Make deliveries of new events and begin those that are due; return how many."""
        done = await spread(self._ports)
        return done + await self._begin()

    async def tell_page(self, page: Page) -> None:
        """Tell nothing: what a program looks like is no event of a card."""

    async def wait(self) -> None:
        """Wait until what was begun is written down."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Wait for what was begun, and hang up."""
        await self.wait()
        await self._outside.close()

    async def _begin(self) -> int:
        if len(self._tasks) >= UNDER_WAY_MAX:
            return 0
        now = self._ports.clock.wall()
        turns, found = await self._ports.database.read_point(partial(self._due, now=now))
        self._after = turns[-1] if len(turns) == ENDPOINTS_AT_ONCE else 0
        begun = 0
        for due in found:
            if due.endpoint is None or due.endpoint.disabled_at is not None:
                begun += await self._skip(due.lanes)
            else:
                begun += await self._take(due.endpoint, due.lanes, now=now)
        return begun

    def _due(self, tx: Transaction, *, now: int) -> tuple[list[int], list[Due]]:
        """Find whose turn it is, and what may begin there."""
        turns = queries.busy_endpoints(tx, self._after, ENDPOINTS_AT_ONCE)
        found, room = [], UNDER_WAY_MAX - len(self._tasks)
        for webhook_id in turns:
            lanes = queries.due_lanes(tx, webhook_id, now=now, limit=OF_ENDPOINT_MAX)
            if not lanes:
                continue
            endpoint = webhook_queries.by_id(tx, lanes[0].merchant_id, webhook_id)
            if endpoint is None or endpoint.disabled_at is not None:
                lanes = queries.due_lanes(tx, webhook_id, now=now, limit=SKIPPED_AT_ONCE)
            else:
                lanes = lanes[: max(0, min(room, self._room(endpoint, now)))]
                room -= len(lanes)
            if lanes:
                found.append(Due(endpoint, tuple(lanes)))
        return turns, found

    def _room(self, endpoint: WebhookRow, now: int) -> int:
        if endpoint.slow_until > now:
            return 0
        is_careful = endpoint.failures >= PROBED_AFTER or endpoint.slow_steps > 0
        share = 1 if is_careful else OF_ENDPOINT_MAX
        return share - self._at_endpoint[endpoint.webhook_id]

    async def _skip(self, lanes: tuple[Lane, ...]) -> int:
        ordered = sorted(lanes, key=lambda lane: lane.card_id)
        await self._ports.database.write_batch(
            [partial(sending.skip, lane=lane) for lane in ordered]
        )
        return len(lanes)

    async def _take(self, endpoint: WebhookRow, lanes: tuple[Lane, ...], *, now: int) -> int:
        works = [
            partial(sending.take, lane=lane, now=now)
            for lane in sorted(lanes, key=lambda lane: lane.card_id)
        ]
        found = await self._ports.database.write_batch(works)
        taken = [each for each in found if isinstance(each, Taken)]
        for each in taken:
            self._at_endpoint[endpoint.webhook_id] += 1
            task = asyncio.get_running_loop().create_task(self._send(each, endpoint))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(taken)

    async def _send(self, taken: Taken, endpoint: WebhookRow) -> None:
        try:
            await sending.send(self._means, taken, endpoint)
        except AppError as error:  # the database is away: the lease ends, and it is sent again
            _log.warning("postponed", code=error.code)
        finally:
            self._at_endpoint[endpoint.webhook_id] -= 1
            if self._at_endpoint[endpoint.webhook_id] <= 0:
                del self._at_endpoint[endpoint.webhook_id]
