"""The OpenAPI document says what is checked: bounds, unknown fields, errors, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.robotparser import RobotFileParser

import msgspec
import pytest
from litestar import Litestar
from yaml import CSafeLoader, load

from app.http.media import decode_json
from app.web.curl import curl_of
from app.web.openapi import handlers
from tests.http.asgi import call

BROKEN_UNION = "a patterned string in a union with a dict or a list: msgspec frees memory twice"


@pytest.fixture
async def document(app: Litestar) -> Any:
    answer = await call(app, "GET", "/openapi.json")
    assert answer.status == 200
    return answer.json()


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a schema with its path."""
    if isinstance(node, dict):
        yield path, node
        for name, child in node.items():
            yield from nodes(child, f"{path}/{name}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from nodes(child, f"{path}/{index}")


def input_types(app: Litestar) -> dict[str, Any]:
    """Name each route's own input type."""
    return {
        f"{method} {path}": handler.parsed_data_field.annotation
        for path, method, handler in handlers(app)
        if handler.parsed_data_field is not None
    }


async def test_every_route_is_described_with_its_errors_as_problems(
    app: Litestar, document: Any
) -> None:
    assert document["openapi"].startswith("3.1")
    for path, method, handler in handlers(app):
        operation = document["paths"][path][method]
        assert operation.get("summary"), (method, path)
        assert operation.get("tags"), (method, path)
        answers = operation["responses"]
        if handler.opt.get("apple") or handler.opt.get("bare"):
            continue
        for status, answer in answers.items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
        if handler.opt.get("callers"):
            assert {"401", "403"} <= set(answers), path
            assert operation["security"], path


async def test_every_reference_leads_somewhere(document: Any) -> None:
    for path, node in nodes(document):
        if "$ref" in node:
            kind, name = node["$ref"].removeprefix("#/components/").split("/")
            assert name in document["components"][kind], path


async def test_every_number_of_an_input_has_bounds(app: Litestar, document: Any) -> None:
    for name, kind in input_types(app).items():
        for path, node in nodes(msgspec.json.schema(kind)):
            if node.get("type") in ("integer", "number"):
                lower = {"minimum", "exclusiveMinimum"} & set(node)
                upper = {"maximum", "exclusiveMaximum"} & set(node)
                assert lower and upper, f"{name}{path}"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                for _, node in nodes(parameter["schema"]):
                    if node.get("type") in ("integer", "number"):
                        assert {"minimum", "maximum"} <= set(node), f"{path} {parameter['name']}"


async def test_every_text_and_list_of_an_input_has_a_longest_length(app: Litestar) -> None:
    for name, kind in input_types(app).items():
        for path, node in nodes(msgspec.json.schema(kind)):
            if node.get("type") == "string" and "enum" not in node:
                bounded = "maxLength" in node or "pattern" in node or "format" in node
                assert bounded, f"{name}{path}"
            if node.get("type") == "array":
                assert "maxItems" in node, f"{name}{path}"


async def test_every_input_refuses_unknown_fields(app: Litestar) -> None:
    for name, kind in input_types(app).items():
        for path, node in nodes(msgspec.json.schema(kind)):
            if node.get("properties"):
                assert node.get("additionalProperties") is False, f"{name}{path}"


async def test_no_input_has_the_union_that_breaks_the_decoder(app: Litestar) -> None:
    for name, kind in input_types(app).items():
        for path, node in nodes(msgspec.json.schema(kind)):
            members = node.get("anyOf", [])
            patterned = any("pattern" in member for member in members)
            nested = any(member.get("type") in {"object", "array"} for member in members)
            assert not (patterned and nested), f"{name}{path}: {BROKEN_UNION}"


async def test_every_code_has_a_section_on_the_page_of_errors(app: Litestar) -> None:
    page = (await call(app, "GET", "/docs/errors")).body.decode()
    for code in ("invalid-input", "stale-statement", "too-many-requests", "internal"):
        assert f'id="{code}"' in page


async def test_the_documentation_pages_load_nothing_from_outside(app: Litestar) -> None:
    for name in ("", "/errors", "/till", "/statements", "/webhooks", "/routes", "/client"):
        answer = await call(app, "GET", f"/docs{name}")
        assert answer.status == 200, name
        page = answer.body.decode()
        for found in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', page):
            assert found.startswith("/") and not found.startswith("//"), (name, found)
        assert not re.search(r"<style| style=|<script>|\son\w+=", page), name
    for name in ("docs.js", "docs.css", "swagger-ui.css", "swagger-ui-bundle.js"):
        assert (await call(app, "GET", f"/docs/assets/{name}")).status == 200
    assert (await call(app, "GET", "/docs/assets/..%2Fyaml.py")).status == 404


async def test_the_yaml_is_the_same_document(app: Litestar, document: Any) -> None:
    answer = await call(app, "GET", "/openapi.yaml")
    assert answer.headers["content-type"] == "application/yaml"
    assert load(answer.body, CSafeLoader) == document


async def test_the_page_of_routes_has_a_command_for_each(app: Litestar, document: Any) -> None:
    page = unescape((await call(app, "GET", "/docs/routes")).body.decode())
    for path, method, handler in handlers(app):
        if not path.startswith("/v1/"):
            continue
        assert f"<code>{method.upper()} {path}</code>" in page
        command = curl_of(path, method, document["paths"][path][method])
        assert command in page
        assert not re.search(r"/\$(KEY|TILL|USER|CLAIM)\b(?!_)", command), command
        needs_key = "Idempotency-Key" in str(document["paths"][path][method].get("parameters"))
        assert needs_key == ("Idempotency-Key: " in command), path
        assert ("Authorization" in command) == bool(
            handler.opt.get("callers") and not handler.opt.get("optional")
        ), path


async def test_every_body_of_json_has_an_example_that_its_own_decoder_takes(
    app: Litestar, document: Any
) -> None:
    for path, method, handler in handlers(app):
        content = document["paths"][path][method].get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        example = content["application/json"].get("example")
        assert example is not None, f"{method} {path}: app/web/openapi_examples.py"
        field = handler.parsed_data_field
        kind = handler.opt.get("takes") or (field.annotation if field else None)
        if kind is not None:
            decode_json(msgspec.json.encode(example), kind)


async def test_robots_may_fetch_what_google_wallet_needs_and_no_more(app: Litestar) -> None:
    answer = await call(app, "GET", "/robots.txt")
    assert answer.status == 200
    rules = RobotFileParser()
    rules.parse(answer.body.decode().splitlines())
    for path in ("/images/00.png", "/google/callbacks", "/docs", "/join/cafe", "/about"):
        assert rules.can_fetch("Googlebot", f"https://cards.example{path}"), path
    for path in ("/v1/cards", "/apple/v1/log", "/"):
        assert not rules.can_fetch("Googlebot", f"https://cards.example{path}"), path
