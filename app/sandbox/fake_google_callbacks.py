"""The fake Google's callbacks: signed, posted to the class's address, and as awkward as ordered."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import httpx2
import msgspec

from app.clock import HOUR, Clock
from app.ids import Randomness
from app.sandbox.fake_google_keys import KeyRing
from app.sandbox.fake_google_rules import issuer_of

MEMORY = 10_000  # callbacks kept, the newest
LIFE_MS = HOUR // 1000  # how long a message counts
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
_ANSWER_SECONDS = 10.0


class Duplicate(msgspec.Struct, frozen=True):
    """Send the same callback so many times."""

    times: int = 2


class Late(msgspec.Struct, frozen=True):
    """Send it only after so many seconds; what it says is as old as that."""

    seconds: float


class Lost(msgspec.Struct, frozen=True):
    """Never send it."""


class Swapped(msgspec.Struct, frozen=True):
    """Send it after the next one."""


class Expired(msgspec.Struct, frozen=True):
    """Send a message that has expired."""


class Foreign(msgspec.Struct, frozen=True):
    """Sign it for another issuer, and begin its ids with that one unless `keeps_ids`."""

    issuer: str = "3388000000000000001"
    keeps_ids: bool = False


class NonAscii(msgspec.Struct, frozen=True):
    """Have the message hold text whose bytes outnumber its characters."""

    text: str = "Pâtisserie Zoë ☕ 日本"


CallbackOrder = Duplicate | Late | Lost | Swapped | Expired | Foreign | NonAscii


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A callback and what it was answered; 0: nothing."""

    url: str
    event: str
    object_id: str
    body: bytes
    status: int


class Callbacks:
    """Tell it of saves and removals. `client` posts; `reach` says where an address really is."""

    def __init__(self, keys: KeyRing, clock: Clock, randomness: Randomness) -> None:
        self.keys = keys
        self.client: httpx2.AsyncClient | None = None
        self.reach: Callable[[str], str] = str
        self.retry_seconds: tuple[float, ...] = ()  # waits after an answer other than 200
        self.sent: deque[Sent] = deque(maxlen=MEMORY)
        self.on_sent: Callable[[Sent], None] | None = None  # hears of each at once
        self.orders: deque[CallbackOrder] = deque()
        self.barred: set[str] = set()  # addresses that robots.txt shuts to Googlebot
        self._clock = clock
        self._randomness = randomness
        self._counts: Counter[str] = Counter()
        self._swapped: list[tuple[str, str, str, bytes]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._posting: set[asyncio.Task[int]] = set()
        self._own: httpx2.AsyncClient | None = None

    def tell(self, of_class: Mapping[str, Any], object_id: str, event: str) -> None:
        """Send a callback of an event (`save` or `del`), unless the class wants none."""
        url = of_class.get("callbackOptions", {}).get("url")
        if not url:
            return
        order = self.orders.popleft() if self.orders else None
        body = self._write(of_class["id"], object_id, event, order=order)
        one = (url, event, object_id, body)
        if isinstance(order, Lost):
            return
        if isinstance(order, Swapped):
            self._swapped.append(one)
            return
        times = order.times if isinstance(order, Duplicate) else 1
        delay = order.seconds if isinstance(order, Late) else 0.0
        held, self._swapped = self._swapped, []
        task = asyncio.get_running_loop().create_task(self._deliver([one] * times + held, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until what is on its way has arrived; not for what is late by order."""
        await asyncio.sleep(0)
        while self._posting:
            await asyncio.wait(self._posting)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop sending."""
        for task in tuple(self._tasks | self._posting):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._posting, return_exceptions=True)
        if self._own is not None:
            await self._own.aclose()

    def _write(
        self, class_id: str, object_id: str, event: str, *, order: CallbackOrder | None
    ) -> bytes:
        self._counts[object_id] += 1
        issuer = issuer_of(class_id)
        now_ms = self._clock.wall() // 1000
        message: dict[str, Any] = {
            "classId": class_id,
            "objectId": object_id,
            "eventType": event,
            "expTimeMillis": now_ms + (-1 if isinstance(order, Expired) else LIFE_MS),
            "count": self._counts[object_id],
            "nonce": self._randomness.bytes(16).hex(),
        }
        if isinstance(order, Foreign):
            if not order.keeps_ids:
                for name in ("classId", "objectId"):
                    message[name] = order.issuer + message[name].removeprefix(issuer)
            issuer = order.issuer
        if isinstance(order, NonAscii):
            message["note"] = order.text
        return self.keys.signed(msgspec.json.encode(message).decode(), issuer=issuer)

    async def _deliver(self, several: list[tuple[str, str, str, bytes]], delay: float) -> None:
        if delay:
            await self._clock.sleep(delay)
        for url, event, object_id, body in several:
            for wait in (*self.retry_seconds, None):
                posting = asyncio.get_running_loop().create_task(self._post(url, body))
                self._posting.add(posting)
                posting.add_done_callback(self._posting.discard)
                status = await posting
                self._keep(
                    Sent(url=url, event=event, object_id=object_id, body=body, status=status)
                )
                if status == 200 or wait is None:
                    break
                await self._clock.sleep(wait)

    def _keep(self, sent: Sent) -> None:
        self.sent.append(sent)
        if self.on_sent is not None:
            self.on_sent(sent)

    async def _post(self, url: str, body: bytes) -> int:
        if self.client is None and self._own is None:
            self._own = httpx2.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False)
        client = self.client or self._own
        assert client is not None
        try:
            if not await self._admits(client, url):
                self.barred.add(url)
                return 0
            headers = {"Content-Type": "application/json", "User-Agent": BOT}
            answer = await client.post(self.reach(url), content=body, headers=headers)
        except httpx2.HTTPError:
            return 0
        return answer.status_code

    async def _admits(self, client: httpx2.AsyncClient, url: str) -> bool:
        """Ask robots.txt whether Googlebot may come; no such file: it may."""
        parts = urlsplit(url)
        robots = self.reach(f"{parts.scheme}://{parts.netloc}/robots.txt")
        answer = await client.get(robots, headers={"User-Agent": BOT})
        if answer.status_code != 200:
            return True
        rules = RobotFileParser()
        rules.parse(answer.text.splitlines())
        return rules.can_fetch("Googlebot", url)
