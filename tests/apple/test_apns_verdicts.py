"""Each row of Apple's table has its verdict."""

from __future__ import annotations

import pytest

from app.apple.push import PushAnswer
from app.apple.verdicts import (
    ForgetToken,
    Park,
    ParkToken,
    PauseTopic,
    RetryLater,
    Settle,
    StopTopic,
    WaitDevice,
    is_burst,
    verdict,
)

AT = 1_790_000_000_000_000


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (PushAnswer(200), Settle()),
        (PushAnswer(400, "BadDeviceToken"), ForgetToken(AT, is_doubtful=True)),
        (PushAnswer(400, "DeviceTokenNotForTopic"), ParkToken("DeviceTokenNotForTopic")),
        (PushAnswer(400, "BadTopic"), StopTopic("BadTopic")),
        (PushAnswer(400, "TopicDisallowed"), StopTopic("TopicDisallowed")),
        (PushAnswer(400, "MissingTopic"), StopTopic("MissingTopic")),
        (PushAnswer(400), StopTopic("Status400")),
        (PushAnswer(403, "ExpiredProviderToken"), StopTopic("ExpiredProviderToken")),
        (PushAnswer(403, "BadCertificate"), StopTopic("BadCertificate")),
        (PushAnswer(403), StopTopic("Status403")),
        (PushAnswer(404, "BadPath"), Park("BadPath")),
        (PushAnswer(405, "MethodNotAllowed"), Park("MethodNotAllowed")),
        (PushAnswer(413, "PayloadTooLarge"), Park("PayloadTooLarge")),
        (PushAnswer(302), Park("Status302")),
        (PushAnswer(410, "Unregistered", 1_700_000_000_123), ForgetToken(1_700_000_000_123_000)),
        (PushAnswer(410, "ExpiredToken"), ForgetToken(AT)),
        (PushAnswer(429, "TooManyRequests"), WaitDevice(60)),
        (PushAnswer(429), WaitDevice(60)),
        (
            PushAnswer(429, "TooManyProviderTokenUpdates"),
            PauseTopic("TooManyProviderTokenUpdates", 300),
        ),
        (PushAnswer(500, "InternalServerError"), RetryLater(900)),
        (PushAnswer(503, "ServiceUnavailable"), RetryLater(900)),
        (PushAnswer(503, "Shutdown"), RetryLater(5)),
        (PushAnswer(502), RetryLater(900)),
        (PushAnswer(0), RetryLater(5)),
        (PushAnswer(0, "Unreachable"), RetryLater(5)),
        (PushAnswer(0, "BadCertificate"), StopTopic("BadCertificate")),
        (PushAnswer(0, "NoCredential"), StopTopic("NoCredential")),
        (PushAnswer(0, "BadCredential"), StopTopic("BadCredential")),
    ],
)
def test_the_table_is_followed(answer, expected) -> None:
    assert verdict(answer, sent_at=AT) == expected


def test_pauses_grow_to_their_limit() -> None:
    device = [verdict(PushAnswer(429), sent_at=AT, attempts=n) for n in (0, 1, 5, 6, 10_000)]
    assert device == [WaitDevice(seconds) for seconds in (60, 120, 1920, 3600, 3600)]
    busy = [verdict(PushAnswer(503), sent_at=AT, attempts=n) for n in (0, 1, 9)]
    assert busy == [RetryLater(seconds) for seconds in (900, 1800, 7200)]
    unknown = [verdict(PushAnswer(0), sent_at=AT, attempts=n) for n in (0, 3, 9)]
    assert unknown == [RetryLater(seconds) for seconds in (5, 40, 300)]


def test_more_than_five_percent_of_bad_tokens_are_a_burst_but_a_few_are_not() -> None:
    assert not is_burst(1, sent=1)
    assert not is_burst(3, sent=10)
    assert is_burst(4, sent=10)
    assert not is_burst(5, sent=100)
    assert is_burst(6, sent=100)
