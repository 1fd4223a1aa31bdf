"""The push port: tell a device that something of a pass type changed."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec


class PushAnswer(msgspec.Struct, frozen=True):
    """What APNs said. `status` 0: no answer, so the outcome is unknown and a repeat is harmless."""

    status: int
    reason: str | None = None
    timestamp_ms: int | None = None  # of a 410: when the token stopped being valid


@runtime_checkable
class PushService(Protocol):
    """Sends empty pushes over kept connections, one for each topic's credential."""

    async def push(self, token: str, *, topic: str) -> PushAnswer:
        """Send one empty push. Never raises for what the network or Apple does."""

    async def close(self) -> None:
        """Close the connections."""
