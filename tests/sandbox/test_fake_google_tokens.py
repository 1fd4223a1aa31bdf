"""The fake Google's token page believes a genuine assertion only, and its tokens end."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.clock import SECOND, FrozenClock
from app.sandbox.fake_google_orders import Say
from tests.sandbox.google_world import (
    API,
    ISSUER,
    GoogleWorld,
    account_of,
    reason_of,
)

NOW = FrozenClock().wall() // SECOND


@pytest.fixture
def world() -> GoogleWorld:
    return GoogleWorld()


async def test_a_genuine_assertion_is_worth_a_token_for_an_hour(world) -> None:
    answer = (await world.ask_token()).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    world.token = answer["access_token"]
    world.clock.forward(3599)
    assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 200
    world.clock.forward(1)
    old = await world.call("GET", "/loyaltyClass", issuerId=ISSUER)
    assert reason_of(old) == (401, "authError")
    assert "Bearer" in old.headers["www-authenticate"]


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other@x.iam.gserviceaccount.com"},
        {"iss": None},
        {"aud": "https://oauth2.example.org/token"},
        {"aud": ["https://oauth2.googleapis.com/token"]},
        {"scope": "https://www.googleapis.com/auth/other"},
        {"scope": None},
        {"iat": None},
        {"exp": None},
        {"exp": NOW + 3601},
        {"exp": NOW, "iat": NOW - 60},
        {"exp": NOW - 1, "iat": NOW - 60},
        {"iat": NOW * 1000, "exp": NOW * 1000 + 60},
        {"iat": NOW + 300, "exp": NOW + 600},
        {"iat": float(NOW)},
        {"iat": str(NOW)},
        {"algorithm": "RS384"},
        {"kid": "k2"},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
    ],
)
async def test_any_other_assertion_is_refused(world, changed) -> None:
    answer = await world.ask_token(world.assertion(**changed))
    assert (answer.status_code, answer.json()["error"][:8]) == (400, "invalid_")


async def test_what_is_no_assertion_is_refused(world) -> None:
    assert (await world.ask_token("x")).json()["error"] == "invalid_grant"
    answer = await world.ask_token(grant="password")
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_tokens_can_be_revoked_early(world) -> None:
    assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 200
    world.google.revoke_tokens()
    assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 401
    assert [seen.status for seen in world.google.calls] == [200, 401]


async def test_without_a_token_nothing_is_answered(world) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"}):
        answer = await world.client.get(f"{API}/loyaltyClass?issuerId={ISSUER}", headers=headers)
        assert answer.status_code == 401


async def test_an_account_works_only_for_who_invited_it(world) -> None:
    other = "3388000000000000009"
    denied = await world.call("GET", "/loyaltyClass", issuerId=other)
    assert reason_of(denied) == (403, "permissionDenied")
    world.google.invite(account_of(), other)
    assert (await world.call("GET", "/loyaltyClass", issuerId=other)).status_code == 200
    world.google.expel(account_of(), ISSUER)
    assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 403


async def test_the_token_page_obeys_orders_that_name_it(world) -> None:
    world.google.order(Say(503), path="/token")
    assert (await world.ask_token()).status_code == 503
    assert (await world.ask_token()).status_code == 200
    assert world.google.tokens.given == 1
