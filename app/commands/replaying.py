"""Replay a file of loyalty vectors on the real engine (specs: api.md §10, loyalty.md §1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.loyalty import vectors
from app.loyalty.vectors import Outcome, Unreadable

# What a vector that is not of the format runs into; one such vector must not hide the others.
_CANNOT_BE_READ = (
    Unreadable,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class Replayed(msgspec.Struct, frozen=True):
    """One vector: what its steps came to, and one sentence when it failed."""

    name: str
    vector: Any
    outcomes: list[Outcome]
    failure: str | None
    is_readable: bool = True


class NoVectors(Exception):
    """The file is not of the format `loyalty-vectors/1`; the sentence says why."""


def replay(file: Path) -> list[Replayed]:
    """Replay every vector of a file, in order. Raises NoVectors, OSError."""
    try:
        document = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NoVectors(f"{file} is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != vectors.FORMAT:
        raise NoVectors(f"{file} is not {vectors.FORMAT}")
    rules, programs = document.get("rules"), document.get("programs", {})
    if not isinstance(rules, list) or not isinstance(programs, dict):
        raise NoVectors(f"{file} is not {vectors.FORMAT}: `rules` and `programs` expected")
    return [_replayed(programs, vector) for vector in _vectors_of(rules)]


def _vectors_of(rules: list[Any]) -> Iterator[Any]:
    for rule in rules:
        listed = rule.get("vectors", []) if isinstance(rule, dict) else None
        if isinstance(listed, list):
            yield from listed
        else:  # it counts as one vector that cannot be read
            yield rule


def _replayed(programs: dict[str, Any], vector: Any) -> Replayed:
    name = _name_of(vector)
    try:
        outcomes = vectors.run(programs, vector)
        differences = vectors.failures(vector, outcomes)
    except _CANNOT_BE_READ as error:
        text = f"cannot be read: {error or type(error).__name__}"
        return Replayed(name, vector, [], text, is_readable=False)
    return Replayed(name, vector, outcomes, "; ".join(differences) or None)


def _name_of(vector: Any) -> str:
    name = vector.get("id") if isinstance(vector, dict) else None
    return name if isinstance(name, str) else "?"


def failure_lines(replayed: list[Replayed]) -> Iterator[str]:
    """Write one line for each vector that failed, then the count of both."""
    failed = [each for each in replayed if each.failure is not None]
    for each in failed:
        yield " ".join(f"{each.name}: {each.failure}".split())
    yield f"{len(replayed)} vectors, {len(failed)} failures"


def result_lines(replayed: list[Replayed]) -> Iterator[str]:
    """Write what each step came to, one JSON object a line; `step` counts from 0.

    The result of a pure function is the value itself. A vector that cannot be read has one line
    of its own, with null as its step.
    """
    for each in replayed:
        if not each.is_readable:
            yield _line(each.name, None, None, "unreadable")
        for outcome in each.outcomes:
            is_pure = "compute" in each.vector
            result = outcome.result["result"] if is_pure else outcome.result
            yield _line(each.name, outcome.step, result, outcome.error)


def _line(vector: str, step: int | None, result: Any, error: str | None) -> str:
    line = {"vector": vector, "step": step, "result": result, "error": error}
    return msgspec.json.encode(line).decode()
