"""Google's answers as bytes: errors in every form, Retry-After in both, nothing rises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import SECOND
from app.google import reading
from app.google.verdicts import UNREADABLE
from app.google.wallet import Answer

NOW = 784_887_145 * SECOND  # 15 November 1994 08:12:25 GMT


def read(status: int, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reading.read(status, named, content, now=NOW)


def error(**members: Any) -> dict[str, Any]:
    return {"error": members}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (error(code=403, status="X", errors=[{"reason": "quotaExceeded"}]), "quotaExceeded"),
        (error(code=403, status="PERMISSION_DENIED", errors=[]), "PERMISSION_DENIED"),
        (error(code=403, status="PERMISSION_DENIED", errors=[{}]), "PERMISSION_DENIED"),
        (error(code=403, status="PERMISSION_DENIED", errors="x"), "PERMISSION_DENIED"),
        (error(code=403, errors=[7]), "403"),
        (error(code="403"), "403"),
        (error(code=True), UNREADABLE),
        (error(code=10**30), UNREADABLE),
        (error(errors=[{"reason": "two words\n"}], status="OK_NOT"), "OK_NOT"),
        ([error(code=404, errors=[{"reason": "resourceNotFound"}])], "resourceNotFound"),
        ({"error": "invalid_grant", "error_description": "Bad."}, "invalid_grant"),
        ({"error": ["invalid_grant"]}, UNREADABLE),
        ({"error": None}, UNREADABLE),
        ([], UNREADABLE),
        (None, UNREADABLE),
        (b"<html>", UNREADABLE),
        (b"", UNREADABLE),
        (b"[" * 60_000, UNREADABLE),
        (b'{"error": {"code": ' + b"9" * 5_000 + b"}}", UNREADABLE),
        (b'{"error": {"code": NaN}}', UNREADABLE),
        (b"\xff\xfe", UNREADABLE),
    ],
)
def test_reason_is_read_first_then_status_then_code(body: Any, reason: str) -> None:
    assert read(403, body).reason == reason


def test_a_message_is_shown_without_control_characters_and_not_for_ever() -> None:
    assert read(400, error(message="Wrong\ncolour\x00 ", code=400)).message == "Wrong colour"
    assert len(read(400, error(message="x" * 10_000)).message or "") == 500
    assert read(400, error(message=7, code=400)).message is None
    assert read(401, {"error": "invalid_grant", "error_description": "No."}).message == "No."


def test_a_good_answer_brings_its_body_and_broken_json_counts_as_none() -> None:
    assert read(200, {"id": "1.a"}) == Answer(status=200, body={"id": "1.a"})
    assert read(200, {}).body == {}
    assert read(204, b"") == Answer(status=204)
    for broken in (b"", b"{", b"<html>", b"[]", b"null", b'"x"', b"\xff", b'{"a": NaN}'):
        assert read(200, broken) == Answer(status=0, reason=UNREADABLE)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("999999999", reading.RETRY_AFTER_MAX),
        ("Tue, 15 Nov 1994 08:12:31 GMT", 6.0),
        ("Tue, 15 Nov 1994 08:12:31 -0000", 6.0),
        ("Tuesday, 15-Nov-94 08:12:31 GMT", 6.0),
        ("Tue, 15 Nov 1994 08:00:00 GMT", 0.0),
        ("Tue, 15 Nov 2094 08:00:00 GMT", reading.RETRY_AFTER_MAX),
        ("Tue, 99 Nov 1994 08:12:31 GMT", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 400, None),
        ("Tue, 15 Nov 1994 08:12:31 +9999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    found = read(429, b"", retry_after=value).retry_after
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.integers(100, 599), st.binary(max_size=200), st.text(max_size=40))
def test_nothing_rises_whatever_comes(status: int, content: bytes, retry_after: str) -> None:
    reading.read(status, {"retry-after": retry_after}, content, now=NOW)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "reason", "status", "code", "message"]),
            inner,
            max_size=4,
        )
    ),
)


@given(st.integers(100, 599), _ANY)
def test_nothing_rises_whatever_json_comes(status: int, body: Any) -> None:
    answer = read(status, body)
    assert answer.reason is None or len(answer.reason) <= 64
