"""Small programs that tests of checking start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.loyalty.faults import Fault
from app.loyalty.program import Program
from app.loyalty.reading import read_program

DATA = Path(__file__).parent / "data"
VECTORS: dict[str, Any] = json.loads((DATA / "vectors.json").read_text())
GIVEN: dict[str, Any] = VECTORS["programs"] | {
    f"file:{path.stem}": json.loads(path.read_text()) for path in (DATA / "programs").glob("*.json")
}
FULL: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "full",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P12M"}}, {"id": "rank", "kind": "status"}],
    "metrics": [{"id": "spend", "agg": "net_amount"}, {"id": "visits", "agg": "tickets"}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "tiers": {
        "ladder": [
            {"id": "a"},
            {"id": "b", "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 100}},
            {"id": "c", "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 500}},
        ]
    },
    "vouchers": [
        {"id": "five", "kind": "amount", "value": 500},
        {"id": "tenth", "kind": "percent", "value": 1000},
        {"id": "cup", "kind": "item"},
    ],
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}],
}


def read(document: dict[str, Any]) -> Program:
    """Read a program that has no fault."""
    found = read_program(document)
    assert isinstance(found, Program), found
    return found


def faults(**changes: Any) -> list[Fault]:
    """Return what is wrong in the full program with some parts replaced."""
    found = read_program(FULL | changes)
    return found if isinstance(found, list) else []


def merged(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found
