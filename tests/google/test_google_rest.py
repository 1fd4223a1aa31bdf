"""The client: its calls, its token, and that whatever happens is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import jwt
import msgspec
import pytest
import structlog

from app.clock import SECOND, FrozenClock
from app.google import rest, tokens
from app.google.issuers import Issuers
from app.google.rest import RestWallet
from app.google.verdicts import NO_ISSUER, UNREADABLE, Stopped, verdict
from app.google.wallet import Answer, GoogleWallet
from app.http.ports import Ports
from app.programs.issuers import FIRST_ISSUER
from tests.google.accounts import EMAIL, account_json, key
from tests.google.conftest import keep_issuer
from tests.google.google_answers import API, TOKEN, Google, answer, breaking, token

PATH = "/walletobjects/v1/loyaltyObject/3388000000012345678.8f3a01"
REFUSED = answer(401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}})


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: only the issuer's row is read."""
    return sqlite_url


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
async def wallet(ports: Ports, issuers: Issuers, google: Google) -> AsyncIterator[RestWallet]:
    wallet = RestWallet(
        issuers,
        clock=ports.clock,
        api_url=API,
        token_url=TOKEN,
        executor=ports.threads,
        transport=google.transport,
    )
    yield wallet
    await wallet.close()


async def patch(wallet: RestWallet) -> Answer:
    return await wallet.call(FIRST_ISSUER, "PATCH", PATH, {"state": "ACTIVE"})


async def test_a_call_is_json_with_the_accounts_token(wallet: RestWallet, google: Google) -> None:
    assert isinstance(wallet, GoogleWallet)
    body = {"loyaltyPoints": {"balance": {"int": 1250}}, "title": "Café"}
    found = await wallet.call(FIRST_ISSUER, "PATCH", PATH, body, query={"fields": "id"})
    assert found == Answer(status=200, body={"id": "1.a"})
    (request,) = google.api_requests
    assert (request.method, str(request.url)) == ("PATCH", f"{API}{PATH}?fields=id")
    assert request.headers["authorization"] == "Bearer token-1"
    assert request.headers["content-type"] == "application/json"
    assert msgspec.json.decode(request.content) == body
    await wallet.call(FIRST_ISSUER, "GET", PATH)
    assert google.api_requests[1].content == b""
    assert "content-type" not in google.api_requests[1].headers


async def test_the_assertion_says_who_asks_for_what(
    wallet: RestWallet, google: Google, clock: FrozenClock
) -> None:
    await patch(wallet)
    (form,) = google.token_requests
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header = jwt.get_unverified_header(form["assertion"])
    assert (header["alg"], header["kid"]) == ("RS256", "0123abcd")
    claims = jwt.decode(
        form["assertion"],
        key().public_key(),
        algorithms=["RS256"],
        audience="https://oauth2.googleapis.com/token",
        options={"verify_iat": False, "verify_exp": False},
    )
    now = clock.wall() // SECOND
    assert claims == {
        "iss": EMAIL,
        "scope": "https://www.googleapis.com/auth/wallet_object.issuer",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3_600,
    }


async def test_a_hundred_calls_at_once_ask_for_one_token(
    wallet: RestWallet, google: Google
) -> None:
    found = await asyncio.gather(*(patch(wallet) for _ in range(100)))
    assert {each.status for each in found} == {200}
    assert (len(google.token_requests), len(google.api_requests)) == (1, 100)


async def test_a_token_is_renewed_five_minutes_before_its_end(
    wallet: RestWallet, google: Google, clock: FrozenClock
) -> None:
    google.token_answers = [token("first"), token("second")]
    await patch(wallet)
    clock.forward(3_599 - 301)
    await patch(wallet)
    assert len(google.token_requests) == 1
    clock.forward(1)
    await asyncio.gather(*(patch(wallet) for _ in range(20)))
    assert len(google.token_requests) == 2
    assert google.api_requests[-1].headers["authorization"] == "Bearer second"


async def test_the_old_token_serves_while_a_new_one_cannot_be_had(
    wallet: RestWallet, google: Google, clock: FrozenClock
) -> None:
    google.token_answers = [token("first"), answer(503)]
    await patch(wallet)
    clock.forward(3_599 - 200)
    for _ in range(5):
        assert (await patch(wallet)).status == 200
    assert len(google.token_requests) == 2  # asked again after a while, not at each call
    clock.forward(tokens.RENEW_AGAIN_SECONDS)
    assert (await patch(wallet)).status == 200
    assert len(google.token_requests) == 3
    clock.forward(200)
    assert (await patch(wallet)).status == 0


async def test_a_short_lived_token_is_not_asked_for_at_each_call(
    wallet: RestWallet, google: Google, clock: FrozenClock
) -> None:
    google.token_answers = [token(expires_in=60)]
    for _ in range(3):
        await patch(wallet)
    assert len(google.token_requests) == 1
    clock.forward(31)
    await patch(wallet)
    assert len(google.token_requests) == 2


async def test_a_refused_token_is_replaced_once_for_all_who_used_it(
    wallet: RestWallet, google: Google
) -> None:
    google.token_answers = [token("stale"), token("fresh")]
    good = answer(200, {})
    google.api_answers = [
        lambda r: REFUSED(r) if "stale" in r.headers["authorization"] else good(r)
    ]
    found = await asyncio.gather(*(patch(wallet) for _ in range(30)))
    assert {each.status for each in found} == {200}
    assert len(google.token_requests) == 2


async def test_a_new_token_that_is_refused_too_is_answered_and_alarmed(
    wallet: RestWallet, google: Google
) -> None:
    google.api_answers = [REFUSED]
    with structlog.testing.capture_logs() as logs:
        found = await patch(wallet)
    assert (found.status, found.reason) == (401, "UNAUTHENTICATED")
    assert len(google.api_requests) == 2
    assert [line["log_level"] for line in logs] == ["error", "info"]


async def test_a_refused_account_is_a_reason_to_stop(wallet: RestWallet, google: Google) -> None:
    google.token_answers = [
        answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    ]
    found = await patch(wallet)
    assert found == Answer(status=0, reason="invalid_grant", message="Invalid JWT Signature.")
    assert isinstance(verdict(found), Stopped)
    assert not google.api_requests


ODD_TOKENS = [
    answer(200, b""),
    answer(200, b"{"),
    answer(200, None),
    answer(200, []),
    answer(200, {}),
    answer(200, {"access_token": None}),
    answer(200, {"access_token": ""}),
    answer(200, {"access_token": 7}),
    answer(200, {"access_token": "two words"}),
    answer(200, {"access_token": "line\r\nCookie: x"}),
    answer(200, {"access_token": "é"}),
    answer(200, {"access_token": "x" * 10_000}),
    answer(200, {"access_token": "x", "token_type": "mac"}),
    answer(200, {"access_token": "x", "token_type": None}),
    answer(200, b"[" * 60_000),
    answer(204),
    answer(302, headers={"location": "https://elsewhere.test"}),
    answer(429, headers={"retry-after": "5"}),
    answer(500, b"<html>"),
    answer(503, {"error": "invalid_grant"}),
    breaking(httpx2.ConnectError),
    breaking(httpx2.ReadTimeout),
    breaking(ConnectionResetError),
]


@pytest.mark.parametrize("odd", ODD_TOKENS, ids=range(len(ODD_TOKENS)))
async def test_a_token_endpoint_that_answers_oddly_is_no_answer(
    wallet: RestWallet, google: Google, odd: object
) -> None:
    google.token_answers = [odd, token()]  # type: ignore[list-item]
    found = await patch(wallet)
    assert (found.status, found.reason, google.api_requests) == (0, None, [])
    assert (await patch(wallet)).status == 200  # the next one asks again


@pytest.mark.parametrize(
    "life", [None, True, -1, 0, "", "3599", "soon", "9" * 40, 10**300, 1.5e300, [], {}]
)
async def test_an_odd_life_of_a_token_is_read_as_the_usual_hour(
    wallet: RestWallet, google: Google, clock: FrozenClock, life: object
) -> None:
    google.token_answers = [token(expires_in=life)]
    assert (await patch(wallet)).status == 200
    clock.forward(3_600 - 302)
    assert (await patch(wallet)).status == 200
    assert len(google.token_requests) == 1


BROKEN = [
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.ReadError,
    httpx2.ReadTimeout,
    httpx2.WriteError,
    httpx2.PoolTimeout,
    httpx2.RemoteProtocolError,
    httpx2.DecodingError,
    ConnectionResetError,
    TimeoutError,
]


@pytest.mark.parametrize("error", BROKEN)
async def test_a_broken_connection_is_an_answer_of_status_0(
    wallet: RestWallet, google: Google, error: type[httpx2.TransportError]
) -> None:
    google.api_answers = [breaking(error)]
    assert await patch(wallet) == Answer(status=0, reason=error.__name__)


async def test_broken_json_in_a_good_answer_is_no_answer(
    wallet: RestWallet, google: Google
) -> None:
    google.api_answers = [answer(200, b'{"id": ')]
    assert await patch(wallet) == Answer(status=0, reason=UNREADABLE)


async def test_an_answer_without_end_is_given_up(
    wallet: RestWallet, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "ANSWER_MAX", 1_000)
    google.api_answers = [answer(200, {"x": "x" * 1_000})]
    assert await patch(wallet) == Answer(status=0, reason="TooLong")


async def test_google_is_not_followed_elsewhere(wallet: RestWallet, google: Google) -> None:
    google.api_answers = [answer(307, headers={"location": "https://elsewhere.test/"})]
    assert (await patch(wallet)).status == 307
    assert len(google.api_requests) == 1


async def test_errors_bring_their_reason_and_when_to_come_back(
    wallet: RestWallet, google: Google
) -> None:
    error = {"code": 403, "message": "Slow down", "errors": [{"reason": "rateLimitExceeded"}]}
    google.api_answers = [answer(403, {"error": error}, {"Retry-After": "3"})]
    assert await patch(wallet) == Answer(
        status=403, reason="rateLimitExceeded", message="Slow down", retry_after=3.0
    )


async def test_an_issuer_that_is_not_here_is_an_answer_too(
    wallet: RestWallet, google: Google
) -> None:
    found = await wallet.call(77, "GET", PATH)
    assert (found.status, found.reason) == (0, NO_ISSUER)
    assert not google.token_requests


async def test_each_account_has_a_token_of_its_own(
    wallet: RestWallet, google: Google, ports: Ports
) -> None:
    other = account_json(client_email="other@shop-2.iam.gserviceaccount.com")
    await keep_issuer(ports, 2, "3388000000087654321", file=other)
    google.token_answers = [token("one"), token("two")]
    await patch(wallet)
    await wallet.call(2, "GET", PATH)
    await patch(wallet)
    sent = [request.headers["authorization"] for request in google.api_requests]
    assert sent == ["Bearer one", "Bearer two", "Bearer one"]


async def test_who_gives_up_waiting_does_not_end_the_token_of_the_others(
    wallet: RestWallet, google: Google
) -> None:
    first, second = asyncio.create_task(patch(wallet)), asyncio.create_task(patch(wallet))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).status == 200
    assert first.cancelled()
    assert len(google.token_requests) == 1


async def test_no_line_of_the_log_holds_a_token_an_address_or_an_id(
    wallet: RestWallet, google: Google
) -> None:
    error = {"code": 400, "message": "3388.8f3a01 of Camille", "errors": [{"reason": "invalid"}]}
    google.api_answers = [answer(400, {"error": error}), REFUSED, REFUSED, answer(500, b"secret")]
    google.token_answers = [token("secret-token"), token("secret-2"), answer(400, {"error": "no"})]
    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            await patch(wallet)
    written = str(logs)
    assert len(logs) >= 4
    for secret in ("secret", EMAIL, "8f3a01", "Camille", "PRIVATE", "eyJ"):
        assert secret not in written
    assert {name for line in logs for name in line} == {
        *("event", "log_level", "method", "status", "code"),
    }


Speaking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None]"]


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
    writer.close()


async def _nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\x00\xffnothing of HTTP\r\n\r\n")
    writer.close()


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("speaking", [_cut, _half, _nonsense, _trickle])
async def test_a_real_connection_that_fails_is_an_answer(
    speaking: Speaking, issuers: Issuers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "WHOLE_SECONDS", 0.3)
    server = await asyncio.start_server(speaking, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with ThreadPoolExecutor(1) as threads:
        wallet = RestWallet(
            issuers, clock=FrozenClock(), api_url=url, token_url=url, executor=threads
        )
        assert (await patch(wallet)).status == 0
        await wallet.close()
    server.close()
