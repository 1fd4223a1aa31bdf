"""Bytes that no authenticator sends: WebAuthn's JSON and CBOR are read or refused, never worse."""

from __future__ import annotations

import random
from typing import Any

import cbor2
import pytest

from app.users.ceremonies import (
    Site,
    challenge_in,
    check_registration,
    check_sign_in,
    from_base64url,
)
from tests.users.authenticator import ORIGIN, Authenticator, b64, from_b64

SITE = Site("localhost", (ORIGIN,))
CHALLENGE = bytes(range(32))
TURNS = 1_500
CREATE = {"rp": {"id": "localhost"}, "user": {"id": b64(b"u" * 16)}, "challenge": b64(CHALLENGE)}
GET = {"rpId": "localhost", "challenge": b64(CHALLENGE)}


def bent(part: str, draw: random.Random) -> str:
    """Change some bytes of a part, cut it, or make it longer."""
    raw = bytearray(from_b64(part))
    for _ in range(draw.choice([1, 1, 2, 5, 40])):
        raw[draw.randrange(len(raw))] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
    if draw.random() < 0.3:
        del raw[draw.randrange(1, len(raw) + 1) :]
    if draw.random() < 0.2:
        raw += draw.randbytes(draw.randrange(1, 60))
    return b64(bytes(raw)) or "AA"


def test_a_whole_answer_is_read() -> None:
    device = Authenticator()
    made = check_registration(SITE, CHALLENGE, device.register(CREATE))
    assert made is not None
    count = check_sign_in(SITE, CHALLENGE, device.sign_in(GET), public_key=made.public_key)
    assert count == 1


def test_bent_registrations_are_refused_or_name_the_same_key() -> None:
    draw = random.Random(1)
    whole = check_registration(SITE, CHALLENGE, Authenticator().register(CREATE))
    assert whole is not None
    for _ in range(TURNS):
        given = Authenticator().register(CREATE)
        part = draw.choice(["clientDataJSON", "attestationObject"])
        given["response"][part] = bent(given["response"][part], draw)
        challenge_in(given["response"]["clientDataJSON"])
        check_registration(SITE, CHALLENGE, given)


def test_a_bent_signature_or_what_it_signs_is_always_refused() -> None:
    draw = random.Random(2)
    device = Authenticator()
    made = check_registration(SITE, CHALLENGE, device.register(CREATE))
    assert made is not None
    for _ in range(TURNS // 3):
        given = device.sign_in(GET)
        part = draw.choice(["clientDataJSON", "authenticatorData", "signature"])
        whole = given["response"][part]
        given["response"][part] = bent(whole, draw)
        if from_b64(given["response"][part]) != from_b64(whole):
            found = check_sign_in(SITE, CHALLENGE, given, public_key=made.public_key)
            assert found is None, (part, given)


@pytest.mark.parametrize(
    "attestation",
    [
        b"",
        b"\xff",
        b"\x81" * 9_000,
        b"\x9b" + b"\xff" * 8,
        b"\x5b\x7f" + b"\xff" * 7,
        b"\xbb\x00\x00\x00\x00\xff\xff\xff\xff",
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b""}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"}),
        cbor2.dumps({"fmt": 7, "attStmt": [], "authData": bytes(37)}),
        cbor2.dumps({"fmt": "tpm", "attStmt": {"x5c": [b"x"]}, "authData": bytes(200)}),
        b"\xc5\x82\x1b" + b"\x7f" * 8 + b"\x01",
        b"\xd8\x1e\x82\x01\x00",
        b"\xd8\x23\x63(a+",
    ],
)
def test_odd_cbor_is_refused(attestation: bytes) -> None:
    given: dict[str, Any] = Authenticator().register(CREATE)
    given["response"]["attestationObject"] = b64(attestation) or "AA"
    assert check_registration(SITE, CHALLENGE, given) is None


@pytest.mark.parametrize(
    "client",
    [b"", b"[]", b"null", b'{"challenge": 1}', b'{"challenge": "*"}', b"\xff", b"[" * 9_000, b"{}"],
)
def test_client_data_that_names_no_challenge_has_none(client: bytes) -> None:
    assert challenge_in(b64(client)) is None


@pytest.mark.parametrize("text", ["A", "A*", "é", "AA\n", "A A"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|ascii|ASCII"):
        from_base64url(text)
