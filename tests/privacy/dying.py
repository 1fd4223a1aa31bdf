"""A database that is away after so many writes, as if the process had ended there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from app.errors import Unavailable
from app.storage.database import Database, Work

T = TypeVar("T")


class DyingDatabase:
    """`Database` around another one."""

    def __init__(self, database: Database, writes: int) -> None:
        self.inner, self.engine, self._left = database, database.engine, writes

    async def write(self, work: Work[T]) -> T:
        """Write, or be away."""
        self._count()
        return await self.inner.write(work)

    async def write_batch(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """Write many, or be away."""
        self._count()
        return await self.inner.write_batch(works)

    async def read(self, work: Work[T]) -> T:
        """Read."""
        return await self.inner.read(work)

    async def read_point(self, work: Work[T]) -> T:
        """Read."""
        return await self.inner.read_point(work)

    async def empty_log(self) -> bool:
        """Empty the log."""
        self._count()
        return await self.inner.empty_log()

    async def close(self) -> None:
        """Leave that to the other one."""

    def _count(self) -> None:
        if self._left <= 0:
            raise Unavailable("as if the power went")
        self._left -= 1
