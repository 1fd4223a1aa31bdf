"""A backup into one file while the server writes, and a restore into an empty place.

SQLite: a copy of the file, opened by any sqlite3. PostgreSQL: a zip of each table's COPY text. Who
was erased after the backup is erased again by the caller: `queries.is_erasure_due` says so until
`queries.mark_erasure_done`.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.clock import Clock
from app.storage import migrate, queries
from app.storage.database import DatabaseRefused
from app.storage.open import sqlite_path
from app.storage.sqlite import lock_for_writing
from app.storage.sqlite_session import SqliteTransaction, connect_reading


class Summary(msgspec.Struct, frozen=True):
    """What a backup holds."""

    version: int  # of the schema
    cards: int
    users: int


async def back_up(url: str, file: Path, *, executor: Executor | None = None) -> Summary:
    """Write a snapshot of the database into a new file; writers are not held up.

    Raises: `DatabaseRefused` when the file exists or the database cannot be read.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, _back_up, url, file)


async def restore(
    url: str, file: Path, *, clock: Clock, executor: Executor | None = None
) -> Summary:
    """Fill an empty place from a backup, whole or not at all; the next start upgrades it.

    Raises: `DatabaseRefused` when the place is not empty or the file is not a backup for it.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(executor, _restore, url, file, clock.wall())


def _back_up(url: str, file: Path) -> Summary:
    path = sqlite_path(url)
    if path is None:
        from app.storage import backup_postgres  # noqa: PLC0415  (as in open.py)

        return _into_new_file(file, lambda part: backup_postgres.dump(url, part))
    if not path.exists():
        raise DatabaseRefused(f"{path} does not exist: there is nothing to back up.")
    return _into_new_file(file, lambda part: _copy_sqlite(path, part))


def _restore(url: str, file: Path, now: int) -> Summary:
    if not file.is_file():
        raise DatabaseRefused(f"{file} does not exist.")
    is_sqlite_file = file.open("rb").read(16) == b"SQLite format 3\x00"
    path = sqlite_path(url)
    if is_sqlite_file != (path is not None):
        raise DatabaseRefused(f"{file} is not a backup of this kind of database.")
    if path is None:
        from app.storage import backup_postgres  # noqa: PLC0415  (as in open.py)

        return backup_postgres.load(url, file, now)
    lock = lock_for_writing(path)
    try:
        if path.exists() and path.stat().st_size:
            raise DatabaseRefused(f"{path} is not empty: a backup is restored into a new file.")
        path.unlink(missing_ok=True)
        return _into_new_file(path, lambda part: _copy_sqlite(file, part, restored_at=now))
    finally:
        os.close(lock)


def _copy_sqlite(source_path: Path, part: Path, *, restored_at: int | None = None) -> Summary:
    try:
        source = connect_reading(source_path)
        target = sqlite3.connect(part, isolation_level=None)
        try:
            source.backup(target)  # in one step: one snapshot, however much is written meanwhile
            # One file instead of a log beside it; deleted rows leave no bytes behind.
            for pragma in ("journal_mode = DELETE", "secure_delete = ON", "synchronous = FULL"):
                target.execute(f"PRAGMA {pragma}")
            return _checked(target, part, restored_at)
        finally:
            source.close()
            target.close()
    except sqlite3.Error as error:
        raise DatabaseRefused(f"{source_path} cannot be copied: {error}") from error


def _checked(target: sqlite3.Connection, part: Path, restored_at: int | None) -> Summary:
    version = migrate.version_of_sqlite(target)
    migrate.refuse_newer(version, migrate.migrations("sqlite"))
    if version == 0 or target.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
        raise DatabaseRefused("This is no Portecarte database, or it is damaged.")
    tx = SqliteTransaction(target.cursor())
    if restored_at is not None:
        queries.mark_restored(tx, restored_at)
    counts = [
        int(target.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608
        for table in ("card", "users")
    ]
    return Summary(version, *counts)


def _into_new_file(file: Path, write: Callable[[Path], Summary]) -> Summary:
    """Write beside the file, then give it its name: it is whole or not there."""
    part = file.with_name(file.name + ".part")
    if file.exists():
        raise DatabaseRefused(f"{file} exists already: name a new file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        summary = write(part)
        os.fsync(descriptor)
        part.rename(file)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return summary
