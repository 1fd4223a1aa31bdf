"""`portecarte replay`: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.commands.group import portecarte

DATA = Path(__file__).parents[1] / "loyalty" / "data"
FILES = sorted(DATA.glob("*vectors.json"))
PROGRAM = {
    "format": "loyalty-program/1",
    "id": "p",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts"}],
    "earn": [{"type": "per_amount", "id": "b", "unit": "pts", "step_minor": 100, "points": 1}],
}
BUY = {"do": "purchase", "at": "2026-01-05T10:00:00Z", "id": "t", "amount_minor": 250}
PURE = {"compute": "frequency_target", "args": {"average": "3", "uplift_pct": 10}}

Write = Callable[..., str]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(portecarte, ["replay", *arguments])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes vectors into a file and names it."""

    def written(*vectors: Any, **more: Any) -> str:
        document = {
            "schema": "loyalty-vectors/1",
            "programs": {"p": PROGRAM},
            "rules": [{"id": "R", "vectors": list(vectors)}],
        }
        path = tmp_path / "vectors.json"
        path.write_text(json.dumps(document | more))
        return str(path)

    return written


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_vector_of_the_house_passes(file: Path) -> None:
    result = run(str(file))
    count = sum(len(rule["vectors"]) for rule in json.loads(file.read_text())["rules"])
    assert (result.exit_code, result.stdout) == (0, f"{count} vectors, 0 failures\n")


def test_the_installed_command_ends_with_the_count() -> None:
    command = [str(Path(sys.executable).parent / "portecarte"), "replay", str(FILES[-1])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.splitlines()[-1].endswith(" vectors, 0 failures")


def test_one_line_a_failure_then_the_count(write: Write) -> None:
    wrong = BUY | {"expect": {"earned": 3, "balance": 9}}
    right = BUY | {"expect": {"earned": 2}}
    result = run(
        write(
            {"id": "A", "program": "p", "timeline": [wrong]},
            {"id": "B", "program": "p", "timeline": [right]},
            PURE | {"id": "C", "expect": "3.4"},
        )
    )
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "A: step 0: earned: expected 3, got 2; step 0: balance: expected 9, got 2",
        'C: expected "3.4", got "3.3"',
        "3 vectors, 2 failures",
    ]


@pytest.mark.parametrize(
    "vector",
    [
        7,
        None,
        {},
        {"id": "V", "program": "nowhere", "timeline": []},
        {"id": "V", "program": ["p"], "timeline": []},
        {"id": "V", "program": "p"},
        {"id": "V", "program": "p", "timeline": [{"do": "fly", "at": "2026-01-05T10:00:00Z"}]},
        {"id": "V", "program": "p", "timeline": [{"do": "read", "at": "yesterday"}]},
        {"id": "V", "program": "p", "timeline": ["read"]},
        {"id": "V", "program": "p", "timeline": [BUY | {"expect": 3}]},
        {"id": "V", "program": "p", "timeline": [BUY | {"amount_minor": 2.5}]},
        {"id": "V", "program": "p", "timeline": [BUY | {"at": 5}]},
        {"id": "V", "program": "p", "timeline": [BUY | {"surprise": 5}]},
        {
            "id": "V",
            "program": "p",
            "patch": {"tz": "Nowhere/Land", "units": [{"id": "pts", "pending": "P1D"}]},
            "timeline": [BUY],
        },
        {"id": "V", "program": "p", "patch": {"units": []}, "timeline": [BUY]},
        {"id": "V", "program": "p", "patch": {"earn": [{"type": "magic"}]}, "timeline": [BUY]},
        {"id": "V", "program": "p", "patch": 5, "timeline": [BUY]},
        {"id": "V", "compute": "fly", "args": {}, "expect": None},
        {"id": "V", "compute": ["fly"], "args": {}, "expect": None},
        {"id": "V", "compute": "frequency_target", "args": [], "expect": None},
        {"id": "V", "compute": "frequency_target", "args": {"average": "x"}, "expect": None},
        {
            "id": "V",
            "compute": "frequency_target",
            "args": {"average": "x", "uplift_pct": 1},
            "expect": None,
        },
        {
            "id": "V",
            "compute": "add_period",
            "args": {"at": "2026-01-05T10:00:00Z", "period": "P1S", "tz": "UTC"},
            "expect": None,
        },
    ],
)
def test_a_vector_that_cannot_be_read_is_a_failure_and_hides_no_other(
    write: Write, vector: Any
) -> None:
    result = run(write(vector, PURE | {"id": "C", "expect": "3.3"}))
    assert result.exit_code == 1, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[1] == "2 vectors, 1 failures"
    assert "cannot be read" in lines[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"schema": "loyalty-vectors/2", "rules": [], "programs": {}}',
        '{"schema": "loyalty-vectors/1"}',
        '{"schema": "loyalty-vectors/1", "rules": {}, "programs": {}}',
    ],
)
def test_another_format_ends_with_2_and_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    for arguments in ([str(file)], [str(file), "--results"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "other.json" in result.stderr


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    assert run(str(tmp_path / "nowhere.json")).exit_code == 2


def test_a_file_without_vectors_has_none_that_fail(write: Write) -> None:
    result = run(write(rules=[]))
    assert (result.exit_code, result.stdout) == (0, "0 vectors, 0 failures\n")


def test_results_are_one_line_a_step_whatever_the_file_expects(write: Write) -> None:
    wrong = BUY | {"expect": {"earned": 3}}
    pay = {"do": "pay", "at": "2026-01-05T10:00:00Z", "id": "p", "units": 9}
    burn = {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}
    file = write(
        {"id": "A", "program": "p", "patch": {"burn": [burn]}, "timeline": [wrong, pay]},
        PURE | {"id": "C", "expect": "9"},
        {"id": "D", "program": "nowhere", "timeline": []},
    )
    result = run(file, "--results")
    assert result.exit_code == 1  # D cannot be read
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["vector"], line["step"], line["error"]) for line in lines] == [
        ("A", 0, None),
        ("A", 1, "insufficient"),
        ("C", 0, None),
        ("D", None, "unreadable"),
    ]
    first, second = lines[0]["result"], lines[1]["result"]
    assert {"earned": 2, "earned_units": {"pts": 2}, "balance": 2}.items() <= first.items()
    assert second["balance"] == 2 and "alloc" not in second
    assert lines[2]["result"] == "3.3"


def test_results_hold_every_key_that_a_file_may_expect() -> None:
    for file in FILES:
        result = run(str(file), "--results")
        assert result.exit_code == 0
        found = {
            (line["vector"], line["step"]): line
            for line in map(json.loads, result.stdout.splitlines())
        }
        for rule in json.loads(file.read_text())["rules"]:
            for vector in rule["vectors"]:
                for place, step in enumerate(vector.get("timeline", ())):
                    line = found[vector["id"], place]
                    expected = dict(step.get("expect", {}))
                    assert line["error"] == expected.pop("error", None)
                    assert expected.items() <= line["result"].items()
