"""What the fake Google can be told to do instead of answering a call as it should."""

from __future__ import annotations

from collections import deque

import msgspec

from app.sandbox.fake_google_answers import Refused


class Say(msgspec.Struct, frozen=True):
    """Refuse. Google's reasons: `rateLimitExceeded`, `quotaExceeded`, `permissionDenied`, …

    `has_json` False: a page of HTML instead, as a proxy on the way might.
    """

    status: int
    reason: str = "backendError"
    message: str = "ordered"
    retry_after: int | None = None
    has_json: bool = True

    def refused(self) -> Refused:
        """Return the refusal."""
        return Refused(self.status, self.reason, self.message, retry_after=self.retry_after)


class Stall(msgspec.Struct, frozen=True):
    """Never answer; `is_done` says whether the call took effect all the same."""

    is_done: bool = False


class Reset(msgspec.Struct, frozen=True):
    """Cut the connection without a word; `is_done` as above."""

    is_done: bool = False


class Broken(msgspec.Struct, frozen=True):
    """Answer 200 and what is no JSON; `is_done` as above."""

    body: bytes = b'{"id": "338'
    is_done: bool = False


Order = Say | Stall | Reset | Broken


class Orders:
    """Orders for whatever comes next, and for calls whose path holds a text."""

    def __init__(self) -> None:
        self._next: deque[Order] = deque()
        self._of_path: list[tuple[str, Order]] = []

    def add(self, *orders: Order, path: str | None = None) -> None:
        """Queue orders: each is obeyed once."""
        if path is None:
            self._next.extend(orders)
        else:
            self._of_path += [(path, order) for order in orders]

    def take(self, path: str, *, is_token: bool = False) -> Order | None:
        """Return what to do with a call; None: answer it. Those of the token page need a path."""
        for index, (part, order) in enumerate(self._of_path):
            if part in path:
                del self._of_path[index]
                return order
        if is_token or not self._next:
            return None
        return self._next.popleft()

    def clear(self) -> None:
        """Forget all orders."""
        self._next.clear()
        self._of_path.clear()
