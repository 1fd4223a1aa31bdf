"""The fake Google inside the app: behind its gate, beside its routes."""

from __future__ import annotations

import httpx2
import pytest

from app.clock import FrozenClock
from app.ids import SeededRandomness
from app.main import Extras
from app.sandbox.android import AndroidPhone
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.google_mount import PATH, mount
from app.sandbox.phone import Answer
from tests.flows.conftest import World, settings, world  # noqa: F401
from tests.sandbox.google_world import (
    API,
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    account_of,
    card_class,
    card_object,
)


@pytest.fixture
def google(clock: FrozenClock) -> FakeGoogle:
    """Make the fake that the app carries."""
    return FakeGoogle(account_of(), ISSUER, clock=clock, randomness=SeededRandomness(5))


@pytest.fixture
def extras(google: FakeGoogle) -> Extras:
    """Hang it into the app."""
    return Extras(routes=(mount(google),))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Nothing here depends on the engine."""
    return sqlite_url


async def test_token_rest_keys_and_save_page_answer_below_the_mount(
    world: World,  # noqa: F811
    google: FakeGoogle,
) -> None:
    google.base_url = world.url + PATH
    caller = GoogleWorld()  # signs what the account would
    caller.google.base_url = google.base_url

    async def ask(method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = await world.client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": caller.assertion(),
    }
    token = (await world.client.post(f"{PATH}/token", data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = await world.client.post(
        f"{PATH}{API}/loyaltyClass?fields=id", json=card_class(), headers=headers
    )
    assert (made.status_code, made.json()) == (200, {"id": CLASS_ID})
    assert len((await world.client.get(f"{PATH}/keys")).json()["keys"]) == 2
    phone = AndroidPhone(ask, google, account="camille")
    link = caller.link(objects=[card_object()])
    page = await world.client.get(link)
    assert "Maison Verte" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert await phone.save(link) == [OBJECT_ID]
    assert set(phone.wallet) == {OBJECT_ID}
    await google.close()


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/save/", "/save/a%2Fb", "/token"])
async def test_what_is_not_there_is_never_a_fault(world: World, path: str) -> None:  # noqa: F811
    for method in ("GET", "POST", "DELETE"):
        answer = await world.client.request(method, PATH + path, content=b"")
        assert 400 <= answer.status_code < 500, (method, path, answer.text)


async def test_other_routes_of_the_sandbox_are_untouched(world: World) -> None:  # noqa: F811
    assert (await world.client.get("/sandbox/nothing")).status_code == 404
    assert (await world.client.get("/sandbox/googlex")).status_code == 404
    assert (await world.client.get("/healthz")).status_code == 200


async def test_a_body_that_never_ends_is_not_kept(world: World) -> None:  # noqa: F811
    with pytest.raises(httpx2.HTTPError):
        await world.client.post(f"{PATH}/token", content=b"x" * (1024 * 1024 + 1))
