"""Compares two OpenAPI documents: what of the older one would a client miss in the newer one?

`python -m tests.http.openapi_gate` writes docs/openapi.json anew, `make openapi` in short.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from litestar.di import Provide

from app.main import ROUTES
from app.web.openapi import describe

Json = dict[str, Any]
STORED = Path(__file__).parent.parent.parent / "docs" / "openapi.json"
_NAMES = {str: "string", int: "integer", bool: "boolean", type(None): "null", float: "number"}
_DEEP = 40  # references within references
_BOUNDS = {  # what a request may be: a smaller least or a greater most takes more
    "minimum": 1, "minLength": 1, "minItems": 1, "maximum": -1, "maxLength": -1, "maxItems": -1,
}  # fmt: skip


def present() -> Json:
    """Return the document as the app would answer it now."""
    nothing = {"ports": Provide(lambda: None, sync_to_thread=False)}
    found: Json = msgspec.json.decode(msgspec.json.encode(describe(tuple(ROUTES), nothing)))
    return found


def breaks(old: Json, new: Json) -> list[str]:
    """List, a sentence each, what breaks clients of the old document; nothing: only added to."""
    return list(_breaks(old, new))


def _breaks(old: Json, new: Json) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method, was in operations.items():
            name = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{name}: removed"
                continue
            if was["operationId"] != now["operationId"]:
                yield f"{name}: operationId {was['operationId']} became {now['operationId']}"
            yield from _security(name, was, now)
            yield from _parameters(name, was, now)
            yield from _request(_Pair(old, new), name, was, now)
            yield from _answers(_Pair(old, new), name, was, now)


class _Pair(msgspec.Struct, frozen=True):
    """Both documents, to follow references in."""

    old: Json
    new: Json

    def seen(self, was: Any, now: Any) -> tuple[Json, Json]:
        """Return both schemas with a reference followed."""
        return _followed(self.old, was), _followed(self.new, now)


def _followed(document: Json, schema: Any) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: Json = schema
    return found


def _security(name: str, was: Json, now: Json) -> Iterator[str]:
    if now.get("security") and not was.get("security"):
        yield f"{name}: needs a credential now"
    for one in was.get("security", []):
        if now.get("security") and one not in now["security"]:
            yield f"{name}: {next(iter(one), 'nobody')} may not call it any more"


def _parameters(name: str, was: Json, now: Json) -> Iterator[str]:
    before = {(each["name"], each["in"]): each for each in was.get("parameters", [])}
    after = {(each["name"], each["in"]): each for each in now.get("parameters", [])}
    for key, one in before.items():
        if key not in after:
            yield f"{name}: parameter {key[0]} removed"
            continue
        yield from _taken(_Pair({}, {}), f"{name} ?{key[0]}", one["schema"], after[key]["schema"])
    for key, one in after.items():
        if one.get("required") and not before.get(key, {}).get("required"):
            yield f"{name}: parameter {key[0]} is required now"


def _request(pair: _Pair, name: str, was: Json, now: Json) -> Iterator[str]:
    before = was.get("requestBody", {}).get("content", {})
    after = now.get("requestBody", {}).get("content", {})
    if after and not before and now["requestBody"].get("required"):
        yield f"{name}: needs a body now"
    for kind, content in before.items():
        if kind not in after:
            yield f"{name}: takes no {kind} any more"
        else:
            yield from _taken(pair, f"{name} body", content["schema"], after[kind]["schema"])


def _answers(pair: _Pair, name: str, was: Json, now: Json) -> Iterator[str]:
    for status, answer in was["responses"].items():
        if status not in now["responses"]:
            if status < "400":
                yield f"{name}: {status} is not answered any more"
            continue
        after = now["responses"][status].get("content", {})
        for kind, content in answer.get("content", {}).items():
            if kind not in after:
                yield f"{name}: {status} comes as {kind} no more"
            elif status < "400":
                where = f"{name} {status}"
                yield from _given(pair, where, content["schema"], after[kind]["schema"])


def _types(schema: Json) -> set[str]:
    """Name the types a schema admits; everything where it names none."""
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return {each for one in schema[union] for each in _types(one)}
    kind = schema.get("type")
    if kind is None and "enum" in schema:
        return {_NAMES[type(value)] for value in schema["enum"]}
    if kind is None:
        return {"object"} if "$ref" in schema or "properties" in schema else set()
    return {kind} if isinstance(kind, str) else set(kind)


def _members(document: Json, schema: Json) -> dict[str, Json]:
    """Name the members of a union by their own name, tag or type; a plain schema is one."""
    found: dict[str, Json] = {}
    for each in schema.get("anyOf") or schema.get("oneOf") or [schema]:
        member = _followed(document, each)
        tag = member.get("properties", {}).get("type", {}).get("enum", [""])[0]
        found[f"{member.get('type')} {tag}"] = member
    return found


def _taken(pair: _Pair, where: str, was: Any, now: Any, depth: int = 0) -> Iterator[str]:
    """List what was taken in a request and is refused now."""
    was, now = pair.seen(was, now)
    if depth > _DEEP:
        return
    if _types(now) and (lost := _types(was) - _types(now)):
        yield f"{where}: takes {', '.join(sorted(lost))} no more"
    before, after = _members(pair.old, was), _members(pair.new, now)
    if len(before) > 1 or len(after) > 1:
        for name, member in before.items():
            if name in after:
                yield from _taken(pair, where, member, after[name], depth + 1)
            elif name.rpartition(" ")[2]:
                yield f"{where}: the kind {name.rpartition(' ')[2]} is taken no more"
        return
    if lost := {*map(str, was.get("enum", []))} - {*map(str, now.get("enum", was.get("enum", [])))}:
        yield f"{where}: the value {', '.join(sorted(lost))} is taken no more"
    if "enum" in now and "enum" not in was:
        yield f"{where}: only some values are taken now"
    for bound, sign in _BOUNDS.items():
        least = was.get(bound)
        if bound in now and (least is None or sign * now[bound] > sign * least):
            yield f"{where}: {bound} was {least}, is {now[bound]}"
    if now.get("pattern", was.get("pattern")) != was.get("pattern"):
        yield f"{where}: pattern changed"
    for name in {*now.get("required", [])} - {*was.get("required", [])}:
        yield f"{where}.{name}: required now"
    for name, schema in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{where}.{name}: taken no more"
        else:
            yield from _taken(pair, f"{where}.{name}", schema, now["properties"][name], depth + 1)
    if "items" in was and "items" in now:
        yield from _taken(pair, f"{where}[]", was["items"], now["items"], depth + 1)


def _given(pair: _Pair, where: str, was: Any, now: Any, depth: int = 0) -> Iterator[str]:
    """List what an answer held and lacks now, or what it is now that it never was."""
    was, now = pair.seen(was, now)
    if depth > _DEEP:
        return
    if _types(was) and (new := _types(now) - _types(was)):
        yield f"{where}: may be {', '.join(sorted(new))} now"
    before, after = _members(pair.old, was), _members(pair.new, now)
    if len(before) > 1 or len(after) > 1:
        for name, member in before.items():
            if name in after:
                yield from _given(pair, where, member, after[name], depth + 1)
            elif name.rpartition(" ")[2]:
                yield f"{where}: the kind {name.rpartition(' ')[2]} is given no more"
        return
    if lost := {*map(str, was.get("enum", []))} - {*map(str, now.get("enum", was.get("enum", [])))}:
        yield f"{where}: the value {', '.join(sorted(lost))} is given no more"
    for name, schema in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{where}.{name}: removed"
            continue
        if name in was.get("required", []) and name not in now.get("required", []):
            yield f"{where}.{name}: may be absent now"
        yield from _given(pair, f"{where}.{name}", schema, now["properties"][name], depth + 1)
    if "items" in was and "items" in now:
        yield from _given(pair, f"{where}[]", was["items"], now["items"], depth + 1)


if __name__ == "__main__":
    STORED.write_bytes(msgspec.json.format(msgspec.json.encode(present()), indent=1) + b"\n")
