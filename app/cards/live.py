"""Tells open pages which of their user's cards changed: one look a second for each such user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec

from app.cards import live_queries
from app.cards.live_queries import Seen
from app.errors import AppError, TooManyRequests, Unavailable
from app.http import logs
from app.http.callers import UserCaller
from app.http.ports import Ports
from app.ids import public_id
from app.storage.database import Transaction
from app.users import queries as users

PER_USER_MAX = 8  # tabs and phones at once
FOLLOWERS_MAX = 512  # in a process: well below what the socket takes beside them
LOOK_SECONDS = 1.0
LOOKS_PER_BEAT = 15  # a comment as often keeps proxies from hanging up
CARDS_PER_LOOK = 500  # who has more is looked at less often
_USERS_PER_READ = 50  # so that no read of many users holds a thread for long
_RETRY_SECONDS = 30
_OPENING = b"retry: 3000\n\nevent: ready\ndata: %s\n\n"
_BEAT = b": beat\n\n"


class Follower:
    """One open page: what it has not been told yet. A card that is gone has no revision."""

    def __init__(self, user: UserCaller) -> None:
        self.user = user
        self.state = ""  # of the wallet when this began
        self.changed: dict[bytes, int | None] = {}
        self.is_beating = False
        self.is_over = False
        self.wakes = asyncio.Event()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Give the text of the stream until the session ends; changes of one card merge."""
        yield _OPENING % msgspec.json.encode({"state": self.state})
        while not self.is_over:
            await self.wakes.wait()
            self.wakes.clear()
            changed, self.changed = self.changed, {}
            text = b"".join(_event(card, revision) for card, revision in changed.items())
            if not text and self.is_beating:
                text = _BEAT
            self.is_beating = False
            if text:
                yield text


class Live:
    """All followers of a process, by user; looks while there are any."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._followed: dict[int, _Followed] = {}
        self.count = 0  # of open streams
        self._looks = 0
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False

    async def follow(self, user: UserCaller) -> Follower:
        """Begin to follow a user's cards; `leave` ends it.

        Raises: TooManyRequests when the user has too many open, Unavailable when all have.
        """
        followed = self._followed.get(user.user_id)
        if followed is not None and len(followed.followers) >= PER_USER_MAX:
            raise TooManyRequests(_RETRY_SECONDS)
        if self._is_ending:
            raise Unavailable("this server stops")
        if self.count >= FOLLOWERS_MAX:
            raise Unavailable("too many pages are open", retry_after=_RETRY_SECONDS)
        if followed is None:
            followed = self._followed[user.user_id] = _Followed()
        follower = Follower(user)
        followed.followers.append(follower)
        self.count += 1
        try:
            if followed.seen is None:
                await self._look((user.user_id,))
            follower.state = live_queries.state(followed.seen or {})
        except BaseException:
            self.leave(follower)
            raise
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return follower

    def leave(self, follower: Follower) -> None:
        """Forget a page that was closed; a second call does nothing."""
        user_id = follower.user.user_id
        followed = self._followed.get(user_id)
        if followed is None or follower not in followed.followers:
            return
        followed.followers.remove(follower)
        self.count -= 1
        if not followed.followers:
            del self._followed[user_id]

    def end(self) -> None:
        """End every stream and begin none: a server that stops waits for what is open."""
        self._is_ending = True
        for followed in self._followed.values():
            for follower in followed.followers:
                _end(follower)

    async def close(self) -> None:
        """End every stream and look no more."""
        self.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while self._followed:
            await self._ports.clock.sleep(LOOK_SECONDS)
            self._looks += 1
            due = [user for user, each in self._followed.items() if each.next_look <= self._looks]
            for begin in range(0, len(due), _USERS_PER_READ):
                try:
                    await self._look(due[begin : begin + _USERS_PER_READ])
                except AppError:
                    pass  # the database is away: what changed is seen by the next look
                except Exception as error:
                    logs.failure(error, room="cards")
            if self._looks % LOOKS_PER_BEAT == 0:
                self._beat()
        self._task = None

    async def _look(self, user_ids: Sequence[int]) -> None:
        """See what some users have now, in one snapshot, and tell their pages."""
        now = self._ports.clock.wall()
        sessions = {
            user_id: {one.user.session_id for one in self._followed[user_id].followers}
            for user_id in user_ids
            if user_id in self._followed
        }

        def work(tx: Transaction) -> list[_Look]:
            return [_looked(tx, user_id, each, now=now) for user_id, each in sessions.items()]

        for found in await self._ports.database.read(work):
            followed = self._followed.get(found.user_id)
            if followed is not None:
                _tell(followed, found)
                followed.next_look = self._looks + 1 + len(found.cards) // CARDS_PER_LOOK

    def _beat(self) -> None:
        for followed in self._followed.values():
            for follower in followed.followers:
                follower.is_beating = True
                follower.wakes.set()


class _Followed:
    """A user whose cards are followed: what was seen last, None before the first look."""

    def __init__(self) -> None:
        self.followers: list[Follower] = []
        self.seen: dict[int, Seen] | None = None
        self.next_look = 0


class _Look(msgspec.Struct, frozen=True):
    """What one look found: a user's cards, and which of the sessions asked for have ended."""

    user_id: int
    cards: dict[int, Seen]
    ended: frozenset[int]


def _looked(tx: Transaction, user_id: int, sessions: set[int], *, now: int) -> _Look:
    ended = set()
    for session_id in sessions:
        session = users.session_by_id(tx, user_id, session_id)
        if session is None or session.expires_at <= now:
            ended.add(session_id)
    return _Look(user_id, live_queries.look(tx, user_id), frozenset(ended))


def _tell(followed: _Followed, found: _Look) -> None:
    """Wake the pages of a user with what is new, came or went since the last look."""
    before, followed.seen = followed.seen, found.cards
    changed: dict[bytes, int | None] = {}
    if before is not None:
        for card_id, seen in before.items():
            if card_id not in found.cards:
                changed[seen.public_id] = None
        for card_id, seen in found.cards.items():
            if before.get(card_id) != seen:
                changed[seen.public_id] = seen.revision
    for follower in followed.followers:
        if follower.user.session_id in found.ended:
            _end(follower)
        elif changed:
            follower.changed |= changed
            follower.wakes.set()


def _end(follower: Follower) -> None:
    follower.is_over = True
    follower.changed.clear()
    follower.wakes.set()


def _event(card: bytes, revision: int | None) -> bytes:
    name = b"gone" if revision is None else b"card"
    data: dict[str, object] = {"id": public_id("card", card)}
    if revision is not None:
        data["revision"] = revision
    return b"event: %s\ndata: %s\n\n" % (name, msgspec.json.encode(data))
