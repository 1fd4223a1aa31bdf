"""The published JSON Schema and the given one describe the same documents."""

from __future__ import annotations

import json
from typing import Any

from app.loyalty.reading import program_schema
from tests.loyalty.programs import DATA

_GIVEN = json.loads((DATA / "program.schema.json").read_text())
_OURS = program_schema()
# Bounds are ours: the given schema leaves integers, texts and lists without end.
_BOUNDS = {"maximum", "maxLength", "maxItems", "maxProperties", "description"}


def plain(schema: Any) -> Any:
    """Write both in one manner: sorted choices, one form of patterns, no bounds of ours."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: plain(value) for key, value in schema.items() if key not in _BOUNDS}
    for key in ("enum", "required"):
        if isinstance(found.get(key), list):
            found[key] = sorted(found[key])
    if isinstance(found.get("pattern"), str):
        ours = found["pattern"].removesuffix(r"(?![\s\S])").removesuffix("$")
        found["pattern"] = ours.replace("[0-9]{2}", r"\d\d").replace("[0-9]", r"\d")
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = sorted(found["anyOf"], key=json.dumps)
    if isinstance(found.get("default"), dict):
        found["default"] = {}  # a struct of defaults, written out or not
    if found.get("propertyNames") == {}:
        del found["propertyNames"]
    if found.get("minimum") == -(2**53):
        del found["minimum"]
    return found


def test_it_defines_the_same_objects() -> None:
    assert set(_OURS["$defs"]) == set(_GIVEN["$defs"])
    assert _OURS["$ref"] == _GIVEN["$ref"]


def test_every_object_has_the_same_fields_choices_and_defaults() -> None:
    for name, given in _GIVEN["$defs"].items():
        assert plain(_OURS["$defs"][name]) == plain(given), name


def test_every_list_and_every_number_of_ours_has_a_bound() -> None:
    def unbounded(schema: Any, path: str) -> list[str]:
        if isinstance(schema, list):
            return [each for n, one in enumerate(schema) for each in unbounded(one, f"{path}[{n}]")]
        if not isinstance(schema, dict):
            return []
        kinds = {
            "integer": {"maximum", "minimum"},
            "array": {"maxItems"},
            "string": {"maxLength", "pattern"},
        }
        wanted = kinds.get(str(schema.get("type")), set())
        is_open = bool(wanted) and "enum" not in schema and not wanted & set(schema)
        is_half = schema.get("type") == "integer" and not wanted <= set(schema)
        return [path] * (is_open or is_half) + [
            each for key, one in schema.items() for each in unbounded(one, f"{path}.{key}")
        ]

    assert unbounded(_OURS["$defs"], "") == []


def test_unknown_fields_are_refused_everywhere() -> None:
    for name, ours in _OURS["$defs"].items():
        assert ours["additionalProperties"] is False, name
