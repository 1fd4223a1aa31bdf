"""The one writing connection: what queues while a commit runs is the next commit."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from app import errors
from app.storage.database import Work
from app.storage.sqlite_checkpoints import Checkpoints
from app.storage.sqlite_session import SqliteTransaction, connect_writing, is_away, told

T = TypeVar("T")

QUEUE_MAX = 4096  # units of work waiting; above it callers are told to come back

_Answer = tuple[asyncio.Future[Any], Any, BaseException | None]


class Writer(aiosqlite.Connection):
    """Runs many units of work in one transaction on the connection's own thread.

    Each has a SAVEPOINT, so that the failure of one undoes only itself. All are answered after
    the commit, by one call to the event loop.
    """

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(lambda: connect_writing(path), iter_chunk_size=64)
        self._loop = loop
        self._waiting: deque[tuple[asyncio.Future[Any], Sequence[Work[Any]], bool]] = deque()
        self._queued = 0
        self._is_called = False
        self._is_closing = False
        self._checkpoints = Checkpoints(path)

    def submit(self, works: Sequence[Work[Any]], *, is_batch: bool) -> asyncio.Future[Any]:
        """Queue units of work; the future brings one result, or a list where it is a batch.

        A caller who stops waiting changes nothing: what is queued is done.
        """
        if self._is_closing or self._queued >= QUEUE_MAX:
            raise errors.Unavailable("too much is waiting to be written")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((future, works, is_batch))
        self._queued += len(works)
        if not self._is_called:
            self._is_called = True
            # At the end of this turn of the loop, so that all its writes share one commit.
            self._loop.call_soon(self._call)
        return future

    async def finish(self) -> None:
        """Write what is queued, then close."""
        self._is_closing = True
        self._call()
        # On the writer's thread, after what is queued.
        await self._execute(self._checkpoints.finish)  # type: ignore[no-untyped-call]
        await self.close()

    async def compact(self) -> None:
        """Rewrite the file without what was deleted and empty the log; holds up all writes."""
        await self._execute(self._compact)  # type: ignore[no-untyped-call]

    def _compact(self) -> None:
        for command in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self._conn.execute(command).fetchall()

    async def cut_log(self) -> bool:
        """Copy the log into the file and leave no byte of it; False: a reader is in the way."""
        cut = self._checkpoints.cut
        return bool(await self._execute(cut, self._conn))  # type: ignore[no-untyped-call]

    def _call(self) -> None:
        self._tx.put_nowait((None, self._commit_waiting))

    def _commit_waiting(self) -> None:
        """Run and commit everything that waits; on the connection's thread."""
        self._is_called = False
        waiting = self._waiting
        batch = [waiting.popleft() for _ in range(len(waiting))]
        if not batch:
            return
        answers: list[_Answer] = []
        try:
            self._transact(batch, answers)
        except BaseException as error:  # whatever it was, the thread lives on and all are told
            answers = self._undone(batch, error)
        units = sum(len(works) for _, works, _ in batch)
        self._loop.call_soon_threadsafe(self._answer, answers, units)
        self._checkpoints.note_commit()
        if self._checkpoints.is_log_long:
            self._empty_log()

    def _empty_log(self) -> None:
        """Begin the log anew, after everybody was answered; a reader in the way puts it off."""
        with contextlib.suppress(sqlite3.Error):  # the next commit meets whatever is wrong
            self._checkpoints.empty(self._conn)

    def _transact(
        self,
        batch: list[tuple[asyncio.Future[Any], Sequence[Work[Any]], bool]],
        answers: list[_Answer],
    ) -> None:
        connection = self._conn
        cursor = connection.cursor()
        tx = SqliteTransaction(cursor)
        cursor.execute("BEGIN IMMEDIATE")
        for future, works, is_batch in batch:
            if is_batch:
                outcomes = [_run(cursor, tx, work) for work in works]
                results = [result if error is None else error for result, error in outcomes]
                answers.append((future, results, None))
            else:
                answers.append((future, *_run(cursor, tx, works[0])))
        cursor.execute("COMMIT")
        cursor.close()

    def _undone(
        self,
        batch: list[tuple[asyncio.Future[Any], Sequence[Work[Any]], bool]],
        error: BaseException,
    ) -> list[_Answer]:
        try:
            if self._conn.in_transaction:
                self._conn.rollback()
        except sqlite3.Error:
            pass  # the next BEGIN meets whatever is wrong and says so again
        # One instance each: raising one in many tasks would pile up all their tracebacks.
        return [(future, None, _away(error)) for future, _, _ in batch]

    def _answer(self, answers: list[_Answer], units: int) -> None:
        self._queued -= units
        for future, result, error in answers:
            if future.done():
                continue  # its caller stopped waiting
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _run(
    cursor: sqlite3.Cursor, tx: SqliteTransaction, work: Work[Any]
) -> tuple[Any, BaseException | None]:
    cursor.execute("SAVEPOINT unit")
    try:
        result = work(tx)
    except BaseException as error:
        if is_away(error) or not cursor.connection.in_transaction:
            raise  # the whole transaction is lost
        cursor.execute("ROLLBACK TO unit")
        cursor.execute("RELEASE unit")
        return None, told(error)
    cursor.execute("RELEASE unit")
    return result, None


def _away(cause: BaseException) -> errors.Unavailable:
    away = errors.Unavailable("the database is busy or full; nothing was changed")
    away.__cause__ = cause
    return away
