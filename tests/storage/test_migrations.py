"""Migrations: whole or not at all, forward only, the same schema on both engines."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from app.clock import SystemClock
from app.storage import migrate, migrate_postgres, sqlite_session
from app.storage.database import DatabaseRefused
from app.storage.open import open_database, sqlite_path
from tests.storage.cluster import Cluster

LATER = """-- Why: a test's next release.
-- family: card. A table of the next release.
CREATE TABLE later (
    card_id BIGINT NOT NULL PRIMARY KEY,
    note BLOB
);
ALTER TABLE contact ADD COLUMN nickname TEXT;
INSERT INTO later (card_id) SELECT card_id FROM contact;
UPDATE contact SET nickname = display_name;
CREATE INDEX contact_nickname ON contact (card_id, nickname);
"""
TRIGGER = {
    "sqlite": """CREATE TRIGGER later_is_kept BEFORE DELETE ON later
BEGIN
    SELECT RAISE(ABORT, 'kept');
END;
""",
    "postgres": """CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'kept';
END;
$$;
CREATE TRIGGER later_is_kept BEFORE DELETE ON later FOR EACH ROW EXECUTE FUNCTION keep();
""",
}
# Ends itself, as kill -9 would, before statement number argv[3] of the last step.
KILLED = """
import os, sys
from pathlib import Path
from app.storage import migrate, migrate_postgres, sqlite_session
url, folder, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
def progress(version, done):
    if version > 1 and done == number:
        os.kill(os.getpid(), 9)
if url.startswith("postgresql"):
    import psycopg
    with psycopg.connect(url, autocommit=True) as connection:
        migrate_postgres.upgrade_postgres(connection, folder, progress)
else:
    migrate.upgrade_sqlite(sqlite_session.connect_writing(Path(url[10:])), folder, progress)
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """Copy this release's migrations and add two later ones."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, folder)
    number = len(migrate.migrations("sqlite")) + 1
    (folder / f"{number:04}_later.sql").write_text(LATER)
    for suffix, text in TRIGGER.items():
        (folder / f"{number + 1:04}_kept.{suffix}.sql").write_text(text)
    return folder


def fill(url: str) -> None:
    """Write what the last release would have written."""
    rows = [(number, f"Ana {number}", number) for number in range(50)]
    sql = "INSERT INTO contact (card_id, display_name, enrolled_at) VALUES (?, ?, ?)"
    path = sqlite_path(url)
    if path is None:
        with psycopg.connect(url) as connection:
            connection.cursor().executemany(sql.replace("?", "%s"), rows)
    else:
        with sqlite_session.connect_writing(path) as connection:
            connection.executemany(sql, rows)


def upgrade(url: str, folder: Path) -> int:
    path = sqlite_path(url)
    if path is None:
        with psycopg.connect(url, autocommit=True) as session:
            return migrate_postgres.upgrade_postgres(session, folder)
    connection = sqlite_session.connect_writing(path)
    try:
        return migrate.upgrade_sqlite(connection, folder)
    finally:
        connection.close()


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    path = sqlite_path(url)
    if path is None:
        with psycopg.connect(url) as session:
            return session.execute(sql.encode()).fetchall()
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_an_upgrade_keeps_the_last_releases_data(database_url: str, next_release: Path) -> None:
    fill(database_url)
    before = len(migrate.migrations("sqlite"))
    assert upgrade(database_url, next_release) == before + 2
    told = rows(database_url, "SELECT card_id, nickname FROM contact ORDER BY card_id")
    assert told == [(number, f"Ana {number}") for number in range(50)]
    assert rows(database_url, "SELECT COUNT(*) FROM later") == [(50,)]
    assert upgrade(database_url, next_release) == before + 2
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException)):
        rows(database_url, "DELETE FROM later")


def test_killed_at_any_statement_an_upgrade_is_whole_or_not_there(
    database_url: str, next_release: Path
) -> None:
    fill(database_url)
    code = [sys.executable, "-c", KILLED, database_url, str(next_release)]
    for number in range(5):
        killed = subprocess.run([*code, str(number)], check=False)
        assert killed.returncode == -9
        with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
            rows(database_url, "SELECT COUNT(*) FROM later")
        with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedColumn)):
            rows(database_url, "SELECT nickname FROM contact")
        assert rows(database_url, "SELECT COUNT(*) FROM contact") == [(50,)]
    upgrade(database_url, next_release)
    assert rows(database_url, "SELECT COUNT(*) FROM later") == [(50,)]


@pytest.mark.postgres
def test_several_processes_may_start_at_once(cluster: Cluster) -> None:
    url = cluster.new()
    reached: list[int] = []
    starters = [
        threading.Thread(target=lambda: reached.append(upgrade(url, migrate.FOLDER)))
        for _ in range(8)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    cluster.drop(url)
    assert reached == [len(migrate.migrations("postgresql"))] * 8


async def test_a_newer_database_is_refused_with_a_sentence(
    database_url: str, next_release: Path
) -> None:
    upgrade(database_url, next_release)
    for read_only in (False, True):
        with pytest.raises(DatabaseRefused, match="Start the newer release"):
            await open_database(database_url, clock=SystemClock(), read_only=read_only)


async def test_an_older_database_is_refused_where_nobody_asked_for_an_upgrade(
    tmp_path: Path,
) -> None:
    path = tmp_path / "empty.db"
    sqlite_session.connect_writing(path).close()
    with pytest.raises(DatabaseRefused, match="run migrate"):
        await open_database(f"sqlite:///{path}", clock=SystemClock(), upgrade=False)
    with pytest.raises(DatabaseRefused, match="does not exist"):
        await open_database(f"sqlite:///{path}-not", clock=SystemClock(), read_only=True)


async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    with pytest.raises(DatabaseRefused, match="cannot be opened"):
        await open_database(f"sqlite:///{path}", clock=SystemClock())


@pytest.mark.parametrize("name", ["1_short.sql", "0001_twice.sql", "0099_gap.sql", "x.sql"])
def test_a_misnumbered_migration_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, folder)
    (folder / name).write_text("SELECT 1;\n")
    with pytest.raises(ValueError, match=r"migrations are numbered|call it"):
        migrate.migrations("sqlite", folder)


def test_each_migration_opens_with_why() -> None:
    for path in migrate.FOLDER.glob("*.sql"):
        assert path.read_text().startswith("-- Why: "), f"{path.name}: say why first"


@pytest.mark.postgres
def test_both_engines_have_the_same_schema(sqlite_url: str, postgres_url: str) -> None:
    assert sqlite_schema(sqlite_url) == postgres_schema(postgres_url)


Columns = dict[str, tuple[str, bool, int]]  # name → (class of type, may be NULL, place in the key)


def sqlite_schema(url: str) -> tuple[dict[str, Columns], dict[str, str]]:
    """Read every table's columns, and every index that has a name."""
    names = rows(url, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    found: dict[str, Columns] = {}
    for (table,) in names:
        columns = rows(url, f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')")
        found[str(table)] = {str(c[0]): (str(c[1]), not c[2], int(str(c[3]))) for c in columns}
    indexes = rows(url, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL")
    return found, {str(name): plain(str(sql)) for name, sql in indexes}


def postgres_schema(url: str) -> tuple[dict[str, Columns], dict[str, str]]:
    """Read the same from PostgreSQL's catalogue, in SQLite's words."""
    kinds = {"bigint": "INTEGER", "text": "TEXT", "bytea": "BLOB"}
    found: dict[str, Columns] = {}
    for table, column, kind, nullable, place in rows(
        url,
        "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES',"
        " COALESCE(k.ordinal_position, 0)"
        " FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k"
        " ON k.table_name = c.table_name AND k.column_name = c.column_name"
        " WHERE c.table_schema = 'public' AND c.table_name <> 'migration'"
        " ORDER BY c.table_name, c.ordinal_position",
    ):
        columns = found.setdefault(str(table), {})
        columns[str(column)] = (kinds[str(kind)], bool(nullable), int(str(place)))
    indexes = rows(
        url,
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND indexname NOT LIKE '%_pkey'",
    )
    return found, {str(name): plain(str(sql)) for name, sql in indexes}


def plain(index: str) -> str:
    """Write an index the same way whoever tells it."""
    text = re.sub(r"public\.|USING btree |\(\(|\)\)|[()]", " ", index.replace('"', ""))
    return " ".join(text.split())
