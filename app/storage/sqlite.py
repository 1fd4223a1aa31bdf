"""The database as one SQLite file: one writing process, reads beside it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar, cast

from app import errors
from app.clock import Clock
from app.storage import migrate
from app.storage.database import DatabaseRefused, Work
from app.storage.sqlite_session import (
    SqliteTransaction,
    connect_reading,
    connect_writing,
    told,
)
from app.storage.sqlite_writer import Writer

T = TypeVar("T")

READERS_KEPT = 4  # idle reading connections; more are opened while many scans run at once


class SqliteDatabase:
    """`Database` on one file. Writes go through one `Writer`, point reads run on the loop."""

    engine = "sqlite"

    def __init__(
        self, path: Path, writer: Writer | None, lock: int | None, executor: Executor | None
    ) -> None:
        self.path = path
        self._writer = writer
        self._lock = lock
        self._executor = executor
        self._point = connect_reading(path)
        self._point_cursor = self._point.cursor()
        self._point_tx = SqliteTransaction(self._point_cursor)
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    async def write(self, work: Work[T]) -> T:
        """Run one unit of work, whole or not at all, and return after it is on the disk."""
        if self._writer is None:
            raise errors.Unavailable("this database is open for reading only")
        return cast(T, await self._writer.submit((work,), is_batch=False))

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Run many units of work in one commit; an exception of one stands in its place."""
        if self._writer is None:
            raise errors.Unavailable("this database is open for reading only")
        if not works:
            return []
        return cast("list[T | Exception]", await self._writer.submit(works, is_batch=True))

    async def read(self, work: Work[T]) -> T:
        """Run reads that may scan, in a thread, in one snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._scan, work)

    async def read_point(self, work: Work[T]) -> T:
        """Run a few look-ups by key, right here on the loop, in one snapshot."""
        return _snapshot(self._point_cursor, self._point_tx, work)

    async def compact(self) -> None:
        """Leave no byte of deleted rows in the file or its log; for after an erasure, by hand.

        Raises: `Unavailable` while the file is locked or the disk is full.
        """
        if self._writer is None:
            raise errors.Unavailable("this database is open for reading only")
        try:
            await self._writer.compact()
        except sqlite3.Error as error:
            raise told(error) from error

    async def empty_log(self) -> bool:
        """Copy the log into the file and cut it to nothing; False: a reader is in the way."""
        if self._writer is None:
            raise errors.Unavailable("this database is open for reading only")
        try:
            return await self._writer.cut_log()
        except sqlite3.Error as error:
            raise told(error) from error

    async def close(self) -> None:
        """Write what is queued and close; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writer is not None:
            await self._writer.finish()
        for connection in (self._point, *self._idle):
            connection.close()
        self._idle.clear()
        if self._lock is not None:
            os.close(self._lock)

    def _scan(self, work: Work[T]) -> T:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = connect_reading(self.path)
        try:
            cursor = connection.cursor()
            return _snapshot(cursor, SqliteTransaction(cursor), work)
        finally:
            if len(self._idle) < READERS_KEPT and not self._is_closed:
                self._idle.append(connection)
            else:
                connection.close()


async def open_sqlite(
    path: Path,
    *,
    clock: Clock,
    executor: Executor | None = None,
    read_only: bool = False,
    upgrade: bool = True,
) -> SqliteDatabase:
    """Open the file, made and migrated where needed; `upgrade=False` only checks its version.

    Raises: `DatabaseRefused` when another process writes it, or its version is not ours.
    """
    loop = asyncio.get_running_loop()
    if read_only:
        await loop.run_in_executor(executor, _check_reading, path)
        return SqliteDatabase(path, None, None, executor)
    lock = await loop.run_in_executor(executor, lock_for_writing, path)
    try:
        await loop.run_in_executor(executor, _prepare, path, upgrade)
        writer = Writer(path, loop)
        await writer
    except BaseException:
        os.close(lock)
        raise
    return SqliteDatabase(path, writer, lock, executor)


def lock_for_writing(path: Path) -> int:
    """Take the lock beside the file and return its descriptor; closing that lets it go.

    Raises: `DatabaseRefused` when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise DatabaseRefused(
            f"{path} is in use: another Portecarte process writes it, and SQLite allows one only. "
            "Stop that process, or use PostgreSQL for several."
        ) from None
    return lock


def _prepare(path: Path, upgrade: bool) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # for our eyes only
    try:
        connection = connect_writing(path)
        try:
            if upgrade:
                migrate.upgrade_sqlite(connection)
            else:
                migrate.check_sqlite(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseRefused(f"{path} cannot be opened: {error}") from error


def _check_reading(path: Path) -> None:
    if not path.exists():
        raise DatabaseRefused(f"{path} does not exist yet: start the server, or run migrate.")
    try:
        connection = connect_reading(path)
        try:
            migrate.check_sqlite(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseRefused(f"{path} cannot be read: {error}") from error


def _snapshot(cursor: sqlite3.Cursor, tx: SqliteTransaction, work: Work[T]) -> T:
    try:
        cursor.execute("BEGIN")
        try:
            return work(tx)
        finally:
            cursor.execute("COMMIT")
    except Exception as error:
        known = told(error)
        if known is error:
            raise
        raise known from error
