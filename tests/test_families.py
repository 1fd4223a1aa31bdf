"""Families (ARCHITECTURE): each table has one, and each statement stays within one of its rows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.schema import FAMILY_IDS, ROOT, SQL, Statement, Table, query_files, statements, tables

TABLES = tables()
STATEMENTS = [statement for path in query_files() for statement in statements(path)]
_TARGET = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
_SOURCES = re.compile(r"(?:FROM|JOIN)\s+(\w+)")


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_a_table_names_its_family_and_its_keys_begin_with_its_id(table: Table) -> None:
    assert table.family or table.is_look_up, f"{table.name}: say `-- family: card.` above it"
    assert table.key, f"{table.name}: give it a primary key"
    if table.family:
        assert table.family in FAMILY_IDS, f"{table.name}: {table.family} is no family"
        assert table.key[0] == FAMILY_IDS[table.family], f"{table.name}: begin its key with the id"
    for unique in table.uniques:
        assert unique[0] == table.bound, f"{table.name}: a unique index begins with {table.bound}"


def test_there_are_tables_and_statements_to_judge() -> None:
    assert len(TABLES) > 30
    assert STATEMENTS


def judged(statement: Statement) -> str | None:
    """Say what is wrong with a statement, None where nothing is."""
    sql = statement.sql
    if not sql.startswith("SELECT"):
        written = _TARGET.search(sql)
        if written is None or written[1] not in TABLES:
            return f"{statement.where}: writes no table of the migrations"
        if statement.is_excused or _binds(sql, TABLES[written[1]], is_insert="INSERT INTO" in sql):
            return None
        return f"{statement.where}: bind {TABLES[written[1]].bound}, or say `# batch` why not"
    read = [TABLES[name] for name in _SOURCES.findall(sql) if name in TABLES]
    if statement.is_excused or any(_binds(sql, table, is_insert=False) for table in read):
        return None
    return f"{statement.where}: bind a family's id, or say `# across: …` why not"


def _binds(sql: str, table: Table, *, is_insert: bool) -> bool:
    column = table.bound
    if is_insert:
        columns = re.search(rf"INSERT INTO {table.name}\s*\(([^)]*)\)", sql)
        return columns is not None and column in columns[1].replace(",", " ").split()
    alone = rf"\b{column} = \?"
    row = rf"\({column}\b[^)]*\) = \(\?"
    return re.search(rf"WHERE .*(?:{alone}|{row})", sql) is not None


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.where)
def test_a_statement_binds_its_familys_id_or_says_why_not(statement: Statement) -> None:
    assert judged(statement) is None


@pytest.mark.parametrize(
    ("sql", "comment", "is_good"),
    [
        ("UPDATE account SET tier = ? WHERE card_id = ?", "", True),
        ("UPDATE account SET tier = ? WHERE tier = ?", "", False),
        ("UPDATE account SET tier = ? WHERE tier = ?", "# batch", True),
        ("UPDATE account SET card_id = ?", "", False),
        ("DELETE FROM holder WHERE user_id = ?", "", False),
        ("DELETE FROM holder WHERE card_id = ? AND user_id = ?", "", True),
        ("DELETE FROM card_by_number WHERE (program_id, kind, value) = (?, ?, ?)", "", True),
        ("INSERT INTO holder (card_id, user_id) VALUES (?, ?)", "", True),
        ("INSERT INTO holder VALUES (?, ?)", "", False),
        ("DELETE FROM nowhere WHERE card_id = ?", "", False),
        ("SELECT card_id FROM holder WHERE user_id = ?", "", False),
        ("SELECT card_id FROM holder WHERE user_id = ?", "# across: who asks is checked", True),
        ("SELECT card_id FROM holder WHERE user_id = ?", "# across:", False),
        ("SELECT h.label FROM holding h JOIN card c ON c.card_id = h.card_id"
         " WHERE h.user_id = ?", "", True),
    ],
)  # fmt: skip
def test_the_judge_knows_good_from_bad(sql: str, comment: str, is_good: bool) -> None:
    assert (judged(Statement("here", sql, comment)) is None) == is_good


def test_sql_stands_in_queries_only() -> None:
    allowed = {*query_files(), *(ROOT / "app" / "storage").rglob("*.py")}
    for path in sorted((ROOT / "app").rglob("*.py")):
        if path not in allowed:
            assert not _sql_texts(path), f"{path}: SQL belongs into queries.py"


def _sql_texts(path: Path) -> list[str]:
    texts = (
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    )
    return [
        text for text in texts if isinstance(text, str) and SQL.match(text) and " " in text.strip()
    ]
