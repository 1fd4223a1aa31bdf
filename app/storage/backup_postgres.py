"""A PostgreSQL backup without other programs: a zip of each table's COPY text, one snapshot."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from app.storage import migrate, queries
from app.storage.backup import Summary
from app.storage.database import DatabaseRefused
from app.storage.migrate_postgres import upgrade_postgres, version_of_postgres
from app.storage.postgres_session import PostgresTransaction, connect

_FORMAT = "portecarte-backup/1"
_BLOCK = 1 << 20


class _Manifest(msgspec.Struct, frozen=True):
    """The first thing to read: what the other members are. Columns of each table, in order."""

    format: str
    version: int
    cards: int
    users: int
    tables: dict[str, list[str]]


def dump(url: str, part: Path) -> Summary:
    """Write all tables as they stood at one moment."""
    try:
        with connect(url) as connection, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            connection.execute("SET statement_timeout = 0")
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            manifest = _described(connection)
            for table, columns in manifest.tables.items():
                with (
                    file.open(f"{table}.copy", "w", force_zip64=True) as member,
                    connection.cursor().copy(_copy(table, columns, "TO STDOUT")) as rows,
                ):
                    for block in rows:
                        member.write(block)
            file.writestr("manifest.json", msgspec.json.encode(manifest))
            connection.execute("COMMIT")
    except psycopg.Error as error:
        raise DatabaseRefused(f"PostgreSQL cannot be backed up: {error}") from error
    return Summary(manifest.version, manifest.cards, manifest.users)


def load(url: str, file: Path, now: int) -> Summary:
    """Make the backup's schema in an empty database and fill it in one transaction."""
    try:
        with zipfile.ZipFile(file) as members, connect(url) as connection:
            manifest = msgspec.json.decode(members.read("manifest.json"), type=_Manifest)
            if manifest.format != _FORMAT:
                raise DatabaseRefused(f"{file} is a backup in a format this release does not know.")
            migrate.refuse_newer(manifest.version, migrate.migrations("postgresql"))
            _refuse_filled(connection)
            upgrade_postgres(connection, up_to=manifest.version)
            with connection.transaction():
                for table, columns in manifest.tables.items():
                    with (
                        members.open(f"{table}.copy") as member,
                        connection.cursor().copy(_copy(table, columns, "FROM STDIN")) as rows,
                    ):
                        shutil.copyfileobj(member, rows, _BLOCK)
                queries.mark_restored(PostgresTransaction(connection.cursor()), now)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise DatabaseRefused(f"{file} is not a whole backup: {error}") from error
    except psycopg.Error as error:
        raise DatabaseRefused(f"PostgreSQL cannot be filled: {error}") from error
    return Summary(manifest.version, manifest.cards, manifest.users)


def _described(connection: psycopg.Connection[Any]) -> _Manifest:
    version = version_of_postgres(connection)
    if version == 0:
        raise DatabaseRefused("This database is empty: there is nothing to back up.")
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name <> 'migration'"
        " ORDER BY table_name, ordinal_position"
    ):
        tables.setdefault(table, []).append(column)
    cards, users = (_count(connection, table) for table in ("card", "users"))
    return _Manifest(_FORMAT, version, cards, users, tables)


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    query = sql.SQL("SELECT COUNT(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _refuse_filled(connection: psycopg.Connection[Any]) -> None:
    """Let tables stand that a restore cut short has made: they have no rows."""
    for (table,) in connection.execute(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema() AND table_name <> 'migration'"
    ).fetchall():
        if _count(connection, table):
            raise DatabaseRefused(
                f"The database is not empty (table {table}): a backup is restored into a new one."
            )


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table), names, sql.SQL(direction))
