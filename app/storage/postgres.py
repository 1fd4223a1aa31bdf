"""The database on a PostgreSQL server: each unit of work is its own transaction, in a thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar, cast

import psycopg

from app import errors
from app.clock import Clock
from app.storage import migrate_postgres
from app.storage.database import DatabaseRefused, Work
from app.storage.postgres_attempt import Sessions, Step, attempts, whole_or_not
from app.storage.postgres_session import connect

T = TypeVar("T")

CONNECTIONS = 32  # units of work that run at once: as many share one fsync of the server
QUEUE_MAX = 4096  # units of work running and waiting; above it callers are told to come back

_Job = tuple[asyncio.Future[Any], bytes, Step]
_Answer = tuple[asyncio.Future[Any], Any, BaseException | None] | None  # None: a runner ends

_WRITING = b"BEGIN"
_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """`Database` on a server. Connections are opened when needed and kept; a broken one goes.

    What waits is taken by at most `CONNECTIONS` runners in the executor's threads; each goes on
    until nothing waits, so that under load no unit of work pays for handing over a thread.
    """

    engine = "postgresql"

    def __init__(
        self,
        url: str,
        executor: Executor | None,
        loop: asyncio.AbstractEventLoop,
        *,
        read_only: bool = False,
    ) -> None:
        self._sessions = Sessions(url)
        self._loop = loop
        self._is_read_only = read_only
        self._own = None if executor else ThreadPoolExecutor(CONNECTIONS, "postgres")
        self._executor = executor or self._own
        self._waiting: deque[_Job] = deque()
        self._answers: deque[_Answer] = deque()
        self._is_told = False  # that answers are there
        self._queued = 0
        self._runners = 0
        self._finished = asyncio.Event()
        self._finished.set()
        self._is_closed = False

    async def write(self, work: Work[T]) -> T:
        """Run one unit of work in one transaction and return after its commit."""
        return cast(T, await self._submit(_WRITING, lambda cursor, tx: work(tx)))

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Run many units of work in one commit; an exception of one stands in its place."""
        if not works:
            return []
        step: Step = lambda cursor, tx: [whole_or_not(cursor, tx, work) for work in works]  # noqa: E731
        return cast("list[T | Exception]", await self._submit(_WRITING, step))

    async def read(self, work: Work[T]) -> T:
        """Run reads that may scan, in one snapshot."""
        return cast(T, await self._submit(_READING, lambda cursor, tx: work(tx)))

    async def read_point(self, work: Work[T]) -> T:
        """Run a few look-ups by key, in one snapshot."""
        return await self.read(work)

    async def empty_log(self) -> bool:
        """Leave the log to PostgreSQL's own retention, deleted rows to its vacuum."""
        return True

    async def close(self) -> None:
        """Finish what is queued and close; a second call does nothing."""
        self._is_closed = True
        await self._finished.wait()
        self._sessions.close()
        if self._own is not None:
            self._own.shutdown(wait=False)

    def _submit(self, begin: bytes, step: Step) -> asyncio.Future[Any]:
        if self._is_closed or self._queued >= QUEUE_MAX:
            raise errors.Unavailable("too much is waiting for the database")
        if self._is_read_only and begin == _WRITING:
            raise errors.Unavailable("this database is open for reading only")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((future, begin, step))
        self._queued += 1
        self._finished.clear()
        self._start_runner()
        return future

    def _start_runner(self) -> None:
        if self._waiting and self._runners < CONNECTIONS:
            self._runners += 1
            self._loop.run_in_executor(self._executor, self._run)

    def _run(self) -> None:
        """Take what waits, one by one, until nothing does; in a thread."""
        while True:
            try:
                future, begin, step = self._waiting.popleft()
            except IndexError:
                break
            try:
                answer: _Answer = (future, attempts(self._sessions, begin, step), None)
            except BaseException as error:
                answer = (future, None, error)
            self._tell(answer)
        self._tell(None)

    def _tell(self, answer: _Answer) -> None:
        self._answers.append(answer)
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._is_told = False
        for _ in range(len(self._answers)):
            answer = self._answers.popleft()
            if answer is None:
                self._runners -= 1
                self._start_runner()
                continue
            future, result, error = answer
            self._queued -= 1
            if future.done():
                continue  # its caller stopped waiting
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._queued == 0 and self._runners == 0:
            self._finished.set()


async def open_postgres(
    url: str,
    *,
    clock: Clock,
    executor: Executor | None = None,
    read_only: bool = False,
    upgrade: bool = True,
) -> PostgresDatabase:
    """Connect and bring the schema up to this release; `upgrade=False` only checks its version.

    Raises: `DatabaseRefused` when the server cannot be reached or the version is not ours.
    """
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(executor, _prepare, url, upgrade and not read_only)
    return PostgresDatabase(url, executor, loop, read_only=read_only)


def _prepare(url: str, upgrade: bool) -> None:
    try:
        with connect(url) as connection:
            if upgrade:
                migrate_postgres.upgrade_postgres(connection)
            else:
                migrate_postgres.check_postgres(connection)
    except psycopg.Error as error:
        # The address may hold a password, and psycopg repeats none.
        raise DatabaseRefused(f"PostgreSQL cannot be used: {error}") from error
