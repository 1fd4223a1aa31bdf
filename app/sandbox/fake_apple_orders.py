"""What the fake APNs can be told to do instead of accepting a push."""

from __future__ import annotations

from collections import defaultdict, deque

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """Refuse. `has_json` False leaves the body out, as a proxy on the way might."""

    status: int
    reason: str = ""
    timestamp_ms: int | None = None
    has_json: bool = True

    def body(self) -> bytes:
        """Write what Apple would write; nothing after a 200."""
        if not self.has_json or self.status == 200:
            return b""
        said: dict[str, str | int] = {"reason": self.reason}
        if self.timestamp_ms is not None:
            said["timestamp"] = self.timestamp_ms
        return msgspec.json.encode(said)


class Goaway(msgspec.Struct, frozen=True):
    """Process nothing from this push on; answer what came before; close."""

    reason: str = ""


class Reset(msgspec.Struct, frozen=True):
    """Reset the stream; `is_seen` says whether the push was delivered all the same."""

    code: int = 2  # INTERNAL_ERROR
    is_seen: bool = False


class Drop(msgspec.Struct, frozen=True):
    """Cut the connection without a word."""


class Stall(msgspec.Struct, frozen=True):
    """Never answer this push."""


Order = Answer | Goaway | Reset | Drop | Stall


class Orders:
    """Orders by push token, and for whoever comes next."""

    def __init__(self) -> None:
        self._of_token: defaultdict[str, deque[Order]] = defaultdict(deque)
        self._next: deque[Order] = deque()

    def add(self, *orders: Order, token: str | None = None) -> None:
        """Queue orders: each is obeyed once, by this token's pushes or by the next ones."""
        (self._next if token is None else self._of_token[token]).extend(orders)

    def take(self, token: str) -> Order | None:
        """Return what to do with a push of a token; None: accept it."""
        mine = self._of_token.get(token)
        if mine:
            return mine.popleft()
        return self._next.popleft() if self._next else None

    def clear(self) -> None:
        """Forget all orders."""
        self._of_token.clear()
        self._next.clear()
