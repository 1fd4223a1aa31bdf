"""Brings a database to this release's schema: numbered SQL files, forward only.

Files are `0001_why.sql`, or a pair `0007_why.sqlite.sql` and `0007_why.postgres.sql`. Each runs in
one transaction with the note of its number, so that a crash leaves the version before or after.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from app.storage.database import DatabaseRefused

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+(?:\.(sqlite|postgres))?\.sql")
_TABLE = re.compile(r"(CREATE TABLE \w+ \(.*?\n\));", re.DOTALL)

Progress = Callable[[int, int], None]  # told (version, statements done) before each statement


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema, as one engine's statements."""

    version: int
    name: str
    statements: tuple[str, ...]


def migrations(engine: str, folder: Path = FOLDER) -> list[Migration]:
    """Read the steps for one engine (`sqlite` or `postgresql`), in order, without a gap."""
    suffix = {"sqlite": "sqlite", "postgresql": "postgres"}[engine]
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name}: call it 0001_why.sql")
        if match[2] in {None, suffix}:
            statements = tuple(_statements(_in_dialect(path.read_text(), suffix), suffix))
            found.append(Migration(int(match[1]), path.name, statements))
    if [step.version for step in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are numbered 1, 2, 3 … once each")
    return found


def upgrade_sqlite(
    connection: sqlite3.Connection, folder: Path = FOLDER, progress: Progress | None = None
) -> int:
    """Apply what is missing and return the version reached.

    Raises: `DatabaseRefused` when the database is newer than this release.
    """
    steps = migrations("sqlite", folder)
    refuse_newer(version_of_sqlite(connection), steps)
    for step in steps[version_of_sqlite(connection) :]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for number, statement in enumerate(step.statements):
                if progress:
                    progress(step.version, number)
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {step.version}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise
    return len(steps)


def check_sqlite(connection: sqlite3.Connection, folder: Path = FOLDER) -> None:
    """Refuse a database of another version, with a sentence."""
    refuse_other(version_of_sqlite(connection), migrations("sqlite", folder))


def version_of_sqlite(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied, 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(version: int, steps: list[Migration]) -> None:
    """Refuse a database that a newer release wrote."""
    if version > len(steps):
        raise DatabaseRefused(
            f"The database has schema version {version}, this release knows {len(steps)}. "
            "Start the newer release that wrote it, or restore a backup."
        )


def refuse_other(version: int, steps: list[Migration]) -> None:
    """Refuse a database of another version than this release's."""
    refuse_newer(version, steps)
    if version < len(steps):
        raise DatabaseRefused(
            f"The database has schema version {version}, this release needs {len(steps)}: "
            "run migrate (after a backup), or start the server."
        )


def _in_dialect(text: str, suffix: str) -> str:
    """Turn the common text into one engine's: BYTEA there; strict tables without a row id here.

    SQLite keeps a table beside the index of its primary key unless it is told that the key is the
    table: an INTEGER key by its type, any other by WITHOUT ROWID. STRICT refuses a text in a
    column of numbers, as PostgreSQL does.
    """
    if suffix == "postgres":
        return re.sub(r"\bBLOB\b", "BYTEA", text)
    text = re.sub(r"\bBIGINT\b", "INTEGER", text)
    return _TABLE.sub(_strict, text)


def _strict(table: re.Match[str]) -> str:
    is_row_id = re.search(r"INTEGER (NOT NULL )?PRIMARY KEY", table[1])
    return table[1] + (" STRICT;" if is_row_id else " STRICT, WITHOUT ROWID;")


def _statements(text: str, suffix: str) -> Iterator[str]:
    """Split a file; a statement ends with `;` at the end of a line, outside `$$` and triggers."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.startswith("--") or (not line.strip() and not kept):
            continue
        kept.append(line)
        statement = "\n".join(kept)
        is_whole = line.rstrip().endswith(";") and statement.count("$$") % 2 == 0
        if is_whole and (suffix == "postgres" or sqlite3.complete_statement(statement)):
            yield statement
            kept = []
    if "".join(kept).strip():
        raise ValueError(f"a statement does not end: {kept[0]}")
