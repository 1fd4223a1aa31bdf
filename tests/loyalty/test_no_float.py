"""Money and units are integers: no rule can make a float (specs/loyalty.md §3)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.loyalty

FILES = sorted(Path(app.loyalty.__file__).parent.rglob("*.py"))
MAKERS = {"float", "complex", "total_seconds", "timestamp", "time", "sqrt", "pow", "fsum"}


def floats_of(source: str) -> Iterator[str]:
    """Walk what makes a float: literals, true division, and calls that return one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                yield f"{node.lineno}: {node.value!r}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield f"{node.lineno}: /"
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in MAKERS:
                yield f"{node.lineno}: {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_rule_uses_a_float(path: Path) -> None:
    assert list(floats_of(path.read_text())) == []


@pytest.mark.parametrize(
    "source", ["a = 1.0", "b = x / 2", "c /= 2", "d = float(x)", "e = at.timestamp()", "f = 1e3"]
)
def test_every_way_to_a_float_is_seen(source: str) -> None:
    assert len(list(floats_of(source))) == 1
