"""A push under way: what is sent, what has come back, who waits for it."""

from __future__ import annotations

import asyncio

from app.apple.push import PushAnswer


class Exchange:
    """Lives from the call until the answer, over as many streams as that takes."""

    __slots__ = ("authorization", "body", "done", "path", "sent_at", "status", "topic", "tries")

    def __init__(self, path: bytes, topic: str, done: asyncio.Future[PushAnswer]) -> None:
        """Take the path as header fields, the topic, and what the caller awaits."""
        self.path = path
        self.topic = topic
        self.done = done
        self.tries = 0
        self.begin(None, at=0.0)

    def begin(self, authorization: str | None, *, at: float) -> None:
        """Note that it goes out on a new stream. `at` in monotonic seconds."""
        self.authorization = authorization
        self.sent_at = at
        self.status = 0
        self.body = b""
