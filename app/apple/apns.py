"""Apple's push service: a lane for each credential, found by topic."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from urllib.parse import urlsplit

from app.apple.breaker import Breaker
from app.apple.credentials import Credential, TokenCredential
from app.apple.lane import Lane
from app.apple.line import HTTPS_PORT, CannotConnect, Line
from app.apple.link import OpenStream
from app.apple.push import PushAnswer
from app.apple.tokens import ProviderToken
from app.apple.verdicts import BAD_CREDENTIAL, NO_CREDENTIAL
from app.clock import Clock
from app.ids import Randomness

PRODUCTION_URL = "https://api.push.apple.com"  # the only host: passes have no push sandbox

_NO_CREDENTIAL = PushAnswer(0, NO_CREDENTIAL)
_BAD_CREDENTIAL = PushAnswer(0, BAD_CREDENTIAL)


class Apns:
    """The production `PushService`. Network trouble is an answer with status 0, never raised."""

    def __init__(
        self,
        credentials: Callable[[str], Credential | None],
        *,
        clock: Clock,
        randomness: Randomness,
        url: str = PRODUCTION_URL,
        ca_file: Path | None = None,
        open_stream: OpenStream = asyncio.open_connection,
        executor: Executor | None = None,
    ) -> None:
        """Take what finds a topic's credential (asked at each push, so it must be quick).

        `ca_file` judges the server; None: the system's authorities. `executor` reads certificates.
        """
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or HTTPS_PORT)
        self._credentials = credentials
        self._clock = clock
        self._randomness = randomness
        self._ca_file = ca_file
        self._open_stream = open_stream
        self._executor = executor
        self._counts: Counter[str] = Counter()
        self._topics: dict[str, tuple[Credential, Lane | None]] = {}
        self._lanes: dict[Credential, Lane] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def push(self, token: str, *, topic: str) -> PushAnswer:
        """Send one empty push. Never raises for what the network or Apple does."""
        credential = self._credentials(topic)
        if credential is None:
            return _NO_CREDENTIAL
        known = self._topics.get(topic)
        if known is None or (known[0] is not credential and known[0] != credential):
            known = self._attach(topic, credential)
        lane = known[1]
        return _BAD_CREDENTIAL if lane is None else await lane.push(token, topic)

    async def trouble(self, topic: str) -> str | None:
        """Connect without pushing; None when that works, else one word why not."""
        credential = self._credentials(topic)
        if credential is None:
            return NO_CREDENTIAL
        try:
            link = await self._line(credential).connect(lambda link: None)
        except CannotConnect as error:
            return error.reason
        link.close()
        return None

    async def close(self) -> None:
        """Close the connections."""
        lanes = list(self._lanes.values())
        await asyncio.gather(*(lane.close() for lane in lanes), *self._closing)

    def stats(self) -> dict[str, int]:
        """Count since the start: pushed, retried, connections…, answers as `410 Unregistered`."""
        open_circuits = sum(lane.is_open_circuit() for lane in self._lanes.values())
        return {**self._counts, "open_circuits": open_circuits}

    def _attach(self, topic: str, credential: Credential) -> tuple[Credential, Lane | None]:
        """Tie a topic to the lane of its credential, and close the lane that nobody uses now."""
        lane = self._lanes.get(credential) or self._new_lane(credential)
        self._topics[topic] = (credential, lane)
        if lane is not None:
            self._lanes[credential] = lane
        used = {known for known, _ in self._topics.values()}
        for orphan in [known for known in self._lanes if known not in used]:
            task = asyncio.get_running_loop().create_task(self._lanes.pop(orphan).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return self._topics[topic]

    def _new_lane(self, credential: Credential) -> Lane | None:
        try:
            token = self._provider_token(credential)
        except (ValueError, TypeError):
            return None  # the key cannot be read: a repaired credential will differ
        breaker = Breaker(self._clock, self._chance)
        return Lane(self._line(credential), token=token, breaker=breaker, counts=self._counts)

    def _provider_token(self, credential: Credential) -> ProviderToken | None:
        if not isinstance(credential, TokenCredential):
            return None
        return ProviderToken(
            credential.team,
            credential.key_id,
            credential.key,
            clock=self._clock,
            chance=self._chance,
        )

    def _line(self, credential: Credential) -> Line:
        return Line(
            host=self._address[0],
            port=self._address[1],
            credential=credential,
            ca_file=self._ca_file,
            open_stream=self._open_stream,
            executor=self._executor,
            clock=self._clock,
        )

    def _chance(self) -> float:
        return int.from_bytes(self._randomness.bytes(4), "big") / 2**32
