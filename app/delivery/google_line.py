"""One issuer's line to Google: a slot, the most urgent work of that moment, a call; again."""

from __future__ import annotations

import asyncio
from typing import assert_never

import structlog

from app.clock import HOUR, SECOND
from app.delivery.google_jobs import CardJob, ClassJob, Job, Jobs, ListJob
from app.delivery.google_telling import tell
from app.errors import AppError
from app.google.calls import Calls
from app.google.issuers import LoadedIssuer
from app.google.pace import LATE_MAX
from app.google.teller import Teller
from app.google.verdicts import delay, noise
from app.http.ports import Ports

IN_FLIGHT_MAX = 32  # pieces of work begun and not yet answered: 1.6 s of calls
PREPARING = SECOND // 50  # before its slot a card is chosen, claimed and read
AHEAD_SECONDS = 2.0  # a piece of work needs further slots: so long it waits for each
FAILURES = 3  # in a row, then Google is asked now and then only
PAUSE_SECONDS_MAX = 60.0
STOPPED_FOR = HOUR  # then it is tried again whether the issuer was repaired
_log = structlog.get_logger("delivery")


class Line:
    """Tells one issuer's work. Several may run on one database: they share slots and work."""

    def __init__(self, ports: Ports, issuer: LoadedIssuer, teller: Teller) -> None:
        self._ports = ports
        self.issuer = issuer  # set anew when its account is renewed
        self._teller = teller
        self._pacer = teller.means.pacer
        self._jobs = Jobs(ports, issuer.issuer_id)
        self._draining: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._paused_until = 0
        self._look_at: int | None = 0  # when to look whether a stopped issuer was repaired

    async def turn(self) -> int:
        """Begin to tell what is due; 0: nothing is, or it is being told, or it must wait."""
        if self._draining is not None or not await self._may_begin():
            return 0
        if not await self._jobs.has_any():
            return 0
        self._draining = asyncio.get_running_loop().create_task(self._drain())
        return 1

    async def wait(self) -> None:
        """Wait until what was begun is written down."""
        while self._draining is not None or self._telling:
            running = [*self._telling, *([self._draining] if self._draining else [])]
            await asyncio.wait(running)

    async def stop(self) -> None:
        """Begin nothing more, and wait for what was begun."""
        if self._draining is not None:
            self._draining.cancel()
        await self.wait()

    async def _may_begin(self) -> bool:
        now = self._ports.clock.wall()
        if self._look_at is not None and now >= self._look_at:
            # At the start, and an hour after it stopped: somebody may have repaired it.
            self._look_at = None
            if await self._pacer.stopped(self.issuer) is not None:
                await self._pacer.resume(self.issuer)
        return now >= self._paused_until and self._pacer.wait_seconds(self.issuer) == 0

    async def _drain(self) -> None:
        """Tell until nothing is due, no slot is near, or Google does not answer."""
        try:
            while self._ports.clock.wall() >= self._paused_until:
                while len(self._telling) >= IN_FLIGHT_MAX:
                    await asyncio.wait(self._telling, return_when=asyncio.FIRST_COMPLETED)
                if not await self._jobs.has_any():
                    return
                await self._teller.means.wallet.ready(self.issuer.issuer_id)
                slot_at = await self._pacer.reserve(self.issuer)
                if slot_at is None:
                    return
                await self._until(slot_at - PREPARING)
                await self._use(slot_at)
        except AppError as error:  # the database is away: it comes back
            _log.warning("postponed", code=error.code)
        except Exception as error:  # the line's own loop: recorded, and the next turn begins again
            _log.error("failed", code=type(error).__name__, exc_info=error)
        finally:
            self._draining = None

    async def _until(self, moment: int) -> None:
        """Wait as long as may be before choosing: what comes meanwhile may be more urgent."""
        seconds = (moment - self._ports.clock.wall()) / SECOND
        if seconds > 0:
            await self._ports.clock.sleep(seconds)

    async def _use(self, reserved: int) -> None:
        """Use a slot: what turns out to need no call leaves it to the next piece of work."""
        slot_at: int | None = reserved
        while slot_at is not None and self._ports.clock.wall() - slot_at <= LATE_MAX:
            job = await self._jobs.take()
            if job is None:
                return
            calls = Calls(
                self._teller.means,
                self.issuer,
                ahead=AHEAD_SECONDS,
                attempts=_attempts(job),
                slot_at=slot_at,
            )
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._tell(calls, job))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
            used = loop.create_task(calls.used.wait())
            await asyncio.wait({task, used}, return_when=asyncio.FIRST_COMPLETED)
            used.cancel()
            slot_at = calls.slot_at

    async def _tell(self, calls: Calls, job: Job) -> None:
        try:
            await tell(self._ports, self._teller, calls, job)
        except AppError as error:  # its lease ends, and it is told again
            _log.warning("untold", code=error.code)
        except Exception as error:  # one card's fault must not stop the others
            _log.error("failed", code=type(error).__name__, exc_info=error)
        self._note(calls)

    def _note(self, calls: Calls) -> None:
        """Back off from a Google that is away: no use in failing card by card."""
        if calls.is_stopped:
            self._look_at = self._ports.clock.wall() + STOPPED_FOR
        if calls.failures:
            self._failures += 1
        elif calls.made:
            self._failures = 0
        if self._failures >= FAILURES:
            drawn = noise(self._ports.ids.secret(2))
            pause = min(PAUSE_SECONDS_MAX, delay(self._failures - FAILURES, drawn))
            self._paused_until = self._ports.clock.wall() + round(pause * SECOND)


def _attempts(job: Job) -> int:
    """Count failures before: a claim counts itself as an attempt."""
    match job:
        case ClassJob(row=row):
            return max(0, row.attempts - 1)
        case CardJob(attempts=attempts):
            return max(0, attempts - 1)
        case ListJob():
            return 0
        case _ as never:
            assert_never(never)
