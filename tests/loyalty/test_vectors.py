"""Each vector by its id: those given with the specification, and those read out of its text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.loyalty import vectors
from app.loyalty.program import Program
from app.loyalty.reading import read_program

DATA = Path(__file__).parent / "data"
FILES = sorted(path for path in DATA.glob("*vectors.json"))
DOCUMENTS: dict[str, dict[str, Any]] = {path.name: json.loads(path.read_text()) for path in FILES}
CASES = [
    pytest.param(document["programs"], vector, id=vector["id"])
    for document in DOCUMENTS.values()
    for vector in vectors.vectors_of(document)
]
PROGRAMS = [
    pytest.param(program, id=f"{file}-{name}")
    for file, document in DOCUMENTS.items()
    for name, program in document["programs"].items()
]


@pytest.mark.parametrize(("programs", "vector"), CASES)
def test_a_vector_holds(programs: dict[str, Any], vector: dict[str, Any]) -> None:
    outcomes = vectors.run(programs, vector)
    assert vectors.failures(vector, outcomes) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_vectors_has_no_fault(program: dict[str, Any]) -> None:
    assert isinstance(read_program(program), Program)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_no_two_vectors_share_an_id(document: dict[str, Any]) -> None:
    names = [vector["id"] for vector in vectors.vectors_of(document)]
    assert len(names) == len(set(names))


def test_a_wrong_expectation_is_told_with_its_step_and_both_values() -> None:
    programs = DOCUMENTS["vectors.json"]["programs"]
    vector = {
        "id": "x",
        "program": "plain",
        "timeline": [
            {
                "do": "purchase",
                "at": "2026-01-05T10:00:00Z",
                "id": "t",
                "amount_minor": 250,
                "expect": {"earned": 3, "balance": 2, "error": "limit", "discount_minor": 0},
            }
        ],
    }
    assert vectors.failures(vector, vectors.run(programs, vector)) == [
        'step 0: error: expected "limit", got null',
        "step 0: earned: expected 3, got 2",
        "step 0: discount_minor: expected 0, got nothing",
    ]
