"""Versions are additive only: whoever was written against docs/openapi.json still works."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.http.openapi_gate import STORED, breaks, present

Json = dict[str, Any]
CARDS, STATEMENT = "/v1/cards", "/v1/partner/programs/{program_id}/cards/{number}/statement"
HOW = (
    "clients would break. Where the change is meant and nothing of it was released, run"
    " `make openapi` and say why in the commit"
)


@pytest.fixture(scope="module")
def stored() -> Json:
    found: Json = msgspec.json.decode(STORED.read_bytes())
    return found


def test_nothing_that_clients_use_was_taken_away(stored: Json) -> None:
    found = breaks(stored, present())
    assert not found, "\n".join([HOW, *found])


def schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def test_what_is_added_breaks_nobody(stored: Json) -> None:
    new = copy.deepcopy(stored)
    new["paths"]["/v1/new"] = {"get": stored["paths"][CARDS]["get"]}
    schema(new, "NewCard")["properties"]["surprise"] = {"type": "string"}
    schema(new, "CardOut")["properties"]["surprise"] = {"type": "string"}
    schema(new, "CardOut")["required"].append("surprise")
    schema(new, "NewShare")["properties"]["access"]["enum"].append("half")
    del schema(new, "Statement")["properties"]["message"]["anyOf"][0]["maxLength"]
    schema(new, "Statement")["required"].remove("as_of")
    new["paths"][CARDS]["get"]["parameters"].append(
        {"name": "shop", "in": "query", "required": False, "schema": {"type": "string"}}
    )
    new["paths"][CARDS]["get"]["security"].append({"merchant": []})
    assert breaks(stored, new) == []


def _remove(*path: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        found: Any = document
        for each in path[:-1]:
            found = found[each]
        if isinstance(found, list):
            found.remove(path[-1])
        else:
            del found[path[-1]]

    return change


def _set(value: Any, *path: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        found: Any = document
        for each in path[:-1]:
            found = found[each]
        if path[-1] == "+":
            found.append(value)
        else:
            found[path[-1]] = value

    return change


S = ("components", "schemas")
GET, POST = ("paths", CARDS, "get"), ("paths", CARDS, "post")
BREAKS: dict[str, tuple[Callable[[Json], None], str]] = {
    "a path": (_remove("paths", CARDS), "removed"),
    "a method": (_remove("paths", CARDS, "post"), "removed"),
    "a name": (_set("cards_other", *GET, "operationId"), "became"),
    "a caller": (_set([{"till": []}], *GET, "security"), "may not call it any more"),
    "an open route": (
        _set([{"user": []}], "paths", "/v1/directory", "get", "security"),
        "needs a credential now",
    ),
    "a query parameter": (_set([], *GET, "parameters"), "parameter limit removed"),
    "a needed parameter": (
        _set(
            {"name": "shop", "in": "query", "required": True, "schema": {"type": "string"}},
            *(*GET, "parameters", "+"),
        ),
        "parameter shop is required now",
    ),
    "a query's bound": (_set(50, *GET, "parameters", 0, "schema", "maximum"), "maximum was 100"),
    "a type of body": (
        _remove(*POST, "requestBody", "content", "application/json"),
        "takes no application/json any more",
    ),
    "a field of a request": (_remove(*S, "NewCard", "properties", "label"), "taken no more"),
    "a needed field": (_set(["number"], *S, "NewCard", "required"), "number: required now"),
    "a value of a request": (
        _remove(*S, "NewShare", "properties", "access", "enum", "full"),
        "the value full is taken no more",
    ),
    "new values only": (
        _set(["a"], *S, "NewCard", "properties", "label", "anyOf", 0, "enum"),
        "only some values are taken now",
    ),
    "a request's type": (
        _set({"type": "integer"}, *S, "NewShare", "properties", "access"),
        "takes string no more",
    ),
    "null in a request": (
        _set({"type": "string"}, *S, "NewCard", "properties", "label"),
        "takes null no more",
    ),
    "a length": (
        _set(3, *S, "NewCard", "properties", "label", "anyOf", 0, "maxLength"),
        "maxLength was 80",
    ),
    "a pattern": (
        _set("^a$", *S, "NewCard", "properties", "label", "anyOf", 0, "pattern"),
        "pattern changed",
    ),
    "a kind of event": (
        _set(
            ["gift"], *S, "NewPurchase", "properties", "type", "enum"
        ),
        "the kind purchase is taken no more",
    ),
    "a status": (_remove(*POST, "responses", "201"), "201 is not answered any more"),
    "a type of answer": (
        _set({"text/plain": {"schema": {}}}, *GET, "responses", "200", "content"),
        "comes as application/json no more",
    ),
    "a field of an answer": (_remove(*S, "CardOut", "properties", "tier"), "tier: removed"),
    "a field always there": (_remove(*S, "CardOut", "required", "number"), "may be absent now"),
    "an answer's type": (
        _set({"type": "string"}, *S, "CardOut", "properties", "position"),
        "may be string now",
    ),
    "null in an answer": (
        _set({"type": ["string", "null"]}, *S, "CardOut", "properties", "id"),
        "may be null now",
    ),
    "a value of an answer": (
        _set({"$ref": "#/components/schemas/Money"}, *S, "CardOut", "properties", "id"),
        "may be object now",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_clients_is_found(stored: Json, name: str) -> None:
    new = copy.deepcopy(stored)
    new["components"]["schemas"]["Money"] = {"type": "object", "properties": {}}
    change, said = BREAKS[name]
    change(new)
    found = breaks(stored, new)
    assert any(said in sentence for sentence in found), found
