"""The way to APNs of one credential: a queue, one kept connection, resends."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine

from app.apple.breaker import Breaker
from app.apple.exchange import Exchange
from app.apple.line import CannotConnect, Line
from app.apple.link import Link
from app.apple.push import PushAnswer
from app.apple.push_headers import Constants, expiration, path_field
from app.apple.tokens import ProviderToken
from app.apple.verdicts import PAUSE_SECONDS, REFUSED_CREDENTIAL
from app.clock import SECOND

RESENDS_MAX = 8  # then the caller hears that nobody knows, and repeats later
ANSWER_SECONDS_MAX = 30  # a connection that owes an answer for longer is dead
WATCH_SECONDS = 5
COUNTERS_MAX = 100  # Apple has about 30 reasons; a stranger could invent any number
WAITING_MAX = 100_000  # pushes; a caller's batches are far smaller

_CLOSED = PushAnswer(0, "Closed")
_OVERLOADED = PushAnswer(0, "Overloaded")
_NO_ANSWER = PushAnswer(0, "NoAnswer")


class Lane:
    """Pushes of one credential; lives on one event loop."""

    def __init__(
        self, line: Line, *, token: ProviderToken | None, breaker: Breaker, counts: Counter[str]
    ) -> None:
        self._line = line
        self._token = token
        self._breaker = breaker
        self._counts = counts
        self._waiting: deque[Exchange] = deque()
        self._link: Link | None = None  # where new pushes go
        self._links: set[Link] = set()  # with those that only wait for answers
        self._tasks: set[asyncio.Task[None]] = set()
        self._constants = Constants(expiration=0)
        self._progress_at = 0.0  # monotonic seconds
        self._is_connecting = self._is_watched = self._is_closed = False

    async def push(self, token: str, topic: str) -> PushAnswer:
        """Send a push, again where its outcome is unknown; status 0 when it stays unknown."""
        if self._is_closed:
            return _CLOSED
        if len(self._waiting) >= WAITING_MAX:
            return _OVERLOADED
        if not self._waiting:
            self._progress_at = self._line.clock.monotonic()
        done: asyncio.Future[PushAnswer] = asyncio.get_running_loop().create_future()
        self._waiting.append(Exchange(path_field(token), topic, done))
        self._pump()
        return await done

    def is_open_circuit(self) -> bool:
        """Tell whether pushes are answered without being sent."""
        return self._breaker.answer() is not None

    async def close(self) -> None:
        """Close the connections; what is under way is answered with status 0."""
        self._is_closed = True
        while self._waiting:
            self._settle(self._waiting.popleft(), _CLOSED)
        for link in self._links:
            link.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pump(self) -> None:
        """Send what may be sent; see to a connection where none is."""
        if not self._waiting:
            return
        silence = self._breaker.answer()
        if silence is not None:
            self._answer_waiting(silence)
            return
        link = self._link
        if link is None or link.conversation.is_closing:
            if not self._is_connecting and not self._is_closed:
                self._is_connecting = True
                self._spawn(self._connect_and_read())
            return
        conversation, waiting = link.conversation, self._waiting
        if not conversation.room():
            return
        constants, now = self._constants_now(), self._line.clock.monotonic()
        while waiting and conversation.room():
            exchange = waiting.popleft()
            if not exchange.done.done():  # else its caller has gone
                conversation.start(exchange, constants, at=now)
        link.flush_soon()

    def _constants_now(self) -> Constants:
        until = expiration(self._line.clock.wall() // SECOND)
        bearer = self._token.bearer() if self._token else None
        if (until, bearer) != (self._constants.expiration, self._constants.authorization):
            self._constants = Constants(expiration=until, authorization=bearer)
        return self._constants

    async def _connect_and_read(self) -> None:
        try:
            link = await self._connect()
        finally:
            self._is_connecting = False
        if link is None:
            self._pump()  # tries again, or tells those who wait that the breaker is open
            return
        self._link = link
        self._links.add(link)
        if not self._is_watched:
            self._is_watched = True
            self._spawn(self._watch())
        link.flush_soon()
        try:
            await link.run()
        finally:
            self._on_end(link)

    async def _connect(self) -> Link | None:
        await self._line.clock.sleep(self._breaker.wait_seconds())
        self._counts["connections"] += 1
        try:
            link = await self._line.connect(self._on_news)
        except CannotConnect as error:
            self._fail(error.reason)
            return None
        self._progress_at = self._line.clock.monotonic()
        return link

    def _fail(self, reason: str) -> None:
        self._counts["connections_failed"] += 1
        if reason in REFUSED_CREDENTIAL:
            self._breaker.open(PushAnswer(0, reason))
        else:
            self._breaker.failed(reason)

    def _on_end(self, link: Link) -> None:
        """Send again what the lost connection still owed."""
        self._take_answers(link)
        conversation = link.conversation
        conversation.is_closing = True
        self._links.discard(link)
        if self._link is link:
            self._link = None
        lost = [*conversation.streams.values(), *conversation.returned]
        conversation.streams.clear()
        conversation.returned.clear()
        if not link.answers and not self._is_closed:
            self._fail(conversation.goaway_reason or "ConnectionLost")
        for exchange in lost:
            self._send_again(exchange)
        self._pump()

    def _on_news(self, link: Link) -> None:
        """Take what a read brought."""
        self._take_answers(link)
        conversation = link.conversation
        if conversation.goaway_reason in REFUSED_CREDENTIAL:
            self._breaker.open(PushAnswer(0, conversation.goaway_reason))
        while conversation.returned:
            self._send_again(conversation.returned.pop())
        if conversation.is_closing and not conversation.streams:
            link.close()
        self._pump()

    def _take_answers(self, link: Link) -> None:
        answered, link.conversation.answered = link.conversation.answered, []
        if not answered:
            return
        self._progress_at = self._line.clock.monotonic()
        for exchange, answer in answered:
            if answer.status == 403:
                self._on_refused(link, exchange, answer)
                continue
            link.answers += 1
            if answer.status == 503 and answer.reason == "Shutdown":
                link.conversation.is_closing = True
                self._send_again(exchange)
                continue
            if answer.reason == "TooManyProviderTokenUpdates":
                self._breaker.open(answer, seconds=PAUSE_SECONDS)
            self._settle(exchange, answer)
        if link.answers:
            self._breaker.succeeded()

    def _on_refused(self, link: Link, exchange: Exchange, answer: PushAnswer) -> None:
        """A new token helps an expired one; nothing but a repair helps the rest."""
        if answer.reason == "ExpiredProviderToken" and self._token is not None:
            is_renewed = exchange.authorization != self._token.bearer()
            if is_renewed or self._token.renew_refused():
                self._send_again(exchange)
                return
        link.conversation.is_closing = True
        self._breaker.open(answer)
        self._settle(exchange, answer)

    def _send_again(self, exchange: Exchange) -> None:
        exchange.tries += 1
        if self._is_closed or exchange.tries > RESENDS_MAX:
            self._settle(exchange, _CLOSED if self._is_closed else _NO_ANSWER)
            return
        self._counts["retried"] += 1
        self._waiting.appendleft(exchange)

    def _settle(self, exchange: Exchange, answer: PushAnswer) -> None:
        name = (
            "pushed" if answer.status == 200 else f"{answer.status} {answer.reason or ''}".strip()
        )
        is_known = name in self._counts or len(self._counts) < COUNTERS_MAX
        self._counts[name if is_known else "other"] += 1
        if not exchange.done.done():
            exchange.done.set_result(answer)

    def _answer_waiting(self, answer: PushAnswer) -> None:
        while self._waiting:
            self._settle(self._waiting.popleft(), answer)

    async def _watch(self) -> None:
        """Cut connections that owe an answer, or room, for too long."""
        while True:
            await self._line.clock.sleep(WATCH_SECONDS)
            for link in tuple(self._links):
                if self._is_dead(link):
                    self._counts["connections_dead"] += 1
                    link.abort()

    def _is_dead(self, link: Link) -> bool:
        oldest = next(iter(link.conversation.streams.values()), None)
        if oldest is not None:
            since = oldest.sent_at
        elif link is self._link and self._waiting:
            since = self._progress_at
        else:
            return False
        return self._line.clock.monotonic() - since > ANSWER_SECONDS_MAX

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
