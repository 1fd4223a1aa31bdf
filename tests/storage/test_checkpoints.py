"""SQLite's log is copied beside the commits, and begun anew before it grows without end."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from app.clock import SystemClock
from app.storage.database import Transaction
from app.storage.open import open_database
from app.storage.sqlite_checkpoints import Checkpoints
from app.storage.sqlite_session import LOG_MAX, PAGE, connect_writing

ROWS = 200


def filled(path: Path) -> sqlite3.Connection:
    """Write rows one commit each, so that the log holds them all."""
    connection = connect_writing(path)
    connection.execute("CREATE TABLE noted (n INTEGER PRIMARY KEY, text TEXT)")
    for n in range(ROWS):
        connection.execute("INSERT INTO noted VALUES (?, ?)", (n, "x" * 500))
    return connection


def rows_without_log(path: Path, folder: Path) -> int:
    """Count what stands in the file alone."""
    copy = folder / "copy.db"
    shutil.copy(path, copy)
    connection = sqlite3.connect(f"file:{copy}?immutable=1", uri=True)
    try:
        found = connection.execute("SELECT count(*) FROM noted").fetchone()
        return int(found[0])
    except sqlite3.OperationalError:
        return 0  # not even the table
    finally:
        connection.close()


def test_a_pass_copies_all_that_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer, beside = filled(path), connect_writing(path)
    assert rows_without_log(path, tmp_path) == 0
    checkpoints = Checkpoints(path)
    checkpoints.copy(beside)
    assert rows_without_log(path, tmp_path) == ROWS
    assert not checkpoints.is_log_long
    writer.close()
    beside.close()


def test_a_long_log_is_begun_anew_by_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    log = Path(f"{path}-wal")
    writer, beside = filled(path), connect_writing(path)
    checkpoints = Checkpoints(path, log_max=10 * PAGE)
    checkpoints.copy(beside)
    was_long = checkpoints.is_log_long
    checkpoints.empty(writer)
    assert (was_long, checkpoints.is_log_long) == (True, False)
    long = log.stat().st_size
    writer.execute("INSERT INTO noted VALUES (?, ?)", (ROWS, "y"))
    assert log.stat().st_size == long, "the log is written from its beginning again"
    row = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert row[1] < 10, "only what came since is in it"
    writer.close()
    beside.close()


def test_a_reader_in_the_way_holds_up_no_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    writer, reader = filled(path), connect_writing(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM noted").fetchone()
    writer.execute("INSERT INTO noted VALUES (?, ?)", (ROWS, "y"))
    waited: list[int] = []
    timeout = writer.execute("PRAGMA busy_timeout").fetchone()
    writer.set_trace_callback(lambda text: waited.append(text.count("busy_timeout = 0")))
    Checkpoints(path).empty(writer)
    writer.set_trace_callback(None)
    assert sum(waited) == 1, "it does not wait for readers"
    assert writer.execute("PRAGMA busy_timeout").fetchone() == timeout
    reader.close()
    writer.close()


def test_commits_copy_a_log_that_nobody_copies(tmp_path: Path) -> None:
    connection = connect_writing(tmp_path / "a.db")
    pages = connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0]
    assert LOG_MAX < pages * PAGE <= 4 * LOG_MAX, "the log has an end without the thread, too"
    connection.close()


def test_a_file_that_cannot_be_opened_yet_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "later" / "a.db"
    checkpoints = Checkpoints(path)
    assert checkpoints.opened() is None
    path.parent.mkdir()
    connection = checkpoints.opened()
    assert connection is not None
    connection.close()


async def test_nothing_is_left_in_the_log_when_the_database_is_closed(sqlite_url: str) -> None:
    database = await open_database(sqlite_url, clock=SystemClock())

    def note(tx: Transaction) -> None:
        tx.run("INSERT INTO erased (kind, public_id, at) VALUES (?, ?, ?)", "user", b"1", 1)

    await database.write(note)
    await database.close()
    assert alone(Path(sqlite_url.removeprefix("sqlite:///"))) == 1


def alone(path: Path) -> int:
    """Count the rows of a file that has no log beside it."""
    assert not Path(f"{path}-wal").exists()
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT count(*) FROM erased").fetchone()
    connection.close()
    return int(found[0])
