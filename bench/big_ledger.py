"""Fills a stopped server's database with copies of one card: as many accounts as are wanted.

The template card has gone through the real doors, so each copy is a card as the server writes it:
every table that has a `card_id` is copied, with ids, numbers and keys of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import psycopg

CHUNK = 50_000  # cards in one statement
FIRST_ID = 1_000_000_000_000_000
_LEFT_OUT = {"pass", "registration", "device_pass", "pass_by_serial"}  # nobody has them in a wallet
Run = Callable[[str], Iterable[tuple[object, ...]]]


def fill(url: str, template: str, cards: int) -> int:
    """Copy the card of this number so many times; return its entries."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA synchronous=OFF")
        _fill(_Sqlite(connection), template, cards)
        entries = _count(connection.execute, "entry")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("ANALYZE")
        connection.close()
        return entries
    with psycopg.connect(url, autocommit=True) as session:
        _fill(_Postgres(session), template, cards)
        session.execute("ANALYZE")
        return _count(lambda sql: session.execute(sql.encode()), "entry")


def number_of(place: int) -> str:
    """Return the number of a copy."""
    return f"COPY{place}"


class _Sqlite:
    """What differs in SQLite."""

    unique, text = "randomblob(16)", "'COPY' || n"
    public = "CAST(printf('%016d', n) AS BLOB)"  # the same in each table that has it

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.run: Run = connection.execute
        self.tables = [
            str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        ]  # fmt: skip

    def columns(self, table: str) -> list[str]:
        """List a table's columns."""
        return [str(row[1]) for row in self.run(f"PRAGMA table_info({table})")]

    def series(self, first: int, last: int) -> str:
        """Return the numbers from first to last as a table of `n`."""
        return (
            f"(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s"
            f" WHERE n < {last}) SELECT n FROM s)"
        )


class _Postgres:
    """What differs in PostgreSQL."""

    unique, text = "uuid_send(gen_random_uuid())", "'COPY' || n"
    public = "convert_to(lpad(n::text, 16, '0'), 'UTF8')"

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        def run(sql: str) -> Iterable[tuple[object, ...]]:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else ()

        self.run: Run = run
        self.tables = [
            str(name)
            for (name,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]

    def columns(self, table: str) -> list[str]:
        """List a table's columns."""
        sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
        return [str(name) for (name,) in self.run(f"{sql} AND table_name = '{table}'")]

    def series(self, first: int, last: int) -> str:
        """Return the numbers from first to last as a table of `n`."""
        return f"(SELECT n FROM generate_series({first}, {last}) AS n)"


def _fill(engine: _Sqlite | _Postgres, template: str, cards: int) -> None:
    quoted = template.replace("'", "''")
    found = engine.run(f"SELECT card_id FROM card_by_number WHERE value = '{quoted}'")
    card_id = next(iter(found))[0]
    kept = [
        (table, columns)
        for table in sorted(engine.tables)
        if "card_id" in (columns := engine.columns(table)) and table not in _LEFT_OUT
    ]
    for table, _columns in kept:  # its rows alone: look-ups have no index by card
        engine.run(
            f"CREATE TEMP TABLE template_{table} AS SELECT * FROM {table} WHERE card_id = {card_id}"
        )
    for first in range(0, cards, CHUNK):
        series = engine.series(first, min(cards, first + CHUNK) - 1)
        engine.run("BEGIN")
        for table, columns in kept:
            chosen = ", ".join(_copied(engine, table, column) for column in columns)
            engine.run(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen}"
                f" FROM template_{table} AS {table}, {series} AS numbers"
            )
        engine.run("COMMIT")
        print(f"  {min(cards, first + CHUNK):,} cards", flush=True)


def _copied(engine: _Sqlite | _Postgres, table: str, column: str) -> str:
    """Say what stands in a copy's column: its own id, keys and number, else what the card has."""
    if column == "card_id":
        return f"{FIRST_ID} + n"
    if column == "public_id" and table != "event":
        return engine.public
    if column in {"public_id", "seed", "token_hash", "key_hash", "code_hash", "id_hash"}:
        return engine.unique
    if (table, column) in {
        ("card", "number"),
        ("card", "barcode_value"),
        ("card_by_number", "value"),
    }:
        return engine.text
    if (table, column) in {("voucher_by_code", "code")}:
        return f"{table}.code || n"
    return f"{table}.{column}"


def _count(run: Callable[[str], object], table: str) -> int:
    rows: Iterable[tuple[int]] = run(f"SELECT count(*) FROM {table}")  # type: ignore[assignment]
    return next(iter(rows))[0]
