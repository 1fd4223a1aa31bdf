"""Copies SQLite's log into the file beside the writer, so that no commit waits for it.

A checkpoint inside a commit writes thousands of scattered pages and syncs the file: on a database
much larger than its cache that held up every till for a tenth of a second, many times a minute.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from app.storage.sqlite_session import BUSY_TIMEOUT_MS, LOG_MAX, PAGE, connect_writing

PACE_SECONDS = 0.2  # between two passes while commits go on


class Checkpoints:
    """A thread with a connection of its own, from the first commit to the end."""

    def __init__(self, path: Path, *, log_max: int = LOG_MAX) -> None:
        self._path = path
        self._log_max = log_max
        self._is_written = threading.Event()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_log_long = False  # then the writer's next turn empties it

    def note_commit(self) -> None:
        """Say that there is something to copy; on the writer's thread, after the commit."""
        self._is_written.set()
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            with contextlib.suppress(RuntimeError):  # no thread left: the next commit tries again
                thread.start()
                self._thread = thread

    def empty(self, connection: sqlite3.Connection) -> None:
        """Copy the rest and begin the log anew; on the writer's thread, between two commits.

        A reader in the way puts it off: no writer waits for one.
        """
        self.is_log_long = False
        _at_once(connection, "PRAGMA wal_checkpoint(RESTART)")

    def cut(self, connection: sqlite3.Connection) -> bool:
        """Do `empty` and cut the log to nothing, so that nothing erased is left there.

        False: a reader or the copying thread is in the way.
        """
        row = _at_once(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        return row is not None and row[0] == 0

    def finish(self) -> None:
        """Stop; the writer's own close copies what is left."""
        self._is_over.set()
        self._is_written.set()
        if self._thread is not None:
            self._thread.join()

    def copy(self, connection: sqlite3.Connection) -> None:
        """Copy what is committed, as far as no reader still needs the older page."""
        try:
            row = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            return  # a full or broken disk: commits meet it too, and say so to their callers
        if row is not None and row[1] * PAGE > self._log_max:
            self.is_log_long = True

    def opened(self) -> sqlite3.Connection | None:
        """Open a connection of its own; None while the file cannot be opened."""
        try:
            return connect_writing(self._path)
        except sqlite3.Error:
            return None

    def _run(self) -> None:
        connection = None
        while not self._is_over.wait(PACE_SECONDS):
            self._is_written.wait()
            self._is_written.clear()
            connection = connection or self.opened()
            if connection is not None and not self._is_over.is_set():
                self.copy(connection)
        if connection is not None:
            connection.close()


def _at_once(connection: sqlite3.Connection, command: str) -> tuple[int, int, int] | None:
    connection.execute("PRAGMA busy_timeout = 0").fetchall()
    try:
        row: tuple[int, int, int] | None = connection.execute(command).fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}").fetchall()
    return row
