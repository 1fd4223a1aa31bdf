"""One connection of SQLite: how it is opened, what a unit of work gets, what errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from app import errors
from app.storage.database import Value

T = TypeVar("T")

BUSY_TIMEOUT_MS = 500  # two batches wait at most, so a caller is answered 503 within 2 s
STATEMENTS_KEPT = 512  # compiled statements a connection; more than the server has
CACHE_KIB = 32 * 1024
PAGE = 4096  # bytes
LOG_MAX = 128 * 1024 * 1024  # bytes; above it the writer itself begins the log anew

# The whole transaction is lost with these, not only the statement that met them.
_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}


class SqliteTransaction:
    """The `Transaction` of one connection; one cursor, reused, because making one costs a third."""

    __slots__ = ("_cursor", "_execute", "for_update", "skip_locked")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.for_update = ""
        self.skip_locked = ""
        self._cursor = cursor
        self._execute = cursor.execute

    def one(self, kind: Callable[..., T], sql: str, *values: Value) -> T | None:
        """Return the first row as `kind(*row)`, or None."""
        row = self._execute(sql, values).fetchone()
        return None if row is None else kind(*row)

    def all(self, kind: Callable[..., T], sql: str, *values: Value) -> list[T]:
        """Return all rows, each as `kind(*row)`."""
        return [kind(*row) for row in self._execute(sql, values).fetchall()]

    def value(self, sql: str, *values: Value) -> Value:
        """Return the first column of the first row, None where there is no row."""
        row = self._execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *values: Value) -> int:
        """Execute a statement and return how many rows it changed."""
        return self._execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Execute one statement for each row of values."""
        self._cursor.executemany(sql, rows)


def connect_writing(path: Path) -> sqlite3.Connection:
    """Open the file for writing: every commit is on the disk before it returns."""
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
        f"cache_size = -{CACHE_KIB}",
        # sqlite_checkpoints.py copies it beside the commits; this holds should that ever fail.
        f"wal_autocheckpoint = {2 * LOG_MAX // PAGE}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open the file read-only, for any thread, one at a time."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def is_away(error: BaseException) -> bool:
    """Say whether the database could not be reached, rather than refused a statement."""
    if not isinstance(error, sqlite3.Error):
        return False
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _AWAY


def told(error: BaseException) -> BaseException:
    """Turn what SQLite raises into what callers know; anything else stays as it is."""
    if is_away(error):
        return errors.Unavailable("the database is busy or full; nothing was changed")
    if isinstance(error, sqlite3.IntegrityError):
        return errors.Conflict("this contradicts what is stored")
    if isinstance(error, OverflowError | UnicodeEncodeError | sqlite3.DataError):
        return errors.invalid("body", "a value does not fit its column")
    return error
