"""Applies the numbered SQL files to PostgreSQL; several processes may start at once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from app.storage.migrate import FOLDER, Progress, migrations, refuse_newer, refuse_other


def upgrade_postgres(
    connection: psycopg.Connection[Any],
    folder: Path = FOLDER,
    progress: Progress | None = None,
    *,
    up_to: int | None = None,
) -> int:
    """Apply what is missing and return the version reached; several may start at once.

    The connection is in autocommit mode. The lock is held only while a step runs.
    Raises: `DatabaseRefused` when the database is newer than this release.
    """
    steps = migrations("postgresql", folder)
    refuse_newer(version_of_postgres(connection), steps)
    steps = steps[:up_to]
    # However long it takes: another process may be in the middle of it.
    connection.execute("SET lock_timeout = 0")
    connection.execute("SET statement_timeout = 0")
    while (version := version_of_postgres(connection)) < len(steps):
        if version == 0:
            _make_notebook(connection)
        with connection.transaction():
            connection.execute("LOCK TABLE migration IN EXCLUSIVE MODE")
            if version_of_postgres(connection) != version:
                continue  # another process was faster
            step = steps[version]
            for number, statement in enumerate(step.statements):
                if progress:
                    progress(step.version, number)
                connection.execute(statement.encode())
            connection.execute(
                "INSERT INTO migration (version, name) VALUES (%s, %s)", (step.version, step.name)
            )
    return len(steps)


def check_postgres(connection: psycopg.Connection[Any], folder: Path = FOLDER) -> None:
    """Refuse a database of another version, with a sentence."""
    refuse_other(version_of_postgres(connection), migrations("postgresql", folder))


def version_of_postgres(connection: psycopg.Connection[Any]) -> int:
    """Return the number of the last migration applied, 0 for an empty database."""
    row = connection.execute("SELECT to_regclass('migration') IS NOT NULL").fetchone()
    if not row or not row[0]:
        return 0
    row = connection.execute("SELECT COALESCE(MAX(version), 0) FROM migration").fetchone()
    return int(row[0]) if row else 0


def _make_notebook(connection: psycopg.Connection[Any]) -> None:
    # Two first starts at once: PostgreSQL may refuse the slower one.
    with suppress(
        psycopg.errors.UniqueViolation,
        psycopg.errors.DuplicateTable,
        psycopg.errors.DuplicateObject,
    ):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL)"
        )
