"""Runs the vectors that are sent beside rules, before these are published (specs: loyalty §11)."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app.errors import InvalidInput, invalid
from app.loyalty import program as loyalty
from app.loyalty.reading import read_program
from app.loyalty.vectors import merge, run_program_vectors
from app.programs.ruling import refusal_at

VECTORS_MAX = 200
STEPS_MAX = 2_000  # of all of them: time passes for every card at every step
YEARS_MAX = 50  # from a vector's first step to its last
TOLD_MAX = 20  # failures told at once
_NAMED = re.compile(r"(vectors\[\d+\]):? (.*)", re.DOTALL)
_YEAR = re.compile(r"\d{4}(?=-)", re.ASCII)


def prove(rules: loyalty.Program | None, vectors: Any) -> None:
    """Run vectors on the rules. Raises InvalidInput for those that fail or cannot be read."""
    if vectors in (msgspec.UNSET, None):
        return
    if rules is None:
        raise invalid("vectors", "vectors come with the rules that they try")
    if not isinstance(vectors, list) or not all(isinstance(each, dict) for each in vectors):
        raise invalid("vectors", "a list of vectors expected")
    _judge_size(vectors)
    for place, vector in enumerate(vectors):
        _judge_patch(rules, place, vector.get("patch"))
    try:
        failures = run_program_vectors(rules, vectors)
    except (AssertionError, ArithmeticError, LookupError, RecursionError):
        # A timeline may say what no door would let in.
        raise invalid("vectors", "a step asks for what cannot be computed") from None
    if failures:
        raise _refusal(failures[:TOLD_MAX])


def _judge_size(vectors: list[dict[str, Any]]) -> None:
    if len(vectors) > VECTORS_MAX:
        raise invalid("vectors", f"at most {VECTORS_MAX} vectors expected")
    steps = 0
    for place, vector in enumerate(vectors):
        timeline = vector.get("timeline", [])
        if not isinstance(timeline, list) or not all(isinstance(each, dict) for each in timeline):
            raise invalid(f"vectors[{place}].timeline", "a list of steps expected")
        steps += len(timeline)
        years = [
            int(found[0])
            for step in timeline
            for field in ("at", "received_at")
            if (found := _YEAR.match(str(step.get(field, ""))))
        ]
        if years and max(years) - min(years) > YEARS_MAX:
            raise invalid(f"vectors[{place}].timeline", f"at most {YEARS_MAX} years expected")
    if steps > STEPS_MAX:
        raise invalid("vectors", f"at most {STEPS_MAX} steps in all expected")


def _judge_patch(rules: loyalty.Program, place: int, patch: Any) -> None:
    """Refuse a patch that makes of the rules what could not be published."""
    if patch is None:
        return
    found = read_program(merge(msgspec.to_builtins(rules), patch))
    if isinstance(found, list):
        raise refusal_at(f"vectors[{place}].patch", found)


def _refusal(failures: list[str]) -> InvalidInput:
    listed = []
    for text in failures:
        named = _NAMED.match(text)
        path, message = (named[1], named[2]) if named else ("vectors", text)
        listed.append({"path": path, "message": message})
    return InvalidInput("; ".join(failures), errors=listed)
