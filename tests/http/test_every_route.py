"""Walks all routes: who is refused, what body is refused, and that every error is a problem."""

from __future__ import annotations

import re

import msgspec
import pytest
from litestar import Litestar

from app.http.ports import Ports
from app.web.openapi import handlers
from tests.http.asgi import Answer, assert_problem, call
from tests.http.credentials import merchant_token, till_token, user_token

TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/msgpack",
    "application/xml",
    "application/json+evil",
)
BODIES = {"post", "put", "patch"}
OTHERS_ID = "0123456789abcdef" * 2  # no id of anybody
PREFIXES = {"card_id": "card_", "program_id": "prog_", "key_id": "key_", "session_id": "sess_"}


def target_of(path: str) -> str:
    """Fill a route's path with what looks right and belongs to nobody."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: PREFIXES.get(found[1], "x") + OTHERS_ID, path)


def routes_of(app: Litestar) -> list[tuple[str, str, str, dict[str, object]]]:
    """List (name, method, path, options) of every route but those answered by status alone."""
    found = []
    for path, method, handler in handlers(app):
        if not (handler.opt.get("apple") or handler.opt.get("bare")):
            found.append((f"{method} {path}", method.upper(), target_of(path), handler.opt))
    return sorted(found, key=lambda route: route[0])


async def sent(app: Litestar, method: str, target: str, *headers: tuple[str, str]) -> Answer:
    """Send a JSON body where there is one."""
    given = (
        [("Content-Type", "application/json"), *headers] if method.lower() in BODIES else headers
    )
    return await call(app, method, target, headers=list(given), body=b"{}")


async def test_no_credential_or_a_bad_one_is_unauthorized_on_every_guarded_route(
    app: Litestar,
) -> None:
    guarded = [route for route in routes_of(app) if route[3].get("callers")]
    assert len(guarded) > 20
    for name, method, target, options in guarded:
        bad = [
            "Bearer x",
            "Basic YTpi",
            "Bearer pcu_test_" + "A" * 43,
            "Bearer pck_test_" + "A" * 43,
            "Bearer pct_test_" + "A" * 43,
            "Bearer pcc_test_" + "A" * 43,
            "Bearer pcu_live_" + "A" * 43,
            "Bearer ",
            "Bearer \xff",
        ]
        for given in bad:
            answer = await sent(app, method, target, ("Authorization", given))
            assert answer.status == 401, (name, given, answer)
            assert_problem(answer)
        if not options.get("optional"):
            answer = await sent(app, method, target)
            assert answer.status == 401, (name, answer)
            assert_problem(answer)


async def test_another_kind_of_token_is_refused_on_every_guarded_route(
    app: Litestar, ports: Ports
) -> None:
    tokens = {"user": await user_token(app), "merchant": await merchant_token(ports)}
    tokens["till"] = await till_token(ports)
    for name, method, target, options in routes_of(app):
        callers = options.get("callers")
        for kind, token in tokens.items():
            if callers and kind not in callers:  # type: ignore[operator]
                answer = await sent(app, method, target, ("Authorization", f"Bearer {token}"))
                assert answer.status == 403, (name, kind, answer)
                assert answer.json()["code"] == "wrong-token"
                assert_problem(answer)


async def test_the_other_modes_token_is_unauthorized(app: Litestar, ports: Ports) -> None:
    token = (await user_token(app)).replace("_test_", "_live_")
    answer = await sent(app, "GET", "/v1/me", ("Authorization", f"Bearer {token}"))
    assert answer.status == 401


async def test_a_key_may_do_what_its_scopes_say(app: Litestar, ports: Ports) -> None:
    for scopes in (("read",), ("read", "write"), ("write",)):
        token = await merchant_token(ports, *scopes)
        for name, method, target, options in routes_of(app):
            if options.get("callers") != ("merchant",):
                continue
            needed = options.get("scope") or ("read" if method == "GET" else "write")
            answer = await sent(app, method, target, ("Authorization", f"Bearer {token}"))
            refused = answer.status == 403 and answer.json()["code"] == "missing-scope"
            assert refused == (needed not in scopes), (name, scopes, answer)


async def test_an_unknown_id_and_a_malformed_one_are_the_same_404(
    app: Litestar, ports: Ports
) -> None:
    tokens = {"user": await user_token(app), "merchant": await merchant_token(ports)}
    for name, method, target, options in routes_of(app):
        callers = options.get("callers") or ()
        if method != "GET" or OTHERS_ID not in target:
            continue
        if target.startswith("/merchant/"):  # a page: strangers are asked to sign in first
            continue
        kind = next((kind for kind in tokens if kind in callers), None)  # type: ignore[operator]
        if callers and kind is None:
            continue
        headers = [("Authorization", f"Bearer {tokens[kind]}")] if kind else []
        answers = [
            await call(app, method, target.replace(OTHERS_ID, text), headers=headers)
            for text in (OTHERS_ID, "x", OTHERS_ID.upper(), OTHERS_ID + "0", "%F0%9F%92%B3")
        ]
        documents = []
        for answer in answers:
            assert answer.status in {404, 410}, (name, answer)
            assert_problem(answer)
            documents.append(answer.json() | {"request_id": ""})
        assert all(document == documents[0] for document in documents), name


@pytest.mark.parametrize("kind", TYPES)
async def test_another_type_of_body_is_refused_on_every_route(
    app: Litestar, ports: Ports, kind: str
) -> None:
    tokens = {"user": await user_token(app), "merchant": await merchant_token(ports)}
    for name, method, target, options in routes_of(app):
        taken = options.get("content_types", ("application/json",))
        if method.lower() not in BODIES or kind.split(";", maxsplit=1)[0] in taken:  # type: ignore[operator]
            continue
        callers = options.get("callers") or ()
        token = next((tokens[each] for each in tokens if each in callers), None)  # type: ignore[operator]
        if callers and token is None:
            continue
        headers = [("Content-Type", kind), ("Idempotency-Key", "k")]
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        answer = await call(app, method, target, headers=headers, body=b'{"a": 1}')
        assert answer.status == 415, (name, kind, answer)
        assert_problem(answer)


async def test_a_method_that_a_route_does_not_take_is_refused(app: Litestar) -> None:
    for name, _, target, _ in routes_of(app):
        answer = await call(app, "TRACE", target)
        assert answer.status == 405, name
        assert answer.headers["allow"]
        assert_problem(answer)


async def test_a_cookie_counts_on_same_origin_requests_only(app: Litestar) -> None:
    cookie = ("Cookie", f"a=b; __Host-session={await user_token(app)}")
    for headers, get_status, patch_status in [
        ([], 401, 401),
        ([("Sec-Fetch-Site", "same-origin")], 200, 200),
        ([("Sec-Fetch-Site", "none")], 200, 401),
        ([("Sec-Fetch-Site", "same-site")], 401, 401),
        ([("Sec-Fetch-Site", "cross-site")], 401, 401),
        ([("Origin", "http://localhost")], 200, 200),
        ([("Origin", "http://evil.example")], 401, 401),
        ([("Origin", "null")], 401, 401),
        ([("Sec-Fetch-Site", "cross-site"), ("Origin", "http://localhost")], 401, 401),
    ]:
        answer = await call(app, "GET", "/v1/me", headers=[cookie, *headers])
        assert answer.status == get_status, (headers, answer)
        body = msgspec.json.encode({"display_name": "Ana"})
        answer = await call(
            app,
            "PATCH",
            "/v1/me",
            headers=[cookie, ("Content-Type", "application/json"), *headers],
            body=body,
        )
        assert answer.status == patch_status, (headers, answer)
