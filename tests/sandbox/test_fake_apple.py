"""The fake APNs is as strict as Apple's: what passes here has a chance there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.apple import frames
from app.sandbox.certificates import SECOND_PASS_TYPE
from tests.apple.apns_world import World, running, within
from tests.sandbox.h2_client import Client


@pytest.fixture
async def world(tmp_path_factory) -> AsyncIterator[World]:
    async with running(tmp_path_factory.getbasetemp() / "fake-apple-certs") as world:
        yield world


@pytest.fixture
async def client(world) -> AsyncIterator[Client]:
    signer = world.certificates.signers[0]
    async with Client(world.apple, world.certificates, signer) as client:
        yield client


async def test_a_good_push_is_accepted_remembered_and_told(world, client) -> None:
    heard = []
    world.apple.on_push = heard.append
    assert await within(client.ask(client.push())) == (200, None)
    assert heard == list(world.apple.pushes)
    assert heard[0].at == world.clock.wall()


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({":method": "GET"}, 405, "MethodNotAllowed"),
        ({":path": "/3/device/"}, 404, "BadPath"),
        ({":path": "/3/device/aa/bb"}, 404, "BadPath"),
        ({":path": "/3/device/abc"}, 400, "BadDeviceToken"),
        ({":path": "/3/device/zz"}, 400, "BadDeviceToken"),
        ({":path": "/3/device/" + "a" * 202}, 400, "BadDeviceToken"),
        ({"apns-topic": None}, 400, "MissingTopic"),
        ({"apns-topic": SECOND_PASS_TYPE}, 400, "TopicDisallowed"),
        ({"apns-push-type": "alert"}, 400, "InvalidPushType"),
        ({"apns-push-type": None}, 400, "InvalidPushType"),
        ({"apns-priority": "10"}, 400, "BadPriority"),
        ({"apns-expiration": "soon"}, 400, "BadExpirationDate"),
        ({"apns-expiration": "5"}, 400, "BadExpirationDate"),
        ({"apns-expiration": "9" * 30}, 400, "BadExpirationDate"),
    ],
)
async def test_a_wrong_header_has_apples_reason(world, client, changed, status, reason) -> None:
    assert await within(client.ask(client.push(**changed))) == (status, reason)
    assert not world.apple.pushes


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "PayloadEmpty"),
        (b"[]", 400, "BadPayload"),
        (b'{"aps":{}}', 400, "BadPayload"),
        (b"{", 400, "BadPayload"),
        (b"\xff\xfe", 400, "BadPayload"),
        (b"[" * 4_000, 400, "BadPayload"),
        (b"{" + b" " * 4_095 + b"}", 413, "PayloadTooLarge"),
    ],
)
async def test_a_wrong_body_has_a_reason(client, body, status, reason) -> None:
    assert await within(client.ask(client.push(), body=body)) == (status, reason)


async def test_without_a_certificate_a_token_must_speak(world) -> None:
    async with Client(world.apple, world.certificates) as client:
        assert await within(client.ask(client.push())) == (403, "MissingProviderToken")
        assert await within(client.ask(client.push(authorization="bearer x.y.z"))) == (
            403,
            "InvalidProviderToken",
        )


@pytest.mark.parametrize(
    "data",
    [
        frames.frame(frames.DATA, 0, 1, bytes(20_000)),
        frames.frame(frames.DATA, 1, 1, b"{}"),
        frames.frame(frames.HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
        frames.frame(frames.HEADERS, 5, 2, b"\x83\x87\x84"),
        frames.frame(frames.HEADERS, 5, 1, b"\xbe"),
        frames.window_update(0, 0),
    ],
)
async def test_a_client_that_breaks_http2_is_cut_off(world, client, data) -> None:
    await client.raw(data)
    assert await within(client.ended())
    assert len(world.apple.violations) == 1


async def test_more_streams_than_allowed_are_a_violation(world) -> None:
    world.apple.set_max_streams(3)
    world.apple.delay_seconds = 1.0  # the clock stands still: nothing is answered
    signer = world.certificates.signers[0]
    async with Client(world.apple, world.certificates, signer) as client:
        await client.send(*[client.push()])
        await client.raw(frames.frame(frames.SETTINGS, frames.ACK, 0))  # it holds from now on
        await client.send(*[client.push()] * 3)
        assert await within(client.ended())
    assert world.apple.violations[0].startswith("TooManyStreams")


async def test_distance_delays_each_answer(world) -> None:
    world.apple.delay_seconds = 0.05
    pushes = asyncio.ensure_future(world.push_all(20))
    await asyncio.wait({pushes}, timeout=0.1)
    assert not pushes.done()
    assert not world.apple.pushes
    await world.passing(pushes, step=0.05)
    assert len(world.apple.pushes) == 20


async def test_an_unknown_certificate_is_refused(world, tmp_path) -> None:
    from app.sandbox.certificates import make_development_certificates

    stranger = make_development_certificates(tmp_path, now=world.clock.wall())
    async with Client(world.apple, world.certificates, stranger.signers[0]) as client:
        assert await within(client.ended())
    assert not world.apple.pushes
