"""One connection of PostgreSQL: how it is opened, what a unit of work gets, what errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors as told_by_server
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from app import errors
from app.storage.database import Value

T = TypeVar("T")

CONNECT_SECONDS = 2  # the least libpq knows
LOCK_TIMEOUT_MS = 1500  # a caller is answered 503 within 2 s
STATEMENT_TIMEOUT_MS = 60_000
_OPTIONS = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"


class PostgresTransaction:
    """The `Transaction` of one connection; one cursor, reused."""

    __slots__ = ("_cursor", "for_update", "skip_locked")

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self.for_update = " FOR UPDATE"
        self.skip_locked = " FOR UPDATE SKIP LOCKED"
        self._cursor = cursor

    def one(self, kind: Callable[..., T], sql: str, *values: Value) -> T | None:
        """Return the first row as `kind(*row)`, or None."""
        row = self._cursor.execute(_translated(sql), values).fetchone()
        return None if row is None else kind(*row)

    def all(self, kind: Callable[..., T], sql: str, *values: Value) -> list[T]:
        """Return all rows, each as `kind(*row)`."""
        return [kind(*row) for row in self._cursor.execute(_translated(sql), values).fetchall()]

    def value(self, sql: str, *values: Value) -> Value:
        """Return the first column of the first row, None where there is no row."""
        row = self._cursor.execute(_translated(sql), values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *values: Value) -> int:
        """Execute a statement and return how many rows it changed."""
        return self._cursor.execute(_translated(sql), values).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Execute one statement for each row of values."""
        values = list(rows)
        if len(values) == 1:  # a pipeline for one row costs a tenth of a unit of work more
            self._cursor.execute(_translated(sql), values[0])
        else:
            self._cursor.executemany(_translated(sql), values)


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection in autocommit mode, its values and rows as SQLite would have them."""
    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        tcp_user_timeout=5000,
        options=_OPTIONS,
        application_name="portecarte",
        context=_ADAPTERS,
    )
    connection.prepare_threshold = 2
    connection.prepared_max = 500
    return connection


def is_conflict(error: BaseException) -> bool:
    """Say whether another transaction was in the way, so that the same work may succeed now."""
    return isinstance(
        error,
        told_by_server.SerializationFailure
        | told_by_server.DeadlockDetected
        | told_by_server.UniqueViolation,
    )


def told(error: BaseException) -> BaseException:
    """Turn what PostgreSQL raises into what callers know; anything else stays as it is."""
    match error:
        case psycopg.IntegrityError():
            return errors.Conflict("this contradicts what is stored")
        case psycopg.DataError() | UnicodeEncodeError():
            return errors.invalid("body", "a value does not fit its column")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return errors.Unavailable("the database is busy, full or away; nothing was changed")
        case told_by_server.ReadOnlySqlTransaction():
            return errors.Unavailable("the database takes no changes now")
        case _:
            return error


_TRANSLATED: dict[str, bytes] = {}  # our statements are constants, so this ends growing


def _translated(sql: str) -> bytes:
    known = _TRANSLATED.get(sql)
    if known is None:
        known = _TRANSLATED[sql] = translate(sql).encode()
    return known


def translate(sql: str) -> str:
    """Turn `?` outside of quotes and comments into `%s`, and `%` into `%%` everywhere."""
    out = []
    quote = ""  # what ends the quoted text or comment we are in
    for position, letter in enumerate(sql):
        if quote:
            if letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif sql.startswith("--", position):
            quote = "\n"
        elif letter == "?":
            letter = "%s"  # noqa: PLW2901
        out.append("%%" if letter == "%" else letter)
    return "".join(out)


class _Flag(Dumper):
    """A boolean is an integer on both engines."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


class _FlagLoader(Loader):
    def load(self, data: Buffer) -> int:
        return 1 if bytes(data) == b"t" else 0


class _SumLoader(Loader):
    """SUM() of integers is numeric there; storage has no fractions."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)  # one type whatever the size: one plan a statement
    adapters.register_dumper(str, StrDumper)
    adapters.register_dumper(bool, _Flag)
    adapters.register_loader("bool", _FlagLoader)
    adapters.register_loader("numeric", _SumLoader)
    return adapters


class _Context:
    """What psycopg asks for when it opens a connection."""

    adapters = _adapters()
    connection = None


_ADAPTERS = _Context()
