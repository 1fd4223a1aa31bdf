"""Whatever is sent, the fake Google answers: it never breaks, and refuses without a trace."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sandbox.fake_google_http import Request
from app.sandbox.fake_google_schema import schema
from tests.sandbox.google_world import (
    API,
    CLASS_ID,
    GRANT,
    OBJECT_ID,
    GoogleWorld,
    card_class,
    card_object,
)

NAMES = sorted({name for members in schema().values() for name in members})
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.sampled_from(["", "x", "ACTIVE", "DRAFT", "APPROVED", "QR_CODE", CLASS_ID, "1.2", "é"]),
    st.floats(allow_nan=False, allow_infinity=False),
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(NAMES), trees, max_size=4)


def made() -> tuple[GoogleWorld, dict[str, str]]:
    world = GoogleWorld()
    world.google.memory.insert("class", card_class())
    world.google.memory.insert("object", card_object())
    world.google.memory.objects[OBJECT_ID].holders.append("camille")
    form = f"grant_type={GRANT}&assertion={world.assertion()}".encode()
    token = msgspec.json.decode(world.google.tokens.answer(form).body)["access_token"]
    return world, {"authorization": f"Bearer {token}"}


def ask(world: GoogleWorld, headers: dict[str, str], *, method: str, path: str, body: Any) -> Any:
    world.clock.forward(1)
    return world.google.outcome(
        Request(
            method=method,
            path=API + path,
            query={},
            headers=headers,
            body=body if isinstance(body, bytes) else msgspec.json.encode(body),
        )
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_odd_members_are_taken_or_refused_and_a_refusal_changes_nothing(data) -> None:
    world, headers = made()
    resource = data.draw(st.sampled_from(["loyaltyClass", "loyaltyObject"]))
    usual = card_class() if resource == "loyaltyClass" else card_object()
    path = f"/{resource}/{usual['id']}"
    calls = [
        ("PATCH", path),
        ("PUT", path),
        ("POST", f"/{resource}"),
        ("POST", f"{path}/addMessage"),
    ]
    for method, where in calls:
        odd = data.draw(bodies)
        body = odd if method == "PATCH" else {**usual, **odd}
        if where.endswith("addMessage"):
            body = {"message": {"header": "H", "body": "B", **odd}}
        before = copy.deepcopy((world.google.memory.classes, world.google.memory.objects))
        reply = ask(world, headers, method=method, path=where, body=body)
        assert reply.status in {200, 400, 403, 404, 409}, reply.body
        msgspec.json.decode(reply.body)
        if reply.status != 200:
            assert (world.google.memory.classes, world.google.memory.objects) == before
        for kept in world.google.memory.objects:
            world.phone().wallet.get(kept)
    phone = world.phone()
    assert phone.shown(OBJECT_ID, at=world.clock.wall()).object_id == OBJECT_ID


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["/jwt", "/jwt/validate", "/loyaltyObject", "/x"]))
def test_odd_bytes_are_refused(body: bytes, path: str) -> None:
    world, headers = made()
    reply = ask(world, headers, method="POST", path=path, body=body)
    assert 400 <= reply.status < 500


@settings(max_examples=100, deadline=None)
@given(trees)
def test_odd_payloads_of_jwts_are_refused(payload: Any) -> None:
    world, headers = made()
    for text in (payload, {"payload": payload}, {"payload": {"loyaltyObjects": [payload]}}):
        sent = {"jsonResource": {"json": msgspec.json.encode(text).decode()}}
        reply = ask(world, headers, method="POST", path="/jwt/validate", body=sent)
        assert reply.status in {400, 403, 404}, (text, reply.body)
        link = world.link(payload=text).removeprefix(world.google.save_url)
        page = world.google.outcome(
            Request(method="POST", path=f"/save/{link}", query={}, headers={}, body=b"account=a")
        )
        assert 400 <= page.status < 500
