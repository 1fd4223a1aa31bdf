"""The OpenAPI 3.1 document: what the framework derives, made true for errors, bodies and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute

from app.http.fields import INTEGER_MAX
from app.web.openapi_parts import (
    IDEMPOTENCY_KEY,
    INFO,
    OF_EVERY_ROUTE,
    PROBLEM,
    PROBLEM_SCHEMA,
    SECURITY,
    TAGS,
    problem_answer,
)
from app.web.openapi_polish import tidy

Json = dict[str, Any]
_JSON, _LINES = "application/json", "application/x-ndjson"
_REFERENCE = "#/components/schemas/{name}"
_METHODS = {"get", "put", "post", "delete", "patch"}


def describe(routes: tuple[Any, ...], dependencies: Mapping[str, Provide]) -> Json:
    """Return the whole document as plain objects.

    A second app of the same routes derives it, so that the serving one has no routes of the
    framework's own documentation. The schemas of bodies are msgspec's, because they are what is
    checked; the framework's leave out bounds within lists and unions.
    """
    config = OpenAPIConfig(title="", version="", use_handler_docstrings=True)
    app = Litestar(
        list(routes), dependencies=dependencies, openapi_config=config, logging_config=None
    )
    document: Json = app.openapi_schema.to_schema()
    found = [(*place, document["paths"].get(place[0], {}).get(place[1])) for place in handlers(app)]
    schemas = _schemas([handler for _, _, handler, _ in found])
    for _, method, handler, operation in found:
        if operation is not None:
            operation["operationId"] = _operation_id(handler)
            _complete(operation, handler, method)
            _set_bodies(operation, handler, schemas)
    _bound({"": list(schemas.components.values())})
    document["components"] = {
        "schemas": {**schemas.components, "Problem": PROBLEM_SCHEMA},
        "securitySchemes": SECURITY,
    }
    return tidy(document) | {"info": INFO, "tags": TAGS, "servers": [{"url": "/"}]}


class _Schemas(msgspec.Struct, frozen=True):
    of: dict[Any, Json]
    components: dict[str, Json]


def _schemas(found: Iterable[HTTPRouteHandler]) -> _Schemas:
    kinds = {
        kind
        for handler in found
        for kind in (_taken(handler), *_members(_given(handler)))
        if kind is not None
    }
    ordered = sorted(kinds, key=str)
    each, components = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    return _Schemas(dict(zip(ordered, each, strict=True)), components)


def _taken(handler: HTTPRouteHandler) -> Any:
    if "takes" in handler.opt:  # read by the handler itself
        return handler.opt["takes"]
    field = handler.parsed_data_field
    return field.annotation if field is not None and _is_ours(field.annotation) else None


def _given(handler: HTTPRouteHandler) -> Any:
    """Return the struct a handler answers, taken out of `Response[…]`; None: bytes or nothing."""
    if "gives" in handler.opt:
        return handler.opt["gives"]
    kind = handler.parsed_fn_signature.return_type.annotation
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Response):
        kind = get_args(kind)[0]
    return kind if _is_ours(kind) else None


def _members(kind: Any) -> tuple[Any, ...]:
    """Take a union of answers apart: whoever asks gets one of them, by who he is."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _is_ours(kind: Any) -> bool:
    """Tell whether a type is made of structs, which msgspec can describe."""
    parts = [get_origin(kind) or kind, *get_args(kind)]
    return any(isinstance(part, type) and issubclass(part, msgspec.Struct) for part in parts)


def _set_bodies(operation: Json, handler: HTTPRouteHandler, schemas: _Schemas) -> None:
    taken, given = _taken(handler), _given(handler)
    if taken is not None:
        content = operation["requestBody"]["content"]
        content[_JSON] = {"schema": schemas.of[taken]}
    if given is not None:
        answer = operation["responses"].setdefault(str(handler.status_code), {"description": ""})
        shapes = [schemas.of[kind] for kind in _members(given)]
        answer["content"] = {
            _JSON: {"schema": shapes[0] if len(shapes) == 1 else {"anyOf": shapes}}
        }


def handlers(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Yield every route as (path as in OpenAPI, method in small letters, handler)."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method.lower() in _METHODS:
                yield route.path_format or "/", method.lower(), handler


def _operation_id(handler: HTTPRouteHandler) -> str:
    """Name an operation by its file and its function, such as `passkeys_sign_in`."""
    *_, room, file = handler.fn.__module__.split(".")
    name = room if file == "controller" else file.removesuffix("_controller")
    return f"{name}_{handler.fn.__name__}"


def _complete(operation: Json, handler: HTTPRouteHandler, method: str) -> None:
    options = handler.opt
    operation["security"] = [{kind: []} for kind in options.get("callers", ())]
    if "user" in options.get("callers", ()):
        operation["security"].append({"cookie": []})
    if options.get("optional"):
        operation["security"].append({})
    if not operation["security"]:
        del operation["security"]
    types = options.get("content_types")
    if types:
        content: Json = operation.get("requestBody", {}).get("content", {})
        schema = content.get(_JSON, {}).get("schema", {"type": "string"})
        if _LINES in types:
            lines: Json = {"content": {_LINES: {"schema": {"type": "string"}}}}
            operation["responses"]["200"] = lines | {"description": "A line for each line sent."}
        operation["requestBody"] = {
            "required": True,
            "content": {
                kind: {"schema": schema if kind == _JSON else {"type": "string"}} for kind in types
            },
        }
    is_once = "once" in handler.fn.__code__.co_names or options.get("takes_key")
    if is_once:  # the handler answers a repeated key the same
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    _add_problems(operation, handler, method)


def _add_problems(operation: Json, handler: HTTPRouteHandler, method: str) -> None:
    answers = operation.setdefault("responses", {})
    if handler.opt.get("apple"):  # Apple's devices are answered by status alone
        answers.pop("400", None)
        for status in ("400", "401"):
            answers.setdefault(status, {"description": "As Apple's web service says; no body."})
        return
    if handler.opt.get("bare"):  # so is Google
        for status in ("400", "413", "415", "503"):
            answers[status] = {"description": "No body: whoever is refused is told nothing."}
        answers["200"].pop("content", None)
        operation["requestBody"]["content"] = {_JSON: {"schema": {"type": "object"}}}
        return
    statuses = set(OF_EVERY_ROUTE)
    if operation.get("parameters"):
        statuses |= {"404"}
    if handler.opt.get("callers"):
        statuses |= {"401", "403"}
    if method in {"post", "put", "patch"}:
        statuses |= {"409", "413", "415", "422"}
    for status in sorted(statuses):
        stated = answers.get(status, {}).get("content", {})
        if status == "400" or PROBLEM not in stated:
            answers[status] = problem_answer(status)


def _bound(node: Any) -> None:
    """Write the bounds that hold for every integer of ours where a type does not say less."""
    for found in _objects(node):
        kind = found.get("type")
        if kind == "integer" or (isinstance(kind, list) and "integer" in kind):
            found.setdefault("minimum", -INTEGER_MAX)
            found.setdefault("maximum", INTEGER_MAX)


def _objects(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from _objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from _objects(child)
