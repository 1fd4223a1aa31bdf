"""Google's own discovery document as a judge: written without a look at passes/google/schema.py."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

OUTPUT_ONLY = {"hasUsers", "hasLinkedDevice", "classReference", "review"}
REQUIRED = {
    "LoyaltyClass": ("id", "issuerName", "programName", "programLogo", "reviewStatus"),
    "LoyaltyObject": ("id", "classId", "state"),
    "LoyaltyPoints": ("balance",),
    "Barcode": ("type", "value"),
    "RotatingBarcode": ("type", "valuePattern", "totpDetails"),
    "LocalizedString": ("defaultValue",),
    "TranslatedString": ("language", "value"),
    "Money": ("currencyCode", "micros"),
}
# Advice for small screens, in characters.
SHORT = {
    ("LoyaltyClass", "issuerName"): 20,
    ("LoyaltyClass", "programName"): 20,
    ("LoyaltyClass", "accountIdLabel"): 15,
    ("LoyaltyClass", "accountNameLabel"): 15,
    ("LoyaltyObject", "accountName"): 20,
    ("LoyaltyPoints", "label"): 9,
    ("TextModuleData", "header"): 35,
    ("TextModuleData", "body"): 500,
    ("Uri", "description"): 20,
}
MOST = {"messages": 10, "merchantLocations": 10, "textModulesData": 10, "imageModulesData": 1}
BITS = {"int32": 32, "int64": 64}


@cache
def schemas() -> dict[str, Any]:
    """Read the schemas of walletobjects v1 as the package ships them."""
    folder = files("googleapiclient") / "discovery_cache" / "documents"
    found: dict[str, Any] = json.loads((folder / "walletobjects.v1.json").read_text())["schemas"]
    return found


def faults(kind: str, document: Any) -> list[str]:
    """List what in a document Google's schema, or its advice, does not take."""
    return list(_object(kind, document, kind))


def _object(kind: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"{path}: {value!r} is no filled object"
        return
    known = schemas()[kind]["properties"]
    for name in REQUIRED.get(kind, ()):
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, inner in value.items():
        here = f"{path}.{name}"
        if name not in known:
            yield f"{here} is unknown"
            continue
        if known[name].get("deprecated") or name in OUTPUT_ONLY:
            yield f"{here} must not be sent"
        yield from _value(known[name], inner, here)
        yield from _advice(kind, name, inner, here)


def _value(shape: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    if "$ref" in shape:
        yield from _object(shape["$ref"], value, path)
        return
    match shape["type"], value:
        case "array", list() if value:
            for place, each in enumerate(value):
                yield from _value(shape["items"], each, f"{path}[{place}]")
        case "string", str() if value:
            if "enum" in shape and (value not in shape["enum"] or value != value.upper()):
                yield f"{path}: {value} is no value of today"
            if shape.get("format") in BITS:
                yield from _fits(BITS[shape["format"]], int(value), path)
        case "boolean", bool():
            pass
        case "integer", int() if not isinstance(value, bool):
            yield from _fits(BITS[shape["format"]], value, path)
        case "number", int() | float() if not isinstance(value, bool) and math.isfinite(value):
            pass
        case _:
            yield f"{path}: {value!r} is no filled {shape['type']}"


def _fits(bits: int, value: int, path: str) -> Iterator[str]:
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        yield f"{path}: {value} needs more than {bits} bits"


def _advice(kind: str, name: str, value: Any, path: str) -> Iterator[str]:
    short = name
    if name.startswith("localized"):
        short = name[9].lower() + name[10:]
    most = SHORT.get((kind, short))
    if most is not None:
        for text in _texts(value):
            if len(text) > most:
                yield f"{path}: {text!r} is longer than {most}"
    if isinstance(value, list) and len(value) > MOST.get(name, len(value)):
        yield f"{path}: more than {MOST[name]}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    yield value["defaultValue"]["value"]
    yield from (text["value"] for text in value.get("translatedValues", ()))
