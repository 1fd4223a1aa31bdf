"""What is refused before any route is asked."""

from __future__ import annotations

import asyncio

import pytest
from litestar import Litestar, get, post
from litestar.params import FromPath

from app.http import gate
from app.http.ports import Ports
from app.main import Extras, create_app
from app.settings import Settings
from tests.http.asgi import assert_problem, call


@get("/numbers/{number:str}/end")
async def echo(number: FromPath[str]) -> dict[str, str]:
    """Answer the number as it arrived."""
    return {"number": number}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil", "", "a b", "evil:8000", "[::2]"],
)
async def test_a_foreign_host_is_refused(app: Litestar, host: str) -> None:
    answer = await call(app, "GET", "/healthz", host=host)
    assert answer.status == 400
    assert_problem(answer)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9", "127.0.0.1:8000", "[::1]:1", "LOCALHOST"]
)
async def test_the_sandbox_answers_to_this_machines_names(app: Litestar, host: str) -> None:
    assert (await call(app, "GET", "/healthz", host=host)).status == 200


async def test_a_live_server_answers_to_its_own_names_only(ports: Ports) -> None:
    live = Settings(
        mode="live", public_url="https://cards.example", pass_url="https://passes.example:8443"
    )
    app = create_app(live, ports)
    for host, status in {
        "cards.example": 200,
        "cards.example:443": 200,
        "passes.example:8443": 200,
        "127.0.0.1:8000": 200,  # HOST:PORT
        "passes.example": 400,
        "cards.example:80": 400,
        "localhost": 400,
        "127.0.0.1": 400,
    }.items():
        assert (await call(app, "GET", "/healthz", host=host)).status == status, host


async def test_forwarded_hosts_are_not_believed(app: Litestar) -> None:
    answer = await call(
        app, "GET", "/healthz", host="evil.example", headers=[("X-Forwarded-Host", "localhost")]
    )
    assert answer.status == 400


async def test_too_many_or_too_large_headers_are_refused(app: Litestar) -> None:
    many = [(f"x-{number}", "1") for number in range(gate.HEADERS_MAX)]
    large = [("x-large", "a" * gate.HEADER_BYTES_MAX)]
    for headers in (many, large):
        answer = await call(app, "GET", "/healthz", headers=headers)
        assert answer.status == 400
        assert_problem(answer)


async def test_every_answer_has_a_request_id_of_its_own_and_refuses_sniffing(app: Litestar) -> None:
    seen = set()
    for method, target in [
        ("GET", "/healthz"),
        ("GET", "/nothing"),
        ("DELETE", "/healthz"),
        ("OPTIONS", "/healthz"),
        ("GET", "/docs"),
        ("GET", "/v1/%ff"),
        ("BREW", "/healthz"),
    ]:
        answer = await call(app, method, target)
        seen.add(answer.headers["x-request-id"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert len(seen) == 7


async def test_a_slash_in_a_number_stays_in_it(ports: Ports) -> None:
    app = create_app(ports.settings, ports, extras=Extras(routes=(echo,)))
    for sent, got in {
        "A%2FB": "A/B",
        "%2F": "/",
        "a%20b": "a b",
        "%252F": "%2F",
        "%C3%A9": "é",
        "a+b": "a+b",
        "100%25": "100%",
    }.items():
        answer = await call(app, "GET", f"/numbers/{sent}/end")
        assert (answer.status, answer.json()) == (200, {"number": got})


@pytest.mark.parametrize("part", ["%ff", "%", "%2", "%zz", "%00", "%1f", "%0a", "%c3", "\xff"])
async def test_a_path_that_is_no_text_is_not_found(app: Litestar, part: str) -> None:
    answer = await call(app, "GET", f"/docs/assets/{part}")
    assert answer.status == 404
    assert_problem(answer)


@pytest.mark.parametrize("query", ["limit=%ff", "limit=%00", "%0a=1", "a=1&b=\xff"])
async def test_a_query_that_is_no_text_is_refused(app: Litestar, query: str) -> None:
    answer = await call(app, "GET", f"/docs?{query}")
    assert answer.status == 400
    assert_problem(answer)


async def test_what_is_too_much_at_once_is_shed_and_reads_have_room_of_their_own(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "WRITES_MAX", 3)
    go = asyncio.Event()

    @post("/slow")
    async def slow() -> None:
        await go.wait()

    app = create_app(ports.settings, ports, extras=Extras(routes=(slow,)))
    waiting = [asyncio.create_task(call(app, "POST", "/slow")) for _ in range(3)]
    await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    shed = await call(app, "POST", "/slow")
    assert shed.status == 503
    assert_problem(shed)
    assert (await call(app, "GET", "/readyz")).status == 200
    go.set()
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [201, 201, 201]
    assert (await call(app, "POST", "/slow")).status == 201


async def test_health_is_never_shed(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "READS_MAX", 0)
    app = create_app(ports.settings, ports)
    assert (await call(app, "GET", "/healthz")).status == 200
    assert (await call(app, "GET", "/docs")).status == 503


async def test_an_error_of_ours_tells_nothing_but_the_request_id(ports: Ports) -> None:
    @get("/broken")
    async def broken() -> None:
        raise KeyError("secret")

    app = create_app(ports.settings, ports, extras=Extras(routes=(broken,)))
    answer = await call(app, "GET", "/broken")
    assert answer.status == 500
    assert_problem(answer)
    assert b"secret" not in answer.body


async def test_figures_name_route_templates_only(ports: Ports) -> None:
    app = create_app(ports.settings, ports, extras=Extras(routes=(echo,)))
    await call(app, "GET", "/numbers/CANARY-1/end")
    await call(app, "GET", "/CANARY-2")
    text = (await call(app, "GET", "/metrics")).body
    assert b'route="/numbers/{number}/end"' in text
    assert b"CANARY" not in text
