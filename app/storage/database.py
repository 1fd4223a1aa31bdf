"""The database port: units of work are plain functions that take a `Transaction`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

Value = int | str | bytes | None
T = TypeVar("T")


class DatabaseRefused(Exception):
    """The database cannot be opened as it is; the message is a sentence for the operator."""


@runtime_checkable
class Transaction(Protocol):
    """What a unit of work may do. SQL uses `?` for values; `kind(*row)` makes a struct of a row.

    A unit of work may run more than once (a retry), so it touches nothing but its transaction;
    now, ids and secrets are handed in.
    """

    for_update: str  # " FOR UPDATE" where the engine knows it, else ""
    skip_locked: str  # " FOR UPDATE SKIP LOCKED" where the engine knows it, else ""

    def one(self, kind: Callable[..., T], sql: str, *values: Value) -> T | None:
        """Return the first row as `kind(*row)`, or None."""

    def all(self, kind: Callable[..., T], sql: str, *values: Value) -> list[T]:
        """Return all rows, each as `kind(*row)`."""

    def value(self, sql: str, *values: Value) -> Value:
        """Return the first column of the first row, None where there is no row."""

    def run(self, sql: str, *values: Value) -> int:
        """Execute a statement and return how many rows it changed."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Execute one statement for each row of values."""


Work = Callable[[Transaction], T]


@runtime_checkable
class Database(Protocol):
    """An engine. Nobody is answered before the commit."""

    engine: str  # "sqlite" or "postgresql"

    async def write(self, work: Work[T]) -> T:
        """Run one unit of work, whole or not at all, and return after it is durable.

        Raises: whatever `work` raises (its changes undone); `Unavailable` when the database is
        locked, full or away, or after five retries.
        """

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Run many units of work in one commit, each whole by itself, in the given order.

        An exception of one is returned in its place and undoes that one only. The caller orders
        works by the id each locks, so that two batches never wait for each other crosswise.
        Raises: `Unavailable` when the whole batch was undone.
        """

    async def read(self, work: Work[T]) -> T:
        """Run reads that may scan, in a thread, in one snapshot."""

    async def read_point(self, work: Work[T]) -> T:
        """Run a few look-ups by key, as cheaply as the engine can, in one snapshot."""

    async def empty_log(self) -> bool:
        """Leave nothing of deleted rows in the engine's own log; False: a reader is in the way.

        After an erasure. PostgreSQL's log goes by its own retention.
        """

    async def close(self) -> None:
        """Finish what is queued and close."""
