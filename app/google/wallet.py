"""The port to Google Wallet: one call at a time, its answer read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

CLASSES = "/walletobjects/v1/loyaltyClass"
OBJECTS = "/walletobjects/v1/loyaltyObject"
JWT = "/walletobjects/v1/jwt"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What Google said. `status` 0: no answer, so the outcome is unknown and a repeat is harmless.

    `reason` as in its error (`rateLimitExceeded`), else its status; `retry_after` in seconds.
    """

    status: int
    reason: str | None = None
    message: str | None = None
    retry_after: float | None = None
    body: Any = None


@runtime_checkable
class GoogleWallet(Protocol):
    """Calls the REST API as the service account of an issuer; does not pace."""

    async def call(
        self,
        issuer_id: int,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        may_repeat: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer:
        """Make one call. Never raises for what the network or Google does.

        `may_repeat`: asked before a call is made again with another token; it may wait.
        """

    async def ready(self, issuer_id: int) -> bool:
        """Have a token at hand if one can be had, so that the next call leaves at once.

        True: it was there, and nothing had to be waited for.
        """

    async def close(self) -> None:
        """Close the connections."""
