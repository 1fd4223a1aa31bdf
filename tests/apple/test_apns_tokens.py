"""Pushing with a team's token: one for all, renewed in time and never too often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.apple.credentials import TokenCredential
from app.apple.push import PushAnswer
from app.apple.tokens import ProviderToken
from app.clock import FrozenClock
from app.sandbox.certificates import PASS_TYPE, PUSH_KEY_ID, SECOND_PASS_TYPE, TEAM
from app.sandbox.fake_apple_orders import Answer
from tests.apple.apns_world import World, running, within

OK = PushAnswer(200)
EXPIRED = Answer(403, "ExpiredProviderToken")


@pytest.fixture
async def world(tmp_path_factory) -> AsyncIterator[World]:
    async with running(tmp_path_factory.getbasetemp() / "token-certs") as world:
        world.credentials[PASS_TYPE] = world.by_token
        yield world
        assert list(world.apple.violations) == []


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def token_of(clock, chance: float = 0.5, key=None) -> ProviderToken:
    key = key or ec.generate_private_key(ec.SECP256R1())
    return ProviderToken(TEAM, PUSH_KEY_ID, pem(key), clock=clock, chance=lambda: chance)


async def test_a_batch_sends_one_push_first_and_the_rest_after_it_was_accepted(world) -> None:
    assert set(await world.push_all(300)) == {OK}  # the fake notes a second stream as a violation
    assert world.apple.connections_made == 1


async def test_tokens_are_renewed_for_days_without_a_refusal(world) -> None:
    for _ in range(200):
        assert set(await world.push_all(3)) == {OK}
        world.clock.forward(17 * 60)
    assert world.apns.stats() == {"connections": 1, "pushed": 600, "open_circuits": 0}


async def test_an_expired_token_is_replaced_once_it_is_old_enough(world) -> None:
    assert await world.push() == OK
    world.clock.forward(25 * 60)
    world.apple.order(EXPIRED, EXPIRED, EXPIRED)
    assert set(await world.push_all(50)) == {OK}
    assert world.apple.connections_made == 1


async def test_an_expired_token_that_is_new_is_not_replaced(world) -> None:
    assert await world.push() == OK
    world.apple.order(EXPIRED)
    assert await world.push() == PushAnswer(403, "ExpiredProviderToken")


async def test_too_many_updates_pause_the_connection_and_keep_the_token(world) -> None:
    refused = PushAnswer(429, "TooManyProviderTokenUpdates")
    assert await world.push() == OK
    world.apple.order(Answer(429, "TooManyProviderTokenUpdates"))
    assert await world.push() == refused
    assert set(await world.push_all(20)) == {refused}
    assert (len(world.apple.pushes), world.apple.connections_made) == (1, 1)
    world.clock.forward(301)
    assert await world.push() == OK
    assert world.apple.connections_made == 1


async def test_a_key_that_apple_does_not_know_stops_at_once(world) -> None:
    stranger = pem(ec.generate_private_key(ec.SECP256R1()))
    world.credentials[PASS_TYPE] = TokenCredential(team=TEAM, key_id=PUSH_KEY_ID, key=stranger)
    assert await world.push() == PushAnswer(403, "InvalidProviderToken")
    assert await world.push() == PushAnswer(403, "InvalidProviderToken")
    assert world.apple.connections_made == 1


async def test_a_team_may_not_push_for_another_teams_topic(world) -> None:
    world.credentials[SECOND_PASS_TYPE] = world.by_token
    assert await world.push() == OK
    assert await world.push(topic=SECOND_PASS_TYPE) == PushAnswer(400, "TopicDisallowed")
    assert world.apple.connections_made == 1  # one team, one connection


async def test_a_changed_credential_takes_a_new_connection_and_closes_the_old_one(world) -> None:
    assert await world.push() == OK
    world.credentials[PASS_TYPE] = world.by_certificate[PASS_TYPE]
    assert await world.push() == OK
    while len(world.apple.connections) > 1:
        await asyncio.wait({asyncio.ensure_future(world.push())})
    assert world.apple.connections_made == 2


async def test_the_fake_refuses_old_foreign_and_future_tokens(world) -> None:
    judge, now = world.apple.token_judge, world.clock.wall() // 10**6
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(world.by_token.key, None)

    def bearer(claims, kid=PUSH_KEY_ID, signer=key, algorithm="ES256") -> str:
        return "bearer " + jwt.encode(claims, signer, algorithm=algorithm, headers={"kid": kid})

    invalid = Answer(403, "InvalidProviderToken")
    assert judge.judge(bearer({"iss": TEAM, "iat": now - 3601})) == EXPIRED
    assert judge.judge(bearer({"iss": TEAM, "iat": now + 61})) == invalid
    assert judge.judge(bearer({"iss": "OTHERTEAM1", "iat": now})) == invalid
    assert judge.judge(bearer({"iss": TEAM, "iat": now}, kid="UNKNOWNKEY")) == invalid
    assert judge.judge(bearer({"iss": TEAM})) == invalid
    assert (
        judge.judge(bearer({"iss": TEAM, "iat": now}, signer="s" * 32, algorithm="HS256"))
        == invalid
    )
    assert judge.judge("bearer nonsense") == invalid
    assert judge.judge("") == Answer(403, "MissingProviderToken")
    assert judge.judge(bearer({"iss": TEAM, "iat": now})) == TEAM
    assert judge.judge(bearer({"iss": TEAM, "iat": now - 1})) == Answer(
        429, "TooManyProviderTokenUpdates"
    )


def test_a_token_lives_for_forty_minutes_give_or_take_five() -> None:
    for chance, minutes in ((0.0, 35), (0.5, 40), (1.0, 45)):
        clock = FrozenClock()
        token = token_of(clock, chance)
        first = token.bearer()
        clock.forward(minutes * 60 - 1)
        assert token.bearer() == first
        clock.forward(1)
        assert token.bearer() != first


def test_a_token_names_key_team_and_time() -> None:
    clock = FrozenClock()
    key = ec.generate_private_key(ec.SECP256R1())
    encoded = token_of(clock, key=key).bearer().removeprefix("bearer ")
    assert jwt.get_unverified_header(encoded) == {"alg": "ES256", "kid": PUSH_KEY_ID, "typ": "JWT"}
    options = {"verify_iat": False}
    claims = jwt.decode(encoded, key.public_key(), algorithms=["ES256"], options=options)
    assert claims == {"iss": TEAM, "iat": clock.wall() // 10**6}


def test_a_refused_token_is_not_renewed_within_twenty_minutes() -> None:
    clock = FrozenClock()
    token = token_of(clock)
    first = token.bearer()
    clock.forward(20 * 60 - 1)
    assert not token.renew_refused()
    assert token.bearer() == first
    clock.forward(1)
    assert token.renew_refused()
    assert token.bearer() != first


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())]
)
def test_a_key_of_another_kind_is_refused(key) -> None:
    with pytest.raises(ValueError, match="P-256"):
        token_of(FrozenClock(), key=key)


async def test_the_fake_refuses_a_second_stream_before_the_first_is_accepted(world) -> None:
    from tests.sandbox.h2_client import Client

    async with Client(world.apple, world.certificates) as client:
        await client.send(client.push(), client.push())
        assert await within(client.ended())
    assert list(world.apple.violations) == ["a second stream before the first was accepted"]
    world.apple.violations.clear()
