"""A backup taken while writing is one snapshot, and comes back whole in an empty place only."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from app.clock import FrozenClock, SystemClock
from app.storage import queries
from app.storage.backup import back_up, restore
from app.storage.database import Database, DatabaseRefused, Transaction, Work
from app.storage.open import open_database, sqlite_path


def both(number: int) -> Work[None]:
    """Write two rows that belong together."""

    def work(tx: Transaction) -> None:
        sql = "INSERT INTO contact (card_id, display_name, enrolled_at) VALUES (?, ?, 0)"
        tx.run(sql, number, f"Zoë\t{number}\\n\n")
        tx.run("INSERT INTO image (sha256, png) VALUES (?, ?)", str(number).encode(), b"\x00\xff\n")

    return work


def counts(tx: Transaction) -> list[object]:
    return [
        tx.value("SELECT COUNT(*) FROM contact"),
        tx.value("SELECT COUNT(*) FROM image"),
        tx.value("SELECT display_name FROM contact WHERE card_id = 1"),
        tx.value("SELECT png FROM image WHERE sha256 = ?", b"1"),
    ]


@pytest.fixture
def empty_url(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an empty place for the engine under test."""
    if sqlite_path(database_url) is not None:
        return f"sqlite:///{tmp_path}/empty/new.db"
    url: str = request.getfixturevalue("cluster").new()
    return url


async def test_a_backup_while_writing_is_one_snapshot_and_comes_back(
    database: Database, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "one"
    await database.write(both(1))
    writing = [asyncio.create_task(database.write(both(number))) for number in range(2, 400)]
    summary = await back_up(database_url, file)
    await asyncio.gather(*writing)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert (summary.cards, summary.users) == (0, 0)

    assert await restore(empty_url, file, clock=FrozenClock()) == summary
    restored = await open_database(empty_url, clock=SystemClock())
    contacts, images, name, png = await restored.read(counts)
    assert contacts == images
    assert isinstance(contacts, int)
    assert 1 <= contacts <= 399
    assert (name, png) == ("Zoë\t1\\n\n", b"\x00\xff\n")
    await restored.write(both(1000))
    await restored.close()


async def test_a_restored_database_says_that_erasure_is_due(
    database: Database, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    gone = queries.Erased("card", b"\x01" * 16, 5)
    await database.write(lambda tx: queries.note_erased(tx, gone))
    await database.write(lambda tx: queries.note_erased(tx, gone))
    assert not await database.read(queries.is_erasure_due)
    await back_up(database_url, tmp_path / "backup")
    await restore(empty_url, tmp_path / "backup", clock=FrozenClock())

    restored = await open_database(empty_url, clock=SystemClock())
    assert await restored.read(queries.is_erasure_due)
    assert await restored.read(queries.all_erased) == [gone]
    await restored.write(queries.mark_erasure_done)
    assert not await restored.read(queries.is_erasure_due)
    assert await restored.read(queries.all_erased) == [gone]
    await restored.close()


async def test_only_an_empty_place_is_filled_and_no_file_overwritten(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await database.write(both(1))
    file = tmp_path / "backup"
    await back_up(database_url, file)
    with pytest.raises(DatabaseRefused, match="exists already"):
        await back_up(database_url, file)
    with pytest.raises(DatabaseRefused, match=r"in use|not empty"):
        await restore(database_url, file, clock=FrozenClock())
    await database.close()
    with pytest.raises(DatabaseRefused, match="not empty"):
        await restore(database_url, file, clock=FrozenClock())


@pytest.mark.parametrize(
    "spoil", [lambda data: b"", lambda data: b"x" * 999, lambda data: data[:-9999]]
)
async def test_a_file_that_is_no_whole_backup_is_refused_and_leaves_the_place_empty(
    database_url: str,
    empty_url: str,
    tmp_path: Path,
    spoil: Callable[[bytes], bytes],
) -> None:
    file = tmp_path / "backup"
    await back_up(database_url, file)
    good = file.read_bytes()
    file.write_bytes(spoil(good))
    with pytest.raises(DatabaseRefused):
        await restore(empty_url, file, clock=FrozenClock())
    file.write_bytes(good)
    await restore(empty_url, file, clock=FrozenClock())


@pytest.mark.postgres
async def test_a_backup_of_one_engine_is_not_for_the_other(
    sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    for name, url, other in (("a", sqlite_url, postgres_url), ("b", postgres_url, sqlite_url)):
        await back_up(url, tmp_path / name)
        with pytest.raises(DatabaseRefused, match="not a backup of this kind"):
            await restore(other, tmp_path / name, clock=FrozenClock())


@pytest.mark.postgres
async def test_a_restore_cut_short_can_be_repeated(
    postgres_url: str, cluster: object, tmp_path: Path
) -> None:
    database = await open_database(postgres_url, clock=SystemClock())
    await database.write(both(1))
    await database.close()
    await back_up(postgres_url, tmp_path / "backup")
    with psycopg.connect(postgres_url) as connection:
        connection.execute("TRUNCATE contact, image")  # the schema stands, as after a cut
    await restore(postgres_url, tmp_path / "backup", clock=FrozenClock())
    again = await open_database(postgres_url, clock=SystemClock())
    assert (await again.read(counts))[:2] == [1, 1]
    await again.close()
