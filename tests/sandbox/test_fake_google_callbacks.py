"""The fake Google calls back as Google does: signed, and as awkward as a test orders it."""

from __future__ import annotations

import base64
import struct

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.clock import DAY
from app.sandbox.fake_google_callbacks import (
    Duplicate,
    Expired,
    Foreign,
    Late,
    Lost,
    NonAscii,
    Swapped,
)
from tests.sandbox.google_world import (
    CALLBACKS,
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    card_class,
    card_object,
)


@pytest.fixture
async def world() -> GoogleWorld:
    world = GoogleWorld()
    await world.card()
    return world


def is_signed(key: str, signature: str, *texts: str) -> bool:
    data = b"".join(struct.pack("<I", len(raw)) + raw for raw in map(str.encode, texts))
    public = serialization.load_der_public_key(base64.b64decode(key, validate=True))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(base64.b64decode(signature, validate=True), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def verified(body: bytes, roots: dict, issuer: str = ISSUER) -> bool:
    """Verify as google.md §8 says, written apart from what the app does."""
    said = msgspec.json.decode(body)
    middle = said["intermediateSigningKey"]
    key = msgspec.json.decode(middle["signedKey"])
    sender, protocol = "GooglePayPasses", "ECv2SigningOnly"
    return any(
        is_signed(root["keyValue"], each, sender, protocol, middle["signedKey"])
        for root in roots["keys"]
        if root["protocolVersion"] == protocol and "keyExpiration" in root
        for each in middle["signatures"]
    ) and is_signed(
        key["keyValue"], said["signature"], sender, issuer, protocol, said["signedMessage"]
    )


async def keys(world: GoogleWorld) -> dict:
    return (await world.client.get("/keys")).json()


async def save(world: GoogleWorld, account: str = "camille") -> None:
    await world.phone(account).save(world.link(objects=[{"id": OBJECT_ID}]))
    await world.google.callbacks.settle()


async def saves(world: GoogleWorld, *orders) -> list[dict]:
    """Save, remove, save, remove … once an order; return what arrived."""
    world.google.callbacks.orders.extend(orders)
    for index, _ in enumerate(orders):
        if index % 2:
            await world.phone().remove(OBJECT_ID)
        else:
            await save(world)
        await world.google.callbacks.settle()
    return world.shop.messages


async def test_a_save_and_a_removal_are_called_back_signed(world) -> None:
    await save(world)
    await world.phone().remove(OBJECT_ID)
    await world.google.callbacks.settle()
    first, second = world.shop.messages
    assert (first["eventType"], second["eventType"]) == ("save", "del")
    assert (first["objectId"], first["classId"]) == (OBJECT_ID, CLASS_ID)
    assert (first["count"], second["count"]) == (1, 2)
    assert first["nonce"] != second["nonce"]
    assert first["expTimeMillis"] > world.clock.wall() // 1000
    roots = await keys(world)
    assert all(verified(body, roots) for body in world.shop.bodies)
    assert not any(verified(body, roots, "3388000000000000001") for body in world.shop.bodies)
    assert [(it.url, it.status) for it in world.google.callbacks.sent] == [(CALLBACKS, 200)] * 2


async def test_the_key_page_lists_keys_of_an_older_protocol_too(world) -> None:
    listed = (await keys(world))["keys"]
    assert [key["protocolVersion"] for key in listed] == ["ECv2SigningOnly", "ECv1"]
    assert int(listed[0]["keyExpiration"]) > world.clock.wall() // 1000
    assert "keyExpiration" not in listed[1]


async def test_keys_rotate_and_old_ones_stay_listed_until_they_expire(world) -> None:
    before = await keys(world)
    world.google.keys.rotate_intermediate()
    await save(world)
    assert verified(world.shop.bodies[-1], before)
    world.google.keys.rotate_root()
    await save(world)
    assert not verified(world.shop.bodies[-1], before)
    after = await keys(world)
    assert len(after["keys"]) == 3
    assert verified(world.shop.bodies[-1], after)
    world.google.keys.rotate_root(keeps_old=False)
    assert len((await keys(world))["keys"]) == 2


async def test_keys_are_renewed_before_they_expire(world) -> None:
    world.clock.forward(400 * DAY // 1_000_000)
    await save(world)
    now_ms = world.clock.wall() // 1000
    roots = await keys(world)
    assert all(int(key.get("keyExpiration", now_ms + 1)) > now_ms for key in roots["keys"])
    assert verified(world.shop.bodies[-1], roots)


async def test_a_callback_may_come_twice_late_never_or_out_of_order(world) -> None:
    messages = await saves(world, Duplicate(), Lost(), Swapped(), Duplicate(times=1))
    assert [it["count"] for it in messages] == [1, 1, 4, 3]
    world.google.callbacks.orders.append(Late(30))
    await save(world)
    assert len(world.shop.messages) == 4
    world.clock.forward(30)
    await world.google.callbacks.settle()
    assert world.shop.messages[-1]["count"] == 5


async def test_a_callback_may_be_expired_foreign_or_not_ascii(world) -> None:
    other = "3388000000000000001"
    messages = await saves(world, Expired(), Foreign(), Foreign(keeps_ids=True), NonAscii())
    assert messages[0]["expTimeMillis"] < world.clock.wall() // 1000
    assert messages[1]["objectId"].startswith(f"{other}.")
    assert messages[2]["objectId"] == OBJECT_ID
    assert not messages[3]["note"].isascii()
    roots = await keys(world)
    issuers = (ISSUER, other, other, ISSUER)
    for body, issuer in zip(world.shop.bodies, issuers, strict=True):
        assert verified(body, roots, issuer)


async def test_a_refused_callback_is_tried_again_when_asked_to(world) -> None:
    world.google.callbacks.retry_seconds = (10, 60)
    world.shop.statuses = [503, 503]
    await save(world)
    for seconds in (10, 60):
        world.clock.forward(seconds)
        await world.google.callbacks.settle()
    assert [it["count"] for it in world.shop.messages] == [1, 1, 1]
    assert [it.status for it in world.google.callbacks.sent] == [503, 503, 200]


async def test_robots_txt_can_shut_google_out(world) -> None:
    world.shop.robots = "User-agent: *\nDisallow: /google/\n"
    await save(world)
    assert (world.shop.bodies, world.google.callbacks.barred) == ([], {CALLBACKS})
    world.shop.robots = "User-agent: *\nDisallow: /\nAllow: /google/callbacks\n\nUser-agent: Googlebot\nAllow: /google/callbacks\n"
    await save(world)
    assert len(world.shop.bodies) == 1


async def test_a_class_without_an_address_is_not_called_back() -> None:
    world = GoogleWorld()
    silent = card_class()
    del silent["callbackOptions"]
    await world.phone().save(world.link(classes=[silent], objects=[card_object()]))
    await world.google.callbacks.settle()
    assert not world.google.callbacks.sent
    await world.google.close()
