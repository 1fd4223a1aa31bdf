"""Every table is either erased with the person it tells of, or says why it tells of none."""

from __future__ import annotations

import importlib
import re
from collections import Counter

import pytest

from tests.schema import ROOT, query_files, tables

TABLES = tables()


def lists(name: str) -> dict[str, list[tuple[str, str]]]:
    """Collect `ERASE` or `KEPT` of every queries.py: room → (table, statement or reason)."""
    found = {}
    for path in query_files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        listed: dict[str, str] = getattr(importlib.import_module(module), name, {})
        found[module] = list(listed.items())
    return found


ERASED = [(room, *pair) for room, pairs in lists("ERASE").items() for pair in pairs]
KEPT = [(room, *pair) for room, pairs in lists("KEPT").items() for pair in pairs]


def test_each_table_is_erased_or_says_why_it_holds_nobody() -> None:
    missing = sorted(TABLES.keys() - {table for _, table, _ in ERASED + KEPT})
    assert not missing, f"list these in ERASE or KEPT of their room's queries.py: {missing}"


def test_no_table_is_listed_twice_or_unknown() -> None:
    counts = Counter(table for _, table, _ in ERASED + KEPT)
    assert not [table for table, count in counts.items() if count > 1]
    assert not counts.keys() - TABLES.keys()


@pytest.mark.parametrize(("room", "table", "statement"), ERASED)
def test_an_erasure_touches_the_table_it_is_listed_under(
    room: str, table: str, statement: str
) -> None:
    assert re.match(rf"(DELETE FROM|UPDATE) {table}\b.* WHERE .*\?", " ".join(statement.split()))


@pytest.mark.parametrize(("room", "table", "why"), KEPT)
def test_what_is_kept_says_why(room: str, table: str, why: str) -> None:
    assert len(why.split()) >= 3, f"{room}: {table}: say why it holds no personal data"
