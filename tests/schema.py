"""Reads the migrations and all rooms' SQL as text, for the tests that watch over families."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "app" / "storage" / "migrations"
FAMILY_IDS = {
    "card": "card_id",
    "user": "user_id",
    "device": "device_id",
    "program": "program_id",
    "merchant": "merchant_id",
}
_TABLE = re.compile(r"((?:^--[^\n]*\n)*)^CREATE TABLE (\w+) \(\n(.*?)\n\);", re.M | re.S)
_INDEX = re.compile(r"^CREATE (UNIQUE )?INDEX (\w+)\s+ON (\w+)\s*\(([^)]*)\)", re.M)
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s")


class Table(msgspec.Struct, frozen=True):
    """A table as its migration draws it. `family` is None for a look-up or where nothing is said."""

    name: str
    family: str | None
    is_look_up: bool
    key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...]

    @property
    def bound(self) -> str:
        """Return the column that every statement binds."""
        return FAMILY_IDS[self.family] if self.family else self.key[0]


class Statement(msgspec.Struct, frozen=True):
    """One SQL text of a room; `around` is the source of the function that holds it."""

    where: str
    sql: str
    around: str

    @property
    def is_excused(self) -> bool:
        """Say whether its comment calls it a batch, or a read across families."""
        return bool(re.search(r"# (batch|across: \S)", self.around))


def tables() -> dict[str, Table]:
    """Read every table of every migration."""
    found = {}
    uniques: dict[str, list[tuple[str, ...]]] = {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        if path.name.endswith(".postgres.sql"):
            continue  # the pair's other half draws the same tables: another test compares them
        text = path.read_text()
        for unique, _, table, columns in _INDEX.findall(text):
            if unique:
                uniques.setdefault(table, []).append(_names(columns))
        for comment, name, body in _TABLE.findall(text):
            found[name] = _table(comment, name, body)
    return {
        name: msgspec.structs.replace(table, uniques=table.uniques + tuple(uniques.get(name, ())))
        for name, table in found.items()
    }


def _table(comment: str, name: str, body: str) -> Table:
    family = re.search(r"^-- family: (\w+)\.", comment, re.M)
    whole = re.search(r"^\s*PRIMARY KEY \(([^)]*)\)", body, re.M)
    alone = re.search(r"^\s*(\w+) [^\n(]*PRIMARY KEY", body, re.M)
    key = _names(whole[1]) if whole else (alone[1],) if alone else ()
    uniques = [_names(columns) for columns in re.findall(r"\bUNIQUE \(([^)]*)\)", body)]
    uniques += [
        (column,) for column in re.findall(r"^\s*(\w+) [^\n]*\bUNIQUE\b(?! \()", body, re.M)
    ]
    return Table(
        name=name,
        family=family[1] if family else None,
        is_look_up="-- look-up: " in comment,
        key=key,
        uniques=tuple(uniques),
    )


def _names(columns: str) -> tuple[str, ...]:
    return tuple(column.split()[0] for column in columns.split(","))


def query_files() -> list[Path]:
    """Return every room's queries.py, and files named so within a room (`card_queries.py`)."""
    return sorted((ROOT / "app").rglob("*queries.py"))


def statements(path: Path) -> Iterator[Statement]:
    """Yield each SQL text of a file, its parts put together."""
    text = path.read_text()
    lines = text.splitlines()
    module = ast.parse(text)
    constants = _constants(module)
    parts = {node.id for node in _part_names(module)}
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and parts & set(_targets(node)):
            continue  # a beginning or a list of columns, judged where it is used
        begin = node.lineno - 1
        while begin > 0 and lines[begin - 1].startswith("#"):
            begin -= 1
        around = "\n".join(lines[begin : node.end_lineno])
        for expression in _whole_texts(node):
            sql = _joined(expression, constants)
            if SQL.match(sql):
                where = f"{path.relative_to(ROOT)}:{expression.lineno}"
                yield Statement(where, " ".join(sql.split()), around)


def _constants(module: ast.Module) -> dict[str, str]:
    known: dict[str, str] = {}
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for name in _targets(node):
                known[name] = _joined(node.value, known)
    return known


def _targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            yield target.id


def _part_names(module: ast.Module) -> Iterator[ast.Name]:
    for node in ast.walk(module):
        if isinstance(node, ast.BinOp | ast.FormattedValue):
            yield from (
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.Name)
            )


def _whole_texts(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost expressions that make a text."""
    if isinstance(node, ast.JoinedStr | ast.BinOp) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    ):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _whole_texts(child)


def _joined(node: ast.AST, constants: dict[str, str]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name, "…")
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(left, constants) + _joined(right, constants)
        case ast.JoinedStr(values=values):
            return "".join(_joined(value, constants) for value in values)
        case ast.FormattedValue(value=value):
            return _joined(value, constants)
        case _:
            return "…"
