"""20,000 bodies of any bytes over all routes: refused or taken, never a 500."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from litestar import Litestar

from app.http.ports import Ports
from app.web.openapi import handlers
from tests.http.asgi import assert_problem, call
from tests.http.credentials import PROGRAM, made, merchant_token, user_token
from tests.http.test_every_route import target_of

BODIES = 20_000
SEEDS = 4  # parts of the work, so that a failure names a seed
TYPES = ["application/json"] * 8 + [
    "text/plain",
    "",
    "application/x-ndjson",
    "image/png",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin-1",
]
DEEP = b"[" * 60_000
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**53, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, "", " ", "a" * 300,
    "\u0000", "\u2028", "é", "💳", "١٢٣", "12", "1e999", [], {}, [[]], {"": ""}, {"fr": None},
    "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "card_" + "0" * 32,
    "../..", "'; DROP TABLE card; --", "#00000g", "a@b", "pcc_test_x", "4006381333931", "%2F",
]  # fmt: skip
NUMBER = "4006381333931"
MOMENT = "2026-11-21T20:05:00Z"
EXAMPLES: dict[str, Any] = {  # what each route takes; one field of it is changed, or none
    "/v1/cards": {"shop_name": "Bakery", "number": NUMBER, "label": "Bread"},
    "/v1/cards/{card_id}": {"label": "Bread", "color": "#2e7d32", "note": "Ask", "position": 1,
        "groups": ["Food"], "is_favorite": True},
    "/v1/me": {"display_name": "Ana", "language": "fr"},
    "/v1/sign-in": {"email": "ana@example.org", "code": "12345678"},
    "/v1/me/email-codes": {"email": "ana@example.org"},
    "/v1/me/email": {"email": "ana@example.org", "code": "12345678", "merge": True},
    "/v1/passkeys/registrations": {"name": "Phone", "credential": {"id": "YQ", "rawId": "YQ",
        "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}},
    "/v1/passkeys/sign-ins": {"credential": {"id": "YQ", "rawId": "YQ", "type": "public-key",
        "response": {"clientDataJSON": "e30", "authenticatorData": "oA", "signature": "oA"}}},
    "/v1/partner/programs": PROGRAM,
    "/v1/partner/programs/{program_id}": PROGRAM,
    "/v1/partner/programs/{program_id}/cards": {"number": NUMBER, "display_name": "Ana",
        "email": "ana@example.org", "birthday": "12-24"},
    "/v1/partner/programs/{program_id}/cards/{number}/statement": {"sequence": 1, "as_of": MOMENT,
        "balance": 5, "tier": "gold", "message": "Hello", "fields": [{"key": "a", "label": "A",
        "value": "b"}], "next_expiry": {"at": MOMENT, "units": 3}},
    "/v1/partner/programs/{program_id}/statements": {"number": NUMBER, "sequence": 1,
        "as_of": MOMENT, "balance": 5},
    "/v1/programs/{program_id}/join": {"display_name": "Ana", "email": "ana@example.org"},
    "/v1/link-codes": {"program_id": "prog_" + "0" * 32, "number": NUMBER},
    "/v1/partner/keys": {"name": "till", "scopes": ["read"], "ips": ["127.0.0.1"]},
}  # fmt: skip
INSERTED = [
    b"\x00",
    b"\xff",
    b"\xc3(",
    b"\\ud800",
    b"\\u0000",
    b"1e999",
    b"9" * 400,
    b'"',
    b"{",
    b"]",
]


def sample(schema: Any, components: Any, draw: random.Random, depth: int = 0) -> Any:
    """Make a value that fits a schema more or less."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if draw.random() < 0.12 or depth > 6:
        return draw.choice(ODD)
    if "anyOf" in schema:
        return sample(draw.choice(schema["anyOf"]), components, draw, depth + 1)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            made = {
                name: sample(child, components, draw, depth + 1)
                for name, child in schema.get("properties", {}).items()
                if name in schema.get("required", []) or draw.random() < 0.5
            }
            if draw.random() < 0.1:
                made["surprise"] = 1
            return made or {"fr": "a"}
        case "array" if "prefixItems" in schema:
            return [sample(item, components, draw, depth + 1) for item in schema["prefixItems"]]
        case "array":
            items = schema.get("items", {})
            return [sample(items, components, draw, depth + 1) for _ in range(draw.randrange(3))]
        case "integer" | "number":
            return draw.choice([0, 1, 13, 2**53, -1, schema.get("maximum", 7)])
        case "boolean":
            return draw.random() < 0.5
        case "string":
            return draw.choice(
                ["a", "gold", "pts", "EAN_13", NUMBER, "#2e7d32", "12-24", "fr", "a@b.fr",
                 "2026-11-21T20:05:00Z", "https://example.org", "12345678", "EUR"]
            )  # fmt: skip
    return draw.choice(ODD)


def changed(example: dict[str, Any], draw: random.Random) -> Any:
    """Return an example with one value, somewhere within it, replaced by an odd one; or as it is."""
    made = msgspec.json.decode(msgspec.json.encode(example))
    if draw.random() < 0.3:
        return made
    place: Any = made
    while True:
        key = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner and draw.random() < 0.7):
            place[key] = draw.choice(ODD)
            return made
        place = inner


def damaged(body: bytes, draw: random.Random) -> bytes:
    """Leave a body as it is, or damage it in one of many ways."""
    at = draw.randrange(len(body) + 1)
    match draw.randrange(12):
        case 0:
            return body[:at] + draw.choice(INSERTED) + body[at:]
        case 1:
            return body[:at] + draw.randbytes(draw.randrange(1, 9)) + body[at:]
        case 2:
            return body[:at]
        case 3:
            return body + body
        case 4:
            return body.replace(b'"', b"'", 1)
        case 5:
            return draw.choice(
                [DEEP, b'{"a":' * 10_000, b"", b"null", b'"x"', b"[]", b"\xef\xbb\xbf" + body]
            )
        case 6:
            return (
                body[:at]
                + draw.choice([b"[" * 2000, b'"\\ud800"', b"NaN", b"-", b"1e5", b"\x1f"])
                + body[at:]
            )
    return body


class Town:
    """A user with a card, a merchant with a program: routes have something to work on."""

    def __init__(self, app: Litestar, ports: Ports) -> None:
        self._app, self._ports = app, ports
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    async def settle(self, number: int) -> None:
        """Make them; again where a request signed the user out."""
        if "merchant" not in self.tokens:
            self.tokens["merchant"] = await merchant_token(self._ports)
            program = await made(
                self._app, "/v1/partner/programs", self.tokens["merchant"], PROGRAM
            )
            self.ids["program_id"] = program["id"]
            self.ids["number"] = NUMBER
            enrol = f"/v1/partner/programs/{program['id']}/cards"
            await made(self._app, enrol, self.tokens["merchant"], {"number": NUMBER})
        self.tokens["user"] = await user_token(self._app, key=f"guest-{number}")
        new = {"shop_name": "Bakery", "number": NUMBER}
        self.ids["card_id"] = (await made(self._app, "/v1/cards", self.tokens["user"], new))["id"]

    def target(self, path: str, draw: random.Random) -> str:
        """Fill a path with what exists, mostly."""
        if draw.random() < 0.8:
            for name, value in self.ids.items():
                path = path.replace(f"{{{name}}}", value)
        return target_of(path)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_bytes_cause_a_server_error(app: Litestar, ports: Ports, seed: int) -> None:
    draw = random.Random(seed)
    document = (await call(app, "GET", "/openapi.json")).json()
    components = document["components"]["schemas"]
    town = Town(app, ports)
    await town.settle(0)
    routes = [
        (path, method, handler)
        for path, method, handler in handlers(app)
        if method in {"post", "put", "patch", "delete"}
    ]
    statuses: dict[int, int] = {}
    for number in range(BODIES // SEEDS):
        path, method, handler = draw.choice(routes)
        operation = document["paths"][path][method]
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {"type": "object"})
        if path in EXAMPLES and draw.random() < 0.5:
            body = msgspec.json.encode(changed(EXAMPLES[path], draw))
        else:
            body = damaged(msgspec.json.encode(sample(schema, components, draw)), draw)
        kinds = list(content) if content and draw.random() < 0.8 else TYPES
        headers = [("Content-Type", draw.choice(kinds))]
        callers = handler.opt.get("callers") or ("user",)
        if path in {"/v1/sign-out", "/v1/partner/keys/{key_id}"} and draw.random() < 0.99:
            continue  # else hardly anybody would be signed in
        token = town.tokens.get(draw.choice(callers), "pcc_test_x")
        if draw.random() < 0.95:
            headers.append(("Authorization", f"Bearer {token}"))
        if draw.random() < 0.9:
            headers.append(
                ("Idempotency-Key", draw.choice([f"k-{seed}-{number}", "same", " ", "é"]))
            )
        target = town.target(path, draw)
        if draw.random() < 0.05:
            target += draw.choice(
                ["?limit=1e9", "?after=%00", "?dry_run=maybe", "?limit=%ff", "?a=%2"]
            )
        answer = await call(app, method.upper(), target, headers=headers, body=body)
        if answer.status == 204:  # signed out, or without his card
            await town.settle(number)
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert answer.status < 500, (method, path, headers, body[:300], answer)
        if answer.status >= 400 and not (handler.opt.get("apple") or handler.opt.get("bare")):
            assert_problem(answer)
    assert {200, 201, 400, 415} & set(statuses) >= {201, 400, 415}, statuses
