"""The database on a PostgreSQL server: each unit of work is its own transaction, in a thread."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from app import errors
from app.clock import Clock
from app.storage import migrate_postgres
from app.storage.database import DatabaseRefused, Work
from app.storage.postgres_session import PostgresTransaction, connect, is_conflict, told

T = TypeVar("T")
Step = Callable[[psycopg.Cursor[Any], PostgresTransaction], T]

CONNECTIONS = 16  # one each thread that runs a unit of work
ATTEMPTS = 5
PAUSE_SECONDS = 0.005  # before the second attempt, doubled for each further one, jittered
QUEUE_MAX = 4096  # units of work running and waiting; above it callers are told to come back
WAIT_SECONDS = 1.5  # for a free connection

_WRITING = "BEGIN"
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDatabase:
    """`Database` on a server. Connections are opened when needed and kept; a broken one goes."""

    engine = "postgresql"

    def __init__(self, url: str, executor: Executor | None, *, read_only: bool = False) -> None:
        self._url = url
        self._is_read_only = read_only
        self._own = None if executor else ThreadPoolExecutor(CONNECTIONS, "postgres")
        self._executor = executor or self._own
        self._idle: list[psycopg.Connection[Any]] = []
        self._free = threading.Semaphore(CONNECTIONS)
        self._running: set[asyncio.Future[Any]] = set()
        self._is_closed = False

    async def write(self, work: Work[T]) -> T:
        """Run one unit of work in one transaction and return after its commit."""
        return await self._in_thread(self._attempts, _WRITING, lambda cursor, tx: work(tx))

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Run many units of work in one commit; an exception of one stands in its place."""
        if not works:
            return []
        return await self._in_thread(
            self._attempts,
            _WRITING,
            lambda cursor, tx: [_whole_or_not(cursor, tx, work) for work in works],
        )

    async def read(self, work: Work[T]) -> T:
        """Run reads that may scan, in one snapshot."""
        return await self._in_thread(self._attempts, _READING, lambda cursor, tx: work(tx))

    async def read_point(self, work: Work[T]) -> T:
        """Run a few look-ups by key, in one snapshot."""
        return await self.read(work)

    async def close(self) -> None:
        """Finish what runs and close; a second call does nothing."""
        self._is_closed = True
        if self._running:
            await asyncio.wait(self._running)
        while self._idle:
            self._idle.pop().close()
        if self._own is not None:
            self._own.shutdown(wait=False)

    async def _in_thread(self, run: Callable[[str, Step[T]], T], begin: str, step: Step[T]) -> T:
        if self._is_closed or len(self._running) >= QUEUE_MAX:
            raise errors.Unavailable("too much is waiting for the database")
        if self._is_read_only and begin == _WRITING:
            raise errors.Unavailable("this database is open for reading only")
        future = asyncio.get_running_loop().run_in_executor(self._executor, run, begin, step)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return await future

    def _attempts(self, begin: str, step: Step[T]) -> T:
        """Run a transaction, again where another one or a lost connection was in the way."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(begin, step)
            except _Again as again:
                if attempt == ATTEMPTS:
                    raise _last(again.reason) from again.reason
                if is_conflict(again.reason):
                    jitter = 0.5 + random.random()  # noqa: S311  (no secret, only out of step)
                    time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1) * jitter)
        raise AssertionError("unreachable")

    def _once(self, begin: str, step: Step[T]) -> T:
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise errors.Unavailable("the database is busy")
        try:
            connection, is_new = self._take()
            try:
                return _transact(connection, begin, step, is_new)
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def _take(self) -> tuple[psycopg.Connection[Any], bool]:
        try:
            return self._idle.pop(), False
        except IndexError:
            pass
        try:
            return connect(self._url), True
        except psycopg.Error as error:
            raise errors.Unavailable("the database is away") from error

    def _give_back(self, connection: psycopg.Connection[Any]) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        if self._is_closed or connection.info.transaction_status != idle:
            connection.close()
        else:
            self._idle.append(connection)


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
    return PostgresDatabase(url, executor, read_only=read_only)


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


class _Again(Exception):
    """Nothing was committed and the same work may succeed now."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _last(reason: BaseException) -> BaseException:
    if isinstance(reason, psycopg.errors.UniqueViolation):
        return told(reason)
    return errors.Unavailable("others were in the way each time; nothing was changed")


def _transact(connection: psycopg.Connection[Any], begin: str, step: Step[T], is_new: bool) -> T:
    try:
        cursor = connection.cursor()
        cursor.execute(begin)
        result = step(cursor, PostgresTransaction(cursor))
    except BaseException as error:
        if connection.closed:  # the server restarted since; a new connection will do
            raise (told(error) if is_new else _Again(error)) from error
        _roll_back(connection)
        if is_conflict(error):
            raise _Again(error) from error
        known = told(error)
        if known is error:
            raise
        raise known from error
    return _committed(connection, cursor, result)


def _committed(connection: psycopg.Connection[Any], cursor: psycopg.Cursor[Any], result: T) -> T:
    try:
        cursor.execute("COMMIT")
    except psycopg.Error as error:
        if not connection.closed:
            _roll_back(connection)
            if is_conflict(error):
                raise _Again(error) from error
        # Whether it was committed is not known: the caller asks again with the same key.
        raise errors.Unavailable("the database went away") from error
    return result


def _roll_back(connection: psycopg.Connection[Any]) -> None:
    try:
        connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()


def _whole_or_not(
    cursor: psycopg.Cursor[Any], tx: PostgresTransaction, work: Work[T]
) -> T | Exception:
    cursor.execute("SAVEPOINT unit")
    try:
        result = work(tx)
    except Exception as error:
        if cursor.connection.closed or isinstance(error, psycopg.OperationalError):
            raise  # the whole transaction is lost, or may be run again
        cursor.execute("ROLLBACK TO unit")
        cursor.execute("RELEASE unit")
        known = told(error)
        assert isinstance(known, Exception)
        return known
    cursor.execute("RELEASE unit")
    return result
