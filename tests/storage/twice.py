"""A database that runs each unit of work twice, the first time in vain, as a retry would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from app.storage.database import Database, Transaction, Work

T = TypeVar("T")


class TwiceDatabase:
    """`Database` around another one: what a unit of work keeps outside of its tx shows up."""

    def __init__(self, database: Database) -> None:
        self.inner = database
        self.engine = database.engine

    async def write(self, work: Work[T]) -> T:
        """Run, undo, run again."""
        return await self.inner.write(twice(work))

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Run each, undo it, run it again."""
        return await self.inner.write_batch([twice(work) for work in works])

    async def read(self, work: Work[T]) -> T:
        """Read."""
        return await self.inner.read(work)

    async def read_point(self, work: Work[T]) -> T:
        """Read."""
        return await self.inner.read_point(work)

    async def empty_log(self) -> bool:
        """Empty the log."""
        return await self.inner.empty_log()

    async def close(self) -> None:
        """Close."""
        await self.inner.close()


def twice(work: Work[T]) -> Work[T]:
    """Make a unit of work that first runs in vain; whatever it raises, it raises both times."""

    def run(tx: Transaction) -> T:
        tx.run("SAVEPOINT in_vain")
        try:
            work(tx)
        except Exception as first:
            tx.run("ROLLBACK TO in_vain")
            try:
                work(tx)
            except type(first):
                raise
            raise AssertionError("this unit of work does not fail twice the same way") from first
        tx.run("ROLLBACK TO in_vain")
        tx.run("RELEASE in_vain")
        return work(tx)

    return run
