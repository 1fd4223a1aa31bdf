"""Makes the derived document tidy: names, bodies that are not JSON, sentences of answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from app.web.openapi_examples import example_of

Json = dict[str, Any]
_JSON, _LINES = "application/json", "application/x-ndjson"
_BYTES: Json = {"type": "string", "format": "binary"}
_TEXTS = ("text/", _LINES, "application/problem", _JSON)
_SAYS = {"200": "Done.", "201": "Made.", "202": "Taken.", "204": "Done; no body."}
_DEFAULTS = {"deprecated", "allowEmptyValue", "allowReserved"}  # said only where true

# Bodies that a handler reads itself: what a form or its JSON may hold.
_FORM = {"file": _BYTES, "password": {"type": "string", "maxLength": 256}}
_LINK = {"link": {"type": "string", "maxLength": 8192, "examples": ["https://example.org/shared"]}}
_BY_HAND: dict[tuple[str, str], Json] = {
    ("post /v1/imports", "multipart/form-data"): {
        "type": "object",
        "required": ["file"],
        "properties": _FORM
        | {"shop_name": {"type": "string", "maxLength": 80}, "only": {"type": "string"}},
    },
    ("post /v1/imports", _JSON): {"type": "object", "required": ["link"], "properties": _LINK},
    ("post /v1/barcodes/read", "multipart/form-data"): {
        "type": "object",
        "required": ["file"],
        "properties": {"file": _BYTES},
    },
}


def tidy(document: Json) -> Json:
    """Return the document with plain names, whole bounds, bodies of every type and examples."""
    document = _named(document)
    _walk(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _set_answers(operation)
            _set_body(f"{method} {path}", operation, document["components"]["schemas"])
    return document


def _named(document: Json) -> Json:
    """Rename `app.checkout.schemas.NewRefund` to `CheckoutNewRefund`: two rooms used one name."""
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        if "." in name:
            text = text.replace(f'"{name}"', f'"{_plain(name)}"')
            text = text.replace(f'schemas/{name}"', f'schemas/{_plain(name)}"')
    found: Json = msgspec.json.decode(text)
    for name, schema in found["components"]["schemas"].items():
        if "title" in schema:
            schema["title"] = name
    return found


def _plain(name: str) -> str:
    *rooms, last = name.removeprefix("app.").split(".")
    words = [word for room in rooms for word in room.split("_") if word != "schemas"]
    return "".join(word.capitalize() for word in words) + last


def _walk(node: Any) -> None:
    if isinstance(node, list):
        for child in node:
            _walk(child)
    if not isinstance(node, dict):
        return
    if node.get("items") is False:  # a tuple: its bounds say the same, and generators read it
        del node["items"]
    for name in _DEFAULTS:
        if node.get(name) is False:
            del node[name]
    for name, child in node.items():
        if isinstance(child, float) and child.is_integer():
            node[name] = int(child)
        _walk(child)


def _set_answers(operation: Json) -> None:
    for status, answer in operation["responses"].items():
        if status in _SAYS and not answer.get("description", "").startswith("A line"):
            answer["description"] = _SAYS[status]
        if not answer.get("headers", True):
            del answer["headers"]
        for kind, content in answer.get("content", {}).items():
            if not kind.startswith(_TEXTS):
                content["schema"] = _BYTES


def _set_body(name: str, operation: Json, schemas: Json) -> None:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if (name, kind) in _BY_HAND:
            content["schema"] = _BY_HAND[name, kind]
        elif kind not in {_JSON, "multipart/form-data"}:
            content["schema"] = _BYTES
        example = example_of(name, kind, content["schema"], schemas)
        if example is not None:
            content["example"] = example


def operations(document: Json) -> Iterable[tuple[str, str, Json]]:
    """Yield (path, method in small letters, operation) in the document's order."""
    for path, each in document["paths"].items():
        for method, operation in each.items():
            yield path, method, operation
