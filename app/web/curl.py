"""Writes a route as curl: what /docs/routes lets a reader copy, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from app.web import openapi_examples as samples

Json = dict[str, Any]
# What stands for a path's parameter; a shell variable where the page's first lines set one.
PLACES: Mapping[str, str] = {
    "card_id": "$CARD",
    "program_id": "$PROGRAM",
    "number": "$NUMBER",
    "hold_id": "$HOLD",
    "ticket_id": "T-1",
    "receipt_id": "T-3",
    "key_id": "$KEY_ID",  # $KEY, $TILL and the shell's own $USER are something else
    "till_id": "$TILL_ID",
    "user_id": "$USER_ID",
    "side": "front",
    "role": "logo",
    "sale": "sale",
}
TOKENS: Mapping[str, str] = {
    "merchant": "$KEY",
    "till": "$TILL",
    "user": "$USER_TOKEN",
    "claim": "$CLAIM",
}
_IN_BODIES = {
    samples.CARD: "$CARD",
    samples.OTHER_CARD: "$OTHER_CARD",
    samples.PROGRAM: "$PROGRAM",
    samples.HOLD: "$HOLD",
    samples.NUMBER: "$NUMBER",
    samples.CLAIM_TOKEN: "$CLAIM",
}
_LINE_MAX = 88
_FILES = {"image": "picture.png", "text": "members.csv", "multipart": "cards.zip"}


def curl_of(path: str, method: str, operation: Json) -> str:
    """Return the command, a part a line; it reads `$BASE` and tokens from the shell."""
    parts = [f"curl {_method(method, operation)}{_target(path, operation)}", *_headers(operation)]
    body, after = _body(operation)
    if body:
        parts.append(body)
    kept = _kept_as(path, operation)
    if kept:
        parts.append(f"-o {kept}")
    return " \\\n  ".join(parts) + after


def _method(method: str, operation: Json) -> str:
    is_plain = method == "get" or (method == "post" and "requestBody" in operation)
    return "" if is_plain else f"-X {method.upper()} "


def _target(path: str, operation: Json) -> str:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            name = parameter["name"]
            place = PLACES.get(name, "$" + name.removesuffix("_id").upper())
            path = path.replace(f"{{{name}}}", place)
    query = "&".join(
        f"{each['name']}={PLACES.get(each['name'] + '_id', '…')}"
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each.get("required")
    )
    return f'"$BASE{path}{"?" + query if query else ""}"'


def _headers(operation: Json) -> list[str]:
    found = []
    kinds = [next(iter(each), "") for each in operation.get("security", [])]
    token = next((TOKENS[kind] for kind in ("till", *TOKENS) if kind in kinds), None)
    if token and "" not in kinds:
        found.append(f'-H "Authorization: Bearer {token}"')
    if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", [])):
        found.append('-H "Idempotency-Key: $(uuidgen)"')
    return found


def _body(operation: Json) -> tuple[str, str]:
    """Return the argument that sends the body, and the lines that follow the command."""
    content: Json = operation.get("requestBody", {}).get("content", {})
    if not content:
        return "", ""
    kind = "application/json" if "application/json" in content else next(iter(content))
    example = content[kind].get("example")
    group = kind.partition("/")[0]
    if group == "multipart":
        return f"-F file=@{_FILES[group]}", ""
    if example is None and group in _FILES:
        sent = kind.replace("*", "png")
        return f"-H 'Content-Type: {sent}' --data-binary @{_FILES[group]}", ""
    text = example if isinstance(example, str) else written(example)
    for sample, variable in _IN_BODIES.items():
        text = text.replace(sample, variable)
    head = f"-H 'Content-Type: {kind}' --data-binary @- <<END"
    return head, f"\n{text.rstrip()}\nEND"


def written(example: Any) -> str:
    """Write an example's JSON: on one line where it is short, else a field a line."""
    flat = _flat(example)
    if len(flat) <= _LINE_MAX or not isinstance(example, dict):
        return flat
    return (
        "{\n  " + ",\n  ".join(f'"{name}": {_flat(each)}' for name, each in example.items()) + "\n}"
    )


def _flat(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


def _kept_as(path: str, operation: Json) -> str:
    """Name the file that an answer of bytes is kept in; "" for a text."""
    for status, answer in operation.get("responses", {}).items():
        for content in answer.get("content", {}).values() if status < "300" else ():
            if content.get("schema", {}).get("format") == "binary":
                name = path.rpartition("/")[2]
                return name if "." in name and "{" not in name else "answer"
    return ""
