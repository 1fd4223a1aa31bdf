"""One transaction on PostgreSQL, again where another one or a lost connection was in the way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

from app import errors
from app.storage.database import Work
from app.storage.postgres_session import PostgresTransaction, connect, is_conflict, told

T = TypeVar("T")
Step = Callable[[psycopg.Cursor[Any], PostgresTransaction], Any]

ATTEMPTS = 5
PAUSE_SECONDS = 0.005  # before the second attempt, doubled for each further one, jittered


class Sessions:
    """Idle connections, the last used first; a broken one is closed and another opened."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[psycopg.Connection[Any]] = []
        self._is_closed = False

    def take(self) -> tuple[psycopg.Connection[Any], bool]:
        """Return a connection, and whether it was opened just now.

        Raises: `Unavailable` when the server does not answer.
        """
        try:
            return self._idle.pop(), False
        except IndexError:
            pass
        try:
            return connect(self._url), True
        except psycopg.Error as error:
            raise errors.Unavailable("the database is away") from error

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """Keep a connection for the next, unless it is broken: then the idle ones are, too."""
        if connection.closed:
            self._close_idle()
        elif self._is_closed or connection.pgconn.transaction_status != TransactionStatus.IDLE:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle; what is in use closes when it is given back."""
        self._is_closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):  # another thread may take the last one
            while True:
                self._idle.pop().close()


class _Again(Exception):
    """Nothing was committed and the same work may succeed now."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def attempts(sessions: Sessions, begin: bytes, step: Step) -> Any:
    """Run a transaction until it succeeds, five times at most.

    Raises: what `step` raises, `Unavailable`, or `Conflict` for what stays against the schema.
    """
    for attempt in range(1, ATTEMPTS + 1):
        connection, is_new = sessions.take()
        try:
            return _transact(connection, begin, step, is_new)
        except _Again as again:
            reason = again.reason
        finally:
            sessions.give_back(connection)
        if is_conflict(reason) and attempt < ATTEMPTS:
            jitter = 0.5 + random.random()  # noqa: S311  (no secret, only out of step)
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1) * jitter)
    if isinstance(reason, psycopg.IntegrityError):
        raise told(reason) from reason
    raise errors.Unavailable("others were in the way each time; nothing was changed") from reason


def whole_or_not(
    cursor: psycopg.Cursor[Any], tx: PostgresTransaction, work: Work[T]
) -> T | Exception:
    """Run a unit of work of a batch; its exception undoes it alone and is returned."""
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


def _transact(connection: psycopg.Connection[Any], begin: bytes, step: Step, is_new: bool) -> Any:
    try:
        _command(connection, begin)
        cursor = connection.cursor()
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
    _commit(connection)
    return result


def _commit(connection: psycopg.Connection[Any]) -> None:
    try:
        answer = _command(connection, b"COMMIT")
    except psycopg.Error as error:
        if not connection.closed and is_conflict(error):
            _roll_back(connection)
            raise _Again(error) from error
        # Whether it was committed is not known: the caller asks again with the same key.
        raise errors.Unavailable("the database went away") from error
    # PostgreSQL answers ROLLBACK when a statement failed and the unit of work went on regardless.
    assert answer == b"COMMIT", "a unit of work may not catch what a statement raises"


def _command(connection: psycopg.Connection[Any], command: bytes) -> bytes | None:
    """Send a command without values straight to libpq: a cursor costs as much again."""
    result = connection.pgconn.exec_(command)
    if result.status != ExecStatus.COMMAND_OK:
        if result.error_field(DiagnosticField.SQLSTATE) is None:  # it is not the server who says so
            connection.close()
            raise psycopg.OperationalError("the server closed the connection")
        raise psycopg.errors.error_from_result(result)
    return result.command_status


def _roll_back(connection: psycopg.Connection[Any]) -> None:
    try:
        _command(connection, b"ROLLBACK")
    except psycopg.Error:
        connection.close()
