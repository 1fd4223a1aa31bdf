"""SQLite locked, full, or taken by another process: 503, reads go on, it heals by itself."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import errors
from app.clock import SystemClock
from app.storage import sqlite_writer
from app.storage.database import Database, DatabaseRefused, Transaction, Work
from app.storage.open import open_database, sqlite_path
from app.storage.sqlite import open_sqlite

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""
WRITE = """
import asyncio, sys
from app.clock import SystemClock
from app.storage.open import open_database
asyncio.run(open_database(sys.argv[1], clock=SystemClock()))
"""


@pytest.fixture
async def opened(sqlite_url: str) -> AsyncIterator[Database]:
    database = await open_database(sqlite_url, clock=SystemClock())
    yield database
    await database.close()


@contextlib.contextmanager
def held(url: str) -> Iterator[None]:
    """Let another process lock the file."""
    command = [sys.executable, "-c", HOLD, str(sqlite_path(url))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate("\n")


def put(card_id: int, text: str = "") -> Work[object]:
    def work(tx: Transaction) -> object:
        sql = "INSERT INTO contact (card_id, display_name, enrolled_at) VALUES (?, ?, 0)"
        return tx.run(sql, card_id, text)

    return work


def count(tx: Transaction) -> object:
    return tx.value("SELECT COUNT(*) FROM contact")


async def test_a_locked_file_answers_503_while_reads_go_on_and_heals(
    opened: Database, sqlite_url: str
) -> None:
    await opened.write(put(0))
    with held(sqlite_url):
        works = (opened.write(put(number)) for number in range(1, 200))
        results = await asyncio.gather(*works, return_exceptions=True)
        assert {type(result) for result in results} == {errors.Unavailable}
        assert all(getattr(result, "headers", 0) == {"Retry-After": "1"} for result in results)
        with pytest.raises(errors.Unavailable):
            await opened.write_batch([put(1), put(2)])
        assert await opened.read(count) == 1
        assert await opened.read_point(count) == 1
    await opened.write(put(1))
    assert await opened.read(count) == 2


async def test_the_queue_of_a_locked_file_does_not_grow(opened: Database, sqlite_url: str) -> None:
    with held(sqlite_url):
        works = [opened.write(put(number)) for number in range(sqlite_writer.QUEUE_MAX + 100)]
        tasks = [asyncio.ensure_future(work) for work in works]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) >= 100
        assert len(waiting) <= sqlite_writer.QUEUE_MAX
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {errors.Unavailable}
    assert await opened.write(put(1)) == 1


async def test_a_full_disk_answers_503_while_reads_go_on_and_heals(opened: Database) -> None:
    def limit(pages: str) -> Work[object]:
        return lambda tx: tx.value(f"PRAGMA max_page_count = {pages}")

    used = await opened.read(lambda tx: tx.value("PRAGMA page_count"))
    assert isinstance(used, int)
    await opened.write(limit(str(used + 8)))
    results = await asyncio.gather(
        *(opened.write(put(number, "x" * 3000)) for number in range(100)), return_exceptions=True
    )
    assert {type(result) for result in results} == {errors.Unavailable}
    outcomes = [await _outcome(opened, number) for number in range(40)]
    written = outcomes.count(1)
    assert written < 40
    assert all(result == 1 or isinstance(result, errors.Unavailable) for result in outcomes)
    assert await opened.read(count) == written
    await opened.write(limit("1000000"))
    assert await opened.write(put(1000, "x" * 3000)) == 1
    assert await opened.read(lambda tx: tx.value("PRAGMA integrity_check")) == "ok"


async def _outcome(opened: Database, number: int) -> object:
    try:
        return await opened.write(put(number, "x" * 3000))
    except errors.Unavailable as error:
        return error


async def test_a_commit_that_fails_undoes_all_of_it_and_the_writer_lives_on(
    opened: Database,
) -> None:
    def refuse(tx: Any) -> None:
        def no_commit(action: int, what: str | None, *_: object) -> int:
            is_commit = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
            return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK

        tx._cursor.connection.set_authorizer(no_commit)

    def allow(tx: Any) -> None:
        tx._cursor.connection.set_authorizer(None)

    for work in (refuse, put(1)):
        with pytest.raises(errors.Unavailable):
            await opened.write(work)
    assert await opened.read(count) == 0
    await asyncio.gather(opened.write(allow), opened.write(put(2)))
    assert await opened.read(count) == 1


async def test_two_processes_never_write_one_file(opened: Database, sqlite_url: str) -> None:
    with pytest.raises(DatabaseRefused, match="is in use"):
        await open_database(sqlite_url, clock=SystemClock())
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITE, sqlite_url]
    other = await asyncio.create_subprocess_exec(*command, stderr=pipe)
    _, said = await other.communicate()
    assert other.returncode == 1
    assert b"SQLite allows one only" in said


async def test_reading_beside_the_server_sees_each_commit(
    opened: Database, sqlite_url: str
) -> None:
    beside = await open_database(sqlite_url, clock=SystemClock(), read_only=True)
    assert await beside.read(count) == 0
    await opened.write(put(1))
    assert await beside.read_point(count) == 1
    with pytest.raises(errors.Unavailable):
        await beside.write(put(2))
    await beside.close()


@pytest.mark.parametrize(
    "url", ["", "sqlite", "sqlite://", "sqlite:///", "sqlite://x", "mysql:///x", "sqlite:///x?y=1"]
)
async def test_another_address_is_refused_with_a_clear_line(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL is sqlite:///file"):
        await open_database(url, clock=SystemClock())


def test_three_slashes_are_relative_and_four_absolute() -> None:
    assert str(sqlite_path("sqlite:///data/x.db")) == "data/x.db"
    assert str(sqlite_path("sqlite:////data/x.db")) == "/data/x.db"
    assert sqlite_path("postgresql://somebody@somewhere/x") is None


async def test_after_compacting_no_byte_of_a_deleted_row_is_left(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = sqlite_path(sqlite_url)
    assert path is not None
    database = await open_sqlite(path, clock=SystemClock())
    await database.write(put(1, "somebody@example.org"))
    await database.write(lambda tx: tx.run("DELETE FROM contact WHERE card_id = ?", 1))
    assert holding(tmp_path, b"somebody@example.org")  # in the log, as long as it is not emptied
    await database.compact()
    assert holding(tmp_path, b"somebody@example.org") == []
    await database.close()


def holding(folder: Path, text: bytes) -> list[str]:
    """Name the files that hold a text."""
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]
