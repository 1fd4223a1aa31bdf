"""The cookie of the pages: who gets it, that it signs in, that it lasts and that it ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.settings import Settings
from tests.flows.conftest import World
from tests.users.people import ANA, ask_for_code, bearer, guest, me

PAGE = {"Sec-Fetch-Site": "same-origin"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400  # seconds
KEPT = "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"


async def page(world: World, method: str, path: str, token: str = "", **more: Any) -> Any:
    """Send a request as a page of ours does."""
    headers = PAGE | ({"Cookie": f"__Host-session={token}"} if token else {})
    return await world.client.request(
        method, path, headers=headers | more.pop("headers", {}), **more
    )


def token_of(answer: Any) -> str:
    """Return the token in the cookie that an answer sets."""
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-session"
    return str(rest.partition(";")[0])


async def page_guest(world: World) -> str:
    """Begin on a page without an address; return the cookie's token."""
    return token_of(await page(world, "POST", "/v1/guests", headers={"Idempotency-Key": "k"}))


async def page_sign_in(world: World, email: str, token: str = "") -> Any:
    """Sign in on a page."""
    body = {"email": email, "code": await ask_for_code(world, email)}
    return await page(world, "POST", "/v1/sign-in", token, json=body)


async def test_a_page_gets_the_cookie_and_no_token(world: World) -> None:
    answer = await page_sign_in(world, ANA)
    assert answer.status_code == 201
    assert set(answer.json()) == {"user"}
    assert answer.headers["set-cookie"] == f"__Host-session={token_of(answer)}{KEPT}"
    shown = await page(world, "GET", "/v1/me", token_of(answer))
    assert (shown.status_code, shown.json()) == (200, answer.json()["user"])


async def test_a_guests_page_gets_the_cookie_and_the_same_one_again(world: World) -> None:
    key = {"Idempotency-Key": "k"}
    first = await page(world, "POST", "/v1/guests", headers=key)
    again = await page(world, "POST", "/v1/guests", headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert set(first.json()) == {"user"}
    assert token_of(first) == token_of(again)
    assert again.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}],
)
async def test_whoever_is_no_page_of_ours_gets_a_token_and_no_cookie(
    world: World, headers: dict[str, str]
) -> None:
    answer = await world.client.post("/v1/guests", headers=headers | {"Idempotency-Key": "k"})
    assert answer.json()["token"].startswith("pcu_test_")
    assert "set-cookie" not in answer.headers


async def test_an_older_browsers_page_is_known_by_its_origin(world: World) -> None:
    headers = {"Origin": world.url, "Idempotency-Key": "k"}
    answer = await world.client.post("/v1/guests", headers=headers)
    assert token_of(answer).startswith("pcu_test_")


async def test_a_guest_who_signs_in_on_a_page_keeps_his_cards_and_his_old_session_ends(
    world: World,
) -> None:
    token = await page_guest(world)
    before = (await page(world, "GET", "/v1/me", token)).json()
    answer = await page_sign_in(world, ANA, token)
    assert answer.json()["user"] == before | {"email": ANA}
    assert (await page(world, "GET", "/v1/me", token)).status_code == 401
    sessions = await page(world, "GET", "/v1/sessions", token_of(answer))
    assert len(sessions.json()["items"]) == 1


async def test_a_program_that_signs_in_with_a_guests_token_keeps_that_session(
    world: World,
) -> None:
    token = (await guest(world))["token"]
    body = {"email": ANA, "code": await ask_for_code(world, ANA)}
    answer = await world.client.post("/v1/sign-in", json=body, headers=bearer(token) | PAGE)
    assert answer.json()["token"].startswith("pcu_test_")
    assert "set-cookie" not in answer.headers
    assert (await me(world, token)).status_code == 200


async def test_signing_out_takes_the_cookie_away(world: World) -> None:
    token = await page_guest(world)
    answer = await page(world, "POST", "/v1/sign-out", token)
    assert answer.status_code == 204
    gone = "__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    assert answer.headers["set-cookie"] == gone
    assert (await page(world, "GET", "/v1/me", token)).status_code == 401


async def test_a_page_can_sign_in_over_a_cookie_that_has_died(world: World) -> None:
    token = await page_guest(world)
    await page(world, "POST", "/v1/sign-out", token)
    assert (await page_sign_in(world, ANA, token)).status_code == 201
    assert (await page_sign_in(world, ANA, "rubbish")).status_code == 201


async def test_the_cookie_is_renewed_as_its_session_is(world: World) -> None:
    token = await page_guest(world)
    world.clock.forward(_HOUR - _MINUTE)
    assert "set-cookie" not in (await page(world, "GET", "/v1/me", token)).headers
    world.clock.forward(2 * _MINUTE)
    used = await page(world, "GET", "/v1/me", token)
    assert used.headers["set-cookie"] == f"__Host-session={token}{KEPT}"
    world.clock.forward(29 * _DAY)
    assert (await page(world, "GET", "/v1/me", token)).status_code == 200
    world.clock.forward(2 * _HOUR)
    gone = await page(world, "POST", "/v1/sign-out", token)
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert len(gone.headers.get_list("set-cookie")) == 1


async def test_a_token_in_a_header_is_never_put_into_a_cookie(world: World) -> None:
    token = (await guest(world))["token"]
    world.clock.forward(2 * _HOUR)
    answer = await world.client.get("/v1/me", headers=bearer(token) | PAGE)
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}]
)
async def test_another_sites_page_cannot_use_the_cookie(
    world: World, headers: dict[str, str]
) -> None:
    token = await page_guest(world)
    body = {"email": ANA, "code": await ask_for_code(world, ANA)}
    cookie = {"Cookie": f"__Host-session={token}"}
    for path in ("/v1/sign-in", "/v1/sign-out"):
        answer = await world.client.post(path, json=body, headers=cookie | headers)
        assert answer.status_code == 401
    assert (await page(world, "GET", "/v1/me", token)).status_code == 200


class TestOnANetworkWithoutTls:
    """A sandbox that phones in the house reach over plain http."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Serve under a name that is not this machine's own."""
        return msgspec.structs.replace(settings, public_url="http://shop.lan:8000")

    async def test_the_sandboxs_cookie_has_a_name_that_browsers_keep(self, world: World) -> None:
        host = {"Host": "shop.lan:8000"}
        answer = await page(world, "POST", "/v1/guests", headers=host | {"Idempotency-Key": "k"})
        given = answer.headers["set-cookie"]
        assert given.startswith("session=pcu_test_")
        assert "Secure" not in given
        cookie = {"Cookie": given.partition(";")[0]}
        shown = await page(world, "GET", "/v1/me", headers=host | cookie)
        assert shown.status_code == 200
        assert (await page(world, "GET", "/v1/me", headers=cookie)).status_code == 401
