"""Google's root keys: fetched on a timer, never because a signature failed (google.md §8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import structlog

from app.clock import DAY, HOUR, SECOND, Clock
from app.google.trust import trusted
from app.google.verifying import PROTOCOL, RootKey

REFRESH_SECONDS = DAY // SECOND
BEFORE_EXPIRY_SECONDS = HOUR // SECOND  # the next key has been published long before
AGAIN_SECONDS = 10.0  # after a failure; doubles
AGAIN_SECONDS_MAX = 3_600.0
KEYS_MAX = 16
_KEY_MAX = 1_024  # characters; a P-256 key has 124
_ANSWER_MAX = 64 * 1024
_WHOLE_SECONDS = 30.0
_MS = 1_000  # microseconds

_log = structlog.get_logger("google")


class RootKeys:
    """The keys as last fetched; `run` keeps them fresh. What cannot be fetched leaves the old."""

    def __init__(
        self,
        *,
        clock: Clock,
        url: str,
        chance: Callable[[], float],
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Take `chance`, which draws from 0 to 1: a fleet does not ask at once."""
        self._clock = clock
        self._url = url
        self._chance = chance
        self._transport = transport
        self._keys: tuple[RootKey, ...] = ()
        self._failures = 0

    @property
    def keys(self) -> tuple[RootKey, ...]:
        """Return the keys; empty before the first were fetched."""
        return self._keys

    async def run(self) -> None:
        """Fetch again and again, until it is cancelled."""
        while True:
            await self.refresh()
            await self._clock.sleep(self.wait_seconds())

    async def refresh(self) -> bool:
        """Fetch the keys; False, and the old ones stay, when that came to nothing."""
        found = await self._fetched()
        if not found:
            self._failures += 1
            _log.warning("google's root keys were not fetched", count=self._failures)
            return False
        self._keys, self._failures = found, 0
        return True

    def wait_seconds(self) -> float:
        """Return how long until the next fetch: a day, less before a key ends or after failure."""
        spread = (1 + self._chance()) / 2
        if self._failures:
            doubled = AGAIN_SECONDS * (1 << min(self._failures - 1, 16))
            return min(AGAIN_SECONDS_MAX, doubled) * spread
        now_ms = self._clock.wall() // _MS
        ends = [key.expires_ms for key in self._keys if key.expires_ms and key.expires_ms > now_ms]
        if not ends:
            return AGAIN_SECONDS_MAX * spread
        left = (min(ends) - now_ms) / 1_000 - BEFORE_EXPIRY_SECONDS
        # Within the last hour: still not at every moment.
        return min(REFRESH_SECONDS, max(left, AGAIN_SECONDS_MAX / 4)) * spread

    async def _fetched(self) -> tuple[RootKey, ...]:
        try:
            async with (
                asyncio.timeout(_WHOLE_SECONDS),
                httpx2.AsyncClient(
                    verify=trusted(), transport=self._transport, trust_env=False
                ) as client,
                client.stream("GET", self._url) as response,
            ):
                if response.status_code != 200:
                    return ()
                content = b""
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > _ANSWER_MAX:
                        return ()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError):
            return ()
        return read_keys(content)


def read_keys(content: bytes) -> tuple[RootKey, ...]:
    """Read the keys of our protocol; odd entries are left out, an odd answer holds none."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()
    entries = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        return ()
    found = (_key(entry) for entry in entries)
    return tuple(key for key in found if key is not None)[:KEYS_MAX]


def _key(entry: Any) -> RootKey | None:
    if not isinstance(entry, dict) or entry.get("protocolVersion") != PROTOCOL:
        return None
    value, expires = entry.get("keyValue"), entry.get("keyExpiration")
    if not isinstance(value, str) or not 0 < len(value) <= _KEY_MAX:
        return None
    if isinstance(expires, str) and expires.isascii() and expires.isdigit() and len(expires) < 17:
        expires = int(expires)
    if not isinstance(expires, int) or isinstance(expires, bool) or expires <= 0:
        return None  # without an end it would count for nothing
    return RootKey(key_value=value, protocol=PROTOCOL, expires_ms=expires)
