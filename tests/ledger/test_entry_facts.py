"""Why an entry came to be is kept in few bytes, and read as it was."""

from __future__ import annotations

from typing import Any

from app.ledger.entry_queries import entry_row
from app.loyalty.model import Entry

PART: dict[str, Any] = {
    "rule": "base",
    "kind": "per_amount",
    "base": 2_995,
    "step": 100,
    "points": 2,
    "rounding": "floor",
    "units": 58,
}


def entry(why: dict[str, Any], *, rule: str = "base", units: int = 58) -> Entry:
    return Entry(1, "earn", "pts", units, 0, rule, why)


def test_a_single_rule_that_gives_for_an_amount_is_kept_as_its_figures() -> None:
    row = entry_row(entry({"parts": [PART]}), 1)
    assert row.why == "[2995,100,2]" and row.facts == {"parts": [PART]}
    plain = PART | {"points": 1, "rounding": "ceil"}
    row = entry_row(entry({"parts": [plain]}), 1)
    assert row.why == '[2995,100,1,"ceil"]' and row.facts == {"parts": [plain]}


def test_all_other_facts_are_kept_as_they_are() -> None:
    others: list[dict[str, Any]] = [
        {},
        {"parts": [PART, PART]},
        {"parts": [PART], "multipliers": [["double", 2, 1]]},
        {"parts": [PART | {"scope": "line"}]},
        {"parts": [PART | {"carried": 12}]},
        {"parts": [PART | {"rule": "other"}]},
        {"parts": [PART | {"units": 57}]},
        {"lots": [[1, 5]]},
    ]
    for why in others:
        row = entry_row(entry(why), 1)
        assert row.facts == why and row.why.startswith("{")
