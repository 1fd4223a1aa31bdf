"""Runs delivery: in the server by default, alone with `portecarte worker` on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import structlog

from app.delivery import endings, mailing, messaging, pruning, redesigns
from app.delivery.channel import Channel
from app.errors import AppError
from app.http.ports import Ports
from app.ledger.sweeping import Sweeper
from app.programs import counting

# How long to wait before looking again: while there is work, and after a quiet while.
BUSY_SECONDS = 0.005
IDLE_SECONDS = 0.05
# With so much found in a turn, wait a little longer: fewer commits, each for more.
CROWD, CROWDED_SECONDS = range(3, 200), 0.02
MAIL_SECONDS = 0.2
# Between pages of a redesign: tills come first, 100,000 phones are told in some three minutes.
REDESIGN_SECONDS, REDESIGN_IDLE_SECONDS = 0.02, 0.5
SWEEP_SECONDS = 0.25  # a lot dies at most this late on a phone; each reader computes it ahead
CHORE_SECONDS = 1.0
COUNT_SECONDS = 5.0  # what a crash may lose of the days' counts
PROOF_SECONDS, PROOF_IDLE_SECONDS = 0.5, 600.0  # a million cards in three hours
PRUNE_SECONDS = 3_600.0
FAULT_SECONDS = 1.0
QUIET_LOOKS = 400  # looks without work until it counts as quiet: two seconds
_log = structlog.get_logger("delivery")


class Worker:
    """Takes from the outbox and tells; several may run on one PostgreSQL."""

    def __init__(
        self,
        ports: Ports,
        channels: Sequence[Channel],
        *,
        chores: Sequence[Callable[[], Awaitable[int]]] = (),
    ) -> None:
        """`chores`: what rooms beside have done now and then; each returns how much it did."""
        self._ports = ports
        self._chores = chores
        self._channels = channels
        self._sweeper = Sweeper(ports)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def counts(self) -> Counter[str]:
        """Answers of the outside, of all channels."""
        return sum((channel.counts for channel in self._channels), Counter())

    async def step(self) -> int:
        """Do everything that is due now, and wait for its answers; return how much it was."""
        total = 0
        while (
            done := await self._sweeper.step()
            + await self.tell()
            + await self.redesign()
            + await mailing.send_due(self._ports)
            + await counting.write_down(self._ports)
            + sum([await chore() for chore in self._chores])
        ):
            total += done
            for channel in self._channels:
                await channel.wait()
        return total

    async def tell(self) -> int:
        """Give every channel a turn; return how much they began."""
        return sum([await channel.turn() for channel in self._channels])

    async def redesign(self) -> int:
        """Tell a page of each program that changed, of each message to all; return how many."""
        await endings.close_due(self._ports)
        if not all(channel.has_room for channel in self._channels):
            return 0
        told = await redesigns.tell_pages(self._ports, self._channels)
        return told + await messaging.send_pages(self._ports)

    def start(self) -> None:
        """Run until `stop`."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            *(
                loop.create_task(self._repeat(channel.turn, busy=BUSY_SECONDS, idle=IDLE_SECONDS))
                for channel in self._channels
            ),
            loop.create_task(self._repeat(self._mail, busy=MAIL_SECONDS, idle=MAIL_SECONDS)),
            loop.create_task(
                self._repeat(self.redesign, busy=REDESIGN_SECONDS, idle=REDESIGN_IDLE_SECONDS)
            ),
            *(
                loop.create_task(self._repeat(chore, busy=BUSY_SECONDS, idle=CHORE_SECONDS))
                for chore in self._chores
            ),
            loop.create_task(self._repeat(self._count, busy=COUNT_SECONDS, idle=COUNT_SECONDS)),
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
            await self._sweeper.stop()
        for channel in self._channels:
            await channel.stop()

    async def _mail(self) -> int:
        return await mailing.send_due(self._ports)

    async def _count(self) -> int:
        return await counting.write_down(self._ports)

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
