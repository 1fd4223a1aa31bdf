"""Callbacks: what Google signed for us is believed, everything else is refused (google.md §8, §10)."""

from __future__ import annotations

import contextlib
import copy
import json
import struct
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from app.google.verifying import BODY_MAX, BadCallback, Callback, RootKey, verify
from tests.google.callback_signer import (
    HOUR_MS,
    ISSUER,
    NOW_MS,
    CallbackSigner,
    lv,
    new_key,
    sign,
    spki,
)

SIGNER = CallbackSigner()
PROTOCOL = "ECv2SigningOnly"
ROOT = RootKey(key_value=spki(SIGNER.root), protocol=PROTOCOL, expires_ms=NOW_MS + 1_000 * HOUR_MS)
FOREIGN = RootKey(key_value=spki(new_key()), protocol=PROTOCOL, expires_ms=NOW_MS + HOUR_MS)


def judged(body: bytes, **changed: Any) -> Callback:
    return verify(body, **({"roots": [ROOT], "issuers": [ISSUER], "now_ms": NOW_MS} | changed))


def refused(body: bytes, **changed: Any) -> str:
    with pytest.raises(BadCallback) as found:
        judged(body, **changed)
    return found.value.reason


def written(envelope: Any) -> bytes:
    return json.dumps(envelope).encode()


def test_what_google_signed_for_us_is_read() -> None:
    assert judged(SIGNER.body()) == Callback(
        google_issuer=ISSUER,
        class_id=f"{ISSUER}.prog_1",
        object_id=f"{ISSUER}.8f3a01",
        event="save",
        nonce="5a8e5b2c-nonce",
        expires_ms=NOW_MS + HOUR_MS,
    )
    assert judged(SIGNER.body(SIGNER.message(eventType="del"))).event == "del"


def test_moments_may_be_numbers_or_their_digits() -> None:
    message = SIGNER.message(expTimeMillis=str(NOW_MS + 5))
    assert judged(SIGNER.body(message)).expires_ms == NOW_MS + 5
    assert judged(SIGNER.body(key_expires=NOW_MS + 5)).event == "save"


def test_lengths_count_bytes_so_text_beyond_ascii_is_believed() -> None:
    message = json.dumps(SIGNER.message(nonce="né-☕-🎟", note="Café"), ensure_ascii=False)
    assert judged(SIGNER.body(message)).nonce == "né-☕-🎟"
    points = SIGNER.envelope(message, lengths=_in_code_points)
    assert refused(written(points)) in {"root", "signature"}


def _in_code_points(*texts: str) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text.encode() for text in texts)


def test_the_raw_string_is_verified_escapes_and_blanks_and_all() -> None:
    text = json.dumps(SIGNER.message(), indent=2).replace("save", "s\\u0061ve") + "\n"
    assert judged(SIGNER.body(text)).event == "save"
    key = json.dumps({"keyValue": spki(SIGNER.intermediate), "keyExpiration": str(NOW_MS + 9)})
    escaped = SIGNER.envelope(text, signed_key=key.replace("=", "\\u003d"))
    assert judged(written(escaped)).event == "save"
    again = copy.deepcopy(escaped)
    again["signedMessage"] = json.dumps(json.loads(text))
    assert refused(written(again)) == "signature"


def test_one_of_several_roots_and_of_several_signatures_is_enough() -> None:
    envelope = SIGNER.envelope()
    signatures = envelope["intermediateSigningKey"]["signatures"]
    data = lv("GooglePayPasses", PROTOCOL, envelope["intermediateSigningKey"]["signedKey"])
    envelope["intermediateSigningKey"]["signatures"] = [
        sign(new_key(), data),
        "no base64!",
        7,
        *signatures,
    ]
    broken = RootKey(key_value="AAAA", protocol=PROTOCOL, expires_ms=NOW_MS + 1)
    roots = [broken, FOREIGN, ROOT]
    assert judged(written(envelope), roots=roots).event == "save"


def test_each_of_our_issuers_is_tried_and_named() -> None:
    other = "3388000000087654321"
    message = SIGNER.message(classId=f"{other}.a", objectId=f"{other}.b")
    found = judged(SIGNER.body(message, issuer=other), issuers=[ISSUER, other])
    assert found.google_issuer == other


TAMPERED: dict[str, tuple[bytes, str]] = {
    "an expired message": (SIGNER.body(SIGNER.message(expTimeMillis=NOW_MS)), "expired"),
    "an expired intermediate": (SIGNER.body(key_expires=str(NOW_MS)), "intermediate-expired"),
    "an intermediate without expiry": (SIGNER.body(key_expires=None), "expiry"),
    "another issuer's message": (SIGNER.body(issuer="3388000000000000001"), "signature"),
    "the sender GoogleWalletPasses": (SIGNER.body(sender="GoogleWalletPasses"), "root"),
    "the protocol ECv2": (SIGNER.body(protocol="ECv2"), "protocol"),
    "an unknown event": (SIGNER.body(SIGNER.message(eventType="update")), "event"),
    "an event of another kind": (SIGNER.body(SIGNER.message(eventType=["save"])), "event"),
    "no event": (SIGNER.body(SIGNER.message(eventType=None)), "event"),
    "no nonce": (SIGNER.body(SIGNER.message(nonce=None)), "nonce"),
    "an empty nonce": (SIGNER.body(SIGNER.message(nonce="")), "nonce"),
    "a nonce too long": (SIGNER.body(SIGNER.message(nonce="n" * 257)), "nonce"),
    "a nonce with NUL": (SIGNER.body(SIGNER.message(nonce="a\0b")), "nonce"),
    "no expiry": (SIGNER.body(SIGNER.message(expTimeMillis=None)), "expiry"),
    "an expiry of true": (SIGNER.body(SIGNER.message(expTimeMillis=True)), "expiry"),
    "a fraction as expiry": (SIGNER.body(SIGNER.message(expTimeMillis=1.9e12)), "expiry"),
    "a far too late expiry": (SIGNER.body(SIGNER.message(expTimeMillis=10**18)), "expiry"),
    "a negative expiry": (SIGNER.body(SIGNER.message(expTimeMillis="-1")), "expiry"),
    "Arabic digits as expiry": (SIGNER.body(SIGNER.message(expTimeMillis="٣" * 13)), "expiry"),
    "a foreign class": (SIGNER.body(SIGNER.message(classId="3388.a")), "issuer"),
    "a foreign object": (SIGNER.body(SIGNER.message(objectId=f"{ISSUER}9.b")), "issuer"),
    "no object": (SIGNER.body(SIGNER.message(objectId=None)), "objectId"),
    "an object of another kind": (SIGNER.body(SIGNER.message(objectId=7)), "objectId"),
    "another root": (SIGNER.body(root=new_key()), "root"),
    "another intermediate": (
        written(SIGNER.envelope() | {"signature": SIGNER.envelope(intermediate=new_key())["signature"]}),
        "signature",
    ),
    "an empty signature": (written(SIGNER.envelope() | {"signature": ""}), "signature"),
    "a signature of another kind": (written(SIGNER.envelope() | {"signature": 5}), "signature"),
    "a signature that is no base64": (written(SIGNER.envelope() | {"signature": "é="}), "signature"),
    "a message swapped": (
        written(SIGNER.envelope() | {"signedMessage": json.dumps(SIGNER.message(nonce="other"))}),
        "signature",
    ),
    "an intermediate that is a text": (
        written(SIGNER.envelope() | {"intermediateSigningKey": "x"}),
        "intermediate",
    ),
    "no protocol": (written(SIGNER.envelope() | {"protocolVersion": None}), "protocol"),
    "a signed message that is a list": (SIGNER.body("[]"), "json"),
    "a signed message with NaN": (SIGNER.body('{"expTimeMillis": NaN}'), "json"),
    "a signed message with a name twice": (
        SIGNER.body(json.dumps(SIGNER.message())[:-1] + ', "eventType": "del"}'),
        "json",
    ),
    "a signed key that is no JSON": (SIGNER.body(signed_key="x"), "json"),
    "a lone surrogate": (SIGNER.body(SIGNER.message(nonce="\ud800")), "nonce"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_what_is_tampered_with_is_refused(body: bytes, reason: str) -> None:
    assert refused(body) == reason


def test_signatures_must_be_a_short_list() -> None:
    for signatures in (None, {}, "x", [], ["A"] * 9):
        envelope = SIGNER.envelope()
        envelope["intermediateSigningKey"]["signatures"] = signatures
        assert refused(written(envelope)) in {"intermediate", "root"}


@pytest.mark.parametrize(
    "root",
    [
        RootKey(key_value=ROOT.key_value, protocol=PROTOCOL, expires_ms=NOW_MS),
        RootKey(key_value=ROOT.key_value, protocol=PROTOCOL, expires_ms=None),
        RootKey(key_value=ROOT.key_value, protocol="ECv2", expires_ms=NOW_MS + HOUR_MS),
        RootKey(key_value="", protocol=PROTOCOL, expires_ms=NOW_MS + HOUR_MS),
        RootKey(key_value="é", protocol=PROTOCOL, expires_ms=NOW_MS + HOUR_MS),
        FOREIGN,
    ],
    ids=["expired", "without expiry", "of another protocol", "empty", "odd", "foreign"],
)
def test_a_root_that_does_not_count_vouches_for_nothing(root: RootKey) -> None:
    assert refused(SIGNER.body(), roots=[root]) == "root"


def test_without_roots_or_issuers_nothing_is_believed() -> None:
    assert refused(SIGNER.body(), roots=[]) == "root"
    assert refused(SIGNER.body(), issuers=[]) == "signature"


def test_keys_of_another_kind_are_no_keys() -> None:
    p384 = new_key(ec.SECP384R1())
    root = RootKey(key_value=spki(p384), protocol=PROTOCOL, expires_ms=NOW_MS + 1)
    assert refused(SIGNER.body(root=p384), roots=[root]) == "root"
    assert refused(SIGNER.body(intermediate=p384)) == "signature"
    key = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
    signed_key = json.dumps({"keyValue": spki(key), "keyExpiration": NOW_MS + 1})
    assert refused(SIGNER.body(signed_key=signed_key)) == "signature"


def test_surrogates_in_what_is_signed_are_refused_before_anything_is_encoded() -> None:
    for member in ("signedMessage", "signature", "protocolVersion"):
        refused(written(SIGNER.envelope() | {member: "\ud800"}))
    envelope = SIGNER.envelope()
    envelope["intermediateSigningKey"]["signedKey"] = "\udfff"
    assert refused(written(envelope)) == "signedKey"


ODD = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"NaN",
    b'{"a": Infinity}',
    b"\xff",
    b"\xef\xbb\xbf" + SIGNER.body(),
    SIGNER.body().decode().encode("utf-16"),
    b"[" * 60_000,
    b'{"a":' * 12_000,
    b'{"a": ' + b"9" * 5_000 + b"}",
    b'{"a": 1e999}',
    SIGNER.body()[:-1],
    SIGNER.body() + b"x",
    SIGNER.body()[:-1] + b', "signature": "x"}',
]


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_odd_json_is_refused_and_nothing_else_rises(body: bytes) -> None:
    assert refused(body) in {"json", "protocol"}


def test_a_body_that_is_too_big_is_not_read() -> None:
    padded = SIGNER.body()[:-1] + b" " * BODY_MAX + b"}"
    assert refused(padded) == "too-big"


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["envelope", "message", "key"]), st.data())
def test_any_value_in_any_member_is_judged_not_tripped_over(where: str, data: Any) -> None:
    changed = data.draw(_ANY_JSON)
    if where == "message":
        name = data.draw(st.sampled_from(sorted(SIGNER.message())))
        body = SIGNER.body(SIGNER.message() | {name: changed})
    elif where == "key":
        name = data.draw(st.sampled_from(["keyValue", "keyExpiration"]))
        key = {"keyValue": spki(SIGNER.intermediate), "keyExpiration": str(NOW_MS + 1)}
        body = SIGNER.body(signed_key=json.dumps(key | {name: changed}))
    else:
        envelope = SIGNER.envelope()
        name = data.draw(st.sampled_from([*sorted(envelope), "signedKey", "signatures"]))
        inner = envelope["intermediateSigningKey"]
        (inner if name in inner else envelope)[name] = changed
        body = written(envelope)
    with contextlib.suppress(BadCallback):
        judged(body)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(body: bytes) -> None:
    refused(body)


BODY = SIGNER.body()
BELIEVED = judged(BODY)


def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing() -> None:
    for bit in range(len(BODY) * 8):
        flipped = bytearray(BODY)
        flipped[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(BadCallback):
            assert judged(bytes(flipped)) == BELIEVED
