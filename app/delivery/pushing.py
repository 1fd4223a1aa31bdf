"""From feeds to APNs: one push for each push token and pass type, and what its answer means."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from functools import partial
from typing import assert_never

import msgspec
import structlog

from app.apple import verdicts
from app.apple.push import PushAnswer, PushService
from app.apple.verdicts import Verdict, is_burst, verdict
from app.clock import DAY, MINUTE, SECOND
from app.delivery import queries
from app.delivery.queries import Device
from app.delivery.telling import Claimed
from app.errors import AppError
from app.http.ports import Ports
from app.http.tally import PUSHES_DELIVERED, PUSHES_FAILED
from app.storage.database import Transaction

IN_FLIGHT_MAX = 4_000  # pushes sent and not yet answered
STOPPED_FOR = MINUTE  # a refused topic is tried again after this; its work is kept
RECENT = 200  # answers by which a burst of BadDeviceToken is known: pushes may come one by one
KEPT_TOKEN_FIRST, KEPT_TOKEN_MAX = MINUTE, DAY  # a 410 older than the registration: try later
_log = structlog.get_logger("delivery")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a claimed feed."""

    claimed: Claimed
    answer: PushAnswer
    verdict: Verdict


class Pusher:
    """Sends pushes and writes down their outcomes, as many in one commit as there are by then."""

    def __init__(self, ports: Ports, push: PushService) -> None:
        self._ports = ports
        self._push = push
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._writing: asyncio.Task[None] | None = None
        self._doubts: deque[bool] = deque(maxlen=RECENT)  # was it BadDeviceToken?
        self.counts: Counter[str] = Counter()

    @property
    def room(self) -> int:
        """How many more pushes may be sent now."""
        return IN_FLIGHT_MAX - len(self._tasks)

    def send(self, feeds: Iterable[Claimed]) -> None:
        """Send one push to each push token and pass type; return at once."""
        groups: defaultdict[tuple[str, str], list[Claimed]] = defaultdict(list)
        for claimed in feeds:
            groups[claimed.push_token, claimed.pass_type].append(claimed)
        for group in groups.values():
            self.counts["merged"] += len(group) - 1
            task = asyncio.get_running_loop().create_task(self._send(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait until everything sent is answered and written down."""
        while self._tasks or self._writing is not None:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._writing is not None:
                await asyncio.gather(self._writing, return_exceptions=True)

    async def _send(self, group: list[Claimed]) -> None:
        first, sent_at = group[0], self._ports.clock.wall()
        answer = await self._push.push(first.push_token, topic=first.pass_type)
        self.counts[answer.reason or str(answer.status)] += 1
        for claimed in group:
            found = verdict(answer, sent_at=sent_at, attempts=claimed.attempts)
            self._outcomes.append(Outcome(claimed, answer, found))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Write down what was answered, again and again until nothing is left."""
        try:
            while self._outcomes:
                outcomes, self._outcomes = self._outcomes, []
                self._doubts.extend(_is_doubtful(each) for each in outcomes)
                doubtful = sum(self._doubts)
                keep_tokens = is_burst(doubtful, len(self._doubts))
                if keep_tokens:
                    _log.error("burst", code="BadDeviceToken", count=doubtful)
                await self._settle(outcomes, keep_tokens=keep_tokens)
        finally:
            self._writing = None

    async def _settle(self, outcomes: list[Outcome], *, keep_tokens: bool) -> None:
        now = self._ports.clock.wall()
        outcomes.sort(key=lambda each: (each.claimed.device_id, each.claimed.pass_type))
        works = [
            partial(_apply, outcome=each, now=now, keep_tokens=keep_tokens) for each in outcomes
        ]
        try:
            answers = await self._ports.database.write_batch(works)
        except AppError as error:  # their lease ends, and they are pushed again: harmless twice
            _log.warning("unwritten", code=error.code, count=len(works))
            return
        for outcome, program_ids in zip(outcomes, answers, strict=True):
            self._count(outcome.verdict, program_ids, now=now)

    def _count(self, found: Verdict, program_ids: list[int] | Exception, *, now: int) -> None:
        """Count a push that Apple took, or that no later one will follow, for its programs."""
        match found:
            case verdicts.Settle():
                name = PUSHES_DELIVERED
            case verdicts.ForgetToken() | verdicts.ParkToken() | verdicts.Park():
                name = PUSHES_FAILED
            case _:
                return  # tried again
        for program_id in program_ids if isinstance(program_ids, list) else ():
            self._ports.tally.add(program_id, name, now=now)


def _apply(tx: Transaction, *, outcome: Outcome, now: int, keep_tokens: bool) -> list[int]:
    """Write down what a push came to; return the programs of which it told."""
    claimed = outcome.claimed
    device = queries.lock_device(tx, claimed.device_id)
    if device is None:
        return []
    program_ids = queries.programs_told(
        tx, claimed.device_id, claimed.pass_type, up_to=claimed.feed
    )
    _decide(tx, device, outcome=outcome, now=now, keep_tokens=keep_tokens)
    return program_ids


def _decide(
    tx: Transaction, device: Device, *, outcome: Outcome, now: int, keep_tokens: bool
) -> None:
    claimed = outcome.claimed
    place = (claimed.device_id, claimed.pass_type)
    match outcome.verdict:
        case verdicts.Settle():
            queries.settle_feed(tx, *place, claimed.feed, now=now)
        case verdicts.ForgetToken(is_doubtful=True) if keep_tokens:
            queries.delay_feed(tx, *place, next_at=now + STOPPED_FOR)
        case verdicts.ForgetToken(before=before):
            if device.push_token != claimed.push_token:
                queries.delay_feed(tx, *place, next_at=now)  # another one came meanwhile
            elif device.token_at >= before:
                pause = min(KEPT_TOKEN_FIRST << min(claimed.attempts, 12), KEPT_TOKEN_MAX)
                queries.delay_feed(tx, *place, next_at=now + pause)
            else:
                queries.forget_push_token(tx, claimed.device_id)
                queries.park_feed(tx, *place, outcome.answer.reason or "Unregistered")
        case verdicts.ParkToken(reason=reason) | verdicts.Park(reason=reason):
            _log.error("parked", code=reason)
            queries.park_feed(tx, *place, reason)
        case verdicts.WaitDevice(delay_seconds=delay) | verdicts.RetryLater(delay_seconds=delay):
            queries.delay_feed(tx, *place, next_at=now + delay * SECOND)
        case verdicts.PauseTopic(delay_seconds=delay, reason=reason):
            _log.warning("paused", code=reason)
            queries.delay_feed(tx, *place, next_at=now + delay * SECOND)
        case verdicts.StopTopic(reason=reason):
            _log.error("stopped", code=reason)
            queries.delay_feed(tx, *place, next_at=now + STOPPED_FOR)
        case _ as never:
            assert_never(never)


def _is_doubtful(outcome: Outcome) -> bool:
    return isinstance(outcome.verdict, verdicts.ForgetToken) and outcome.verdict.is_doubtful
