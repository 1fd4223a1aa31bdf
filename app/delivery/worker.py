"""Runs delivery: in the server by default, alone with `portecarte worker` on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from app.apple.push import PushService
from app.delivery import mailing, pruning, redesigns, telling
from app.delivery.pushing import IN_FLIGHT_MAX, Pusher
from app.delivery.telling import Told
from app.errors import AppError
from app.http.ports import Ports
from app.ledger.sweeping import Sweeper

# How long to wait before looking again: while there is work, and after a quiet while.
BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.05
# With so much found in a turn, wait a little longer: fewer commits, each for more.
CROWD, CROWDED_SECONDS = range(3, 200), 0.02
MAIL_SECONDS = 0.2
REDESIGN_SECONDS = 0.5
SWEEP_SECONDS = 0.25  # a lot dies at most this late on a phone; each reader computes it ahead
PROOF_SECONDS, PROOF_IDLE_SECONDS = 0.5, 600.0  # a million cards in three hours
PRUNE_SECONDS = 3_600.0
FAULT_SECONDS = 1.0
QUIET_LOOKS = 400  # looks without work until it counts as quiet: two seconds
_log = structlog.get_logger("delivery")


class Worker:
    """Takes from the outbox and tells; several may run on one PostgreSQL."""

    def __init__(self, ports: Ports, push: PushService) -> None:
        self._ports = ports
        self._push = push
        self._pusher = Pusher(ports, push)
        self._sweeper = Sweeper(ports)
        self._tasks: list[asyncio.Task[None]] = []
        self._told: list[Told] = []  # told and not yet settled: the next turn does

    @property
    def counts(self) -> Counter[str]:
        """Pushes by answer, and `merged`: those that one push told together."""
        return self._pusher.counts

    async def step(self) -> int:
        """Do everything that is due now, and wait for its answers; return how much it was."""
        total = 0
        while (
            done := await self._sweeper.step()
            + await self.tell()
            + await self.redesign()
            + await mailing.send_due(self._ports)
        ):
            total += done
            await self._pusher.wait()
        return total

    async def tell(self) -> int:
        """Tell devices what changed and send their pushes; return how much there was."""
        told = self._told = await telling.settle_and_claim(self._ports, self._told)
        try:
            may_push = self._pusher.room > 0
            feeds = await telling.tell_devices(self._ports, told, may_push=may_push)
        except BaseException:
            self._told = []  # not told: their lease ends, and they are taken again
            raise
        self._pusher.send(feeds)
        later = await telling.claim_feeds(self._ports, max(0, min(500, self._pusher.room)))
        self._pusher.send(later)
        return len(told) + len(later)

    async def redesign(self) -> int:
        """Tell a page of each program that changed; return how many pages.

        Paced by Apple's answers: nothing more is told while half of the room is taken.
        """
        if self._pusher.room < IN_FLIGHT_MAX // 2:
            return 0
        pages, feeds = await redesigns.tell_pages(self._ports)
        self._pusher.send(feeds)
        return pages

    def start(self) -> None:
        """Run until `stop`."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._repeat(self.tell, busy=BUSY_SECONDS, idle=IDLE_SECONDS)),
            loop.create_task(self._repeat(self._mail, busy=MAIL_SECONDS, idle=MAIL_SECONDS)),
            loop.create_task(self._repeat(self.redesign, busy=BUSY_SECONDS, idle=REDESIGN_SECONDS)),
            loop.create_task(self._repeat(self._prune, busy=FAULT_SECONDS, idle=PRUNE_SECONDS)),
            loop.create_task(
                self._repeat(self._sweeper.step, busy=BUSY_SECONDS, idle=SWEEP_SECONDS)
            ),
            loop.create_task(
                self._repeat(self._sweeper.prove, busy=PROOF_SECONDS, idle=PROOF_IDLE_SECONDS)
            ),
        ]

    async def stop(self) -> None:
        """Stop taking work, wait for what was sent, and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        with contextlib.suppress(AppError):  # else their lease ends, and they are told once more
            await telling.settle(self._ports, self._told)
            await self._sweeper.stop()
        await self._push.close()
        await self._pusher.wait()

    async def _mail(self) -> int:
        return await mailing.send_due(self._ports)

    async def _prune(self) -> int:
        return await pruning.prune(self._ports)

    async def _repeat(
        self, work: Callable[[], Awaitable[int]], *, busy: float, idle: float
    ) -> None:
        quiet = QUIET_LOOKS
        while True:
            try:
                done = await work()
            except AppError as error:  # the database is away: it comes back
                _log.warning("postponed", code=error.code)
                done, pause = 0, FAULT_SECONDS
            except Exception as error:  # the one place that may: recorded, tried again
                _log.error("failed", code=type(error).__name__, exc_info=error)
                done, pause = 0, FAULT_SECONDS
            else:
                quiet = 0 if done else quiet + 1
                pause = busy if quiet < QUIET_LOOKS else idle
                if done in CROWD:
                    pause = max(pause, CROWDED_SECONDS)
            await self._ports.clock.sleep(pause)
