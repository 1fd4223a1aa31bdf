"""Rate limits, client addresses, shared fields and strict JSON, each by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.clock import HOUR, SECOND, rfc3339
from app.errors import InvalidInput, TooManyRequests
from app.http import fields
from app.http.addresses import client_address
from app.http.limits import Limiter
from app.http.media import decode_json
from app.http.problems import path_and_message


def test_what_is_allowed_so_often_an_hour_is_allowed_again_when_the_hour_is_over() -> None:
    limiter = Limiter()
    for minute in range(3):
        limiter.check("codes", "a", per_hour=3, now=minute * 60 * SECOND)
    with pytest.raises(TooManyRequests) as refused:
        limiter.check("codes", "a", per_hour=3, now=180 * SECOND)
    assert refused.value.headers["Retry-After"] == str(3600 - 180)
    assert refused.value.headers["RateLimit-Remaining"] == "0"
    limiter.check("codes", "b", per_hour=3, now=180 * SECOND)
    limiter.check("other", "a", per_hour=3, now=180 * SECOND)
    limiter.check("codes", "a", per_hour=3, now=HOUR)  # the first one has left the window


def test_refused_requests_do_not_lengthen_the_wait() -> None:
    limiter = Limiter()
    limiter.check("codes", "a", per_hour=1, now=0)
    for second in range(100):
        with pytest.raises(TooManyRequests):
            limiter.check("codes", "a", per_hour=1, now=second * SECOND)
    limiter.check("codes", "a", per_hour=1, now=HOUR)


def test_failures_alone_may_be_counted() -> None:
    limiter = Limiter()
    for _ in range(50):
        limiter.check("claims", "a", per_hour=2, now=0, hit=False)
    limiter.count("claims", "a", now=0)
    limiter.count("claims", "a", now=0)
    with pytest.raises(TooManyRequests):
        limiter.check("claims", "a", per_hour=2, now=0, hit=False)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", [], (), "203.0.113.9"),
        ("203.0.113.9", ["1.1.1.1"], (), "203.0.113.9"),
        ("203.0.113.9", ["1.1.1.1"], ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1"], ("10.0.0.0/8",), "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6, 1.1.1.1"], ("10.0.0.0/8",), "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "1.1.1.1, 10.0.0.2"], ("10.0.0.0/8",), "1.1.1.1"),
        ("10.0.0.1", ["junk"], ("10.0.0.0/8",), "10.0.0.1"),
        ("10.0.0.1", [], ("10.0.0.0/8",), "10.0.0.1"),
        ("::1", ["2001:db8::7"], ("::1",), "2001:db8::7"),
    ],
)
def test_forwarding_headers_count_as_far_as_each_sender_is_trusted(
    peer: str, forwarded: list[str], trusted: tuple[str, ...], expected: str
) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert client_address({"client": (peer, 1), "headers": headers}, trusted) == expected


def test_a_thousand_invented_forwarding_headers_are_one_caller() -> None:
    limiter, refused = Limiter(), 0
    for number in range(1000):
        headers = [(b"x-forwarded-for", f"1.2.{number // 250}.{number % 250}".encode())]
        address = client_address({"client": ("203.0.113.9", 1), "headers": headers}, ())
        try:
            limiter.check("codes", address, per_hour=20, now=0)
        except TooManyRequests:
            refused += 1
    assert refused == 980


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-21T20:05:00Z", "2026-11-21T20:05:00Z"),
        ("2026-11-21T20:05:00.5Z", "2026-11-21T20:05:00.500000Z"),
        ("2026-11-21t20:05:00z", "2026-11-21T20:05:00Z"),
        ("2026-11-21T20:05:00+02:00", "2026-11-21T18:05:00Z"),
        ("2024-02-29T00:00:00-01:30", "2024-02-29T01:30:00Z"),
    ],
)
def test_moments_are_read_with_any_offset(text: str, written: str) -> None:
    assert rfc3339(fields.moment("at", text)) == written


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-21", "2026-02-30T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T20:05:00",
     "2026-11-21T20:05:00Z\n", "\uff12\uff1026-11-21T20:05:00Z", "9999-12-31T23:59:59-23:00",
     "2026-11-21T20:05:00+25:00", "2026-11-21T20:05:60Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        fields.moment("as_of", text)
    assert refused.value.facts["errors"][0]["path"] == "as_of"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    qty: fields.Natural
    name: fields.Name = "a"


class Basket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lines: list[Line] = []
    text: fields.LocalText = "a"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"lines": [{"qty": "1"}]}', "lines[0].qty"),
        ('{"lines": [{"qty": 1.5}]}', "lines[0].qty"),
        ('{"lines": [{"qty": -1}]}', "lines[0].qty"),
        ('{"lines": [{"qty": 1e999}]}', "lines[0].qty"),
        ('{"lines": [{"qty": 9007199254740993}]}', "lines[0].qty"),
        ('{"lines": [{"qty": 1}, {}]}', "lines[1].qty"),
        ('{"lines": [{"qty": 1, "balance": 3}]}', "lines[0].balance"),
        ('{"balance": 3}', "balance"),
        ('{"lines": [{"qty": 1, "name": "a\\n"}]}', "lines[0].name"),
        ('{"text": "a\\u0000"}', "text"),
        ('{"text": "a\\u001b"}', "text"),
        ('{"text": {"fr": "\\u007f"}}', "text[...]"),
        ('{"text": {"x y": "a"}}', "text"),
        ('{"text": ""}', "text"),
        ("[", "body"),
        ('"x"', "body"),
        ("", "body"),
        ('{"text": "\\ud800"}', "body"),
        ("[" * 60_000, "body"),
        ('{"lines": [{"qty": ' + "9" * 400 + "}]}", "lines[0].qty"),
    ],
)
def test_a_wrong_body_names_the_field(body: str, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_json(body.encode(), Basket)
    assert refused.value.facts["errors"][0]["path"] == path


def test_a_backslash_before_an_escape_is_no_control_character() -> None:
    found: Any = decode_json(b'{"text": "a\\\\u0000b\\\\b"}', Basket)
    assert found.text == "a\\u0000b\\b"


def test_the_framework_s_and_the_decoder_s_sentences_lead_to_the_same_path() -> None:
    assert path_and_message("Object missing required field `qty` - at `$.lines[0]`") == (
        "lines[0].qty",
        "required",
    )
    assert path_and_message("Expected `int`, got `str`") == ("", "Expected `int`, got `str`")
