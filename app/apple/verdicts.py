"""What to do with an answer of APNs (Apple: Handling notification responses from APNs)."""

from __future__ import annotations

import msgspec

from app.apple.push import PushAnswer

UNKNOWN_SECONDS = 5  # reset, closed, timeout: the outcome is unknown, a repeat is harmless
UNKNOWN_SECONDS_MAX = 300
BUSY_SECONDS = 15 * 60  # Apple's figure after 500 and 503
BUSY_SECONDS_MAX = 2 * 3600
DEVICE_SECONDS = 60  # 429 TooManyRequests: this device only
DEVICE_SECONDS_MAX = 3600
PAUSE_SECONDS = 5 * 60  # 429 TooManyProviderTokenUpdates
DOUBTFUL_PERCENT_MAX = 5  # more BadDeviceToken than that is a wrong host or certificate
DOUBTFUL_MIN = 3  # … but a few of a small batch are nothing

NO_CREDENTIAL = "NoCredential"  # of ours, with status 0: nobody may push for this topic
BAD_CREDENTIAL = "BadCredential"  # of ours: the certificate or key cannot be read
_MS = 1_000  # microseconds

# Refusals of who we are; a GOAWAY may carry them too, and then the status is 0.
REFUSED_CREDENTIAL = frozenset(
    {
        "BadCertificate",
        "BadCertificateEnvironment",
        "ExpiredProviderToken",
        "Forbidden",
        "InvalidProviderToken",
        "MissingProviderToken",
        NO_CREDENTIAL,
        BAD_CREDENTIAL,
    }
)


class Settle(msgspec.Struct, frozen=True):
    """Told."""


class ForgetToken(msgspec.Struct, frozen=True):
    """Forget the push token where it was last registered before a moment (microseconds).

    `is_doubtful`: BadDeviceToken, which a wrong host or certificate also causes; see `is_burst`.
    """

    before: int
    is_doubtful: bool = False


class ParkToken(msgspec.Struct, frozen=True):
    """Never push this token for this topic again, and alarm."""

    reason: str


class WaitDevice(msgspec.Struct, frozen=True):
    """This device must wait in its own row; newer changes merge into it. The card settles."""

    delay_seconds: int


class PauseTopic(msgspec.Struct, frozen=True):
    """Nothing for this topic for a while; keep the work."""

    reason: str
    delay_seconds: int


class StopTopic(msgspec.Struct, frozen=True):
    """Our configuration or bug: stop the topic until repaired, alarm, keep the work."""

    reason: str


class Park(msgspec.Struct, frozen=True):
    """Our bug: this push will never work. Alarm, do not repeat."""

    reason: str


class RetryLater(msgspec.Struct, frozen=True):
    """Repeat after a while."""

    delay_seconds: int


Verdict = Settle | ForgetToken | ParkToken | WaitDevice | PauseTopic | StopTopic | Park | RetryLater


def verdict(answer: PushAnswer, *, sent_at: int, attempts: int = 0) -> Verdict:
    """Judge an answer. `sent_at` in microseconds; the back-off grows with failed `attempts`."""
    reason = answer.reason or f"Status{answer.status}"
    match answer.status:
        case 200:
            return Settle()
        case 0 if answer.reason in REFUSED_CREDENTIAL:
            return StopTopic(reason)
        case 0:
            return RetryLater(_grown(UNKNOWN_SECONDS, UNKNOWN_SECONDS_MAX, attempts))
        case 400:
            return _bad_request(answer.reason, reason, sent_at)
        case 403:
            return StopTopic(reason)
        case 410:
            when = answer.timestamp_ms
            return ForgetToken(sent_at if when is None else when * _MS)
        case 429 if answer.reason == "TooManyProviderTokenUpdates":
            return PauseTopic(reason, PAUSE_SECONDS)
        case 429:
            return WaitDevice(_grown(DEVICE_SECONDS, DEVICE_SECONDS_MAX, attempts))
        case 503 if answer.reason == "Shutdown":
            return RetryLater(_grown(UNKNOWN_SECONDS, UNKNOWN_SECONDS_MAX, attempts))
        case status if status >= 500:
            return RetryLater(_grown(BUSY_SECONDS, BUSY_SECONDS_MAX, attempts))
        case _:
            return Park(reason)  # 404, 405, 413 and what Apple does not list


def is_burst(doubtful: int, sent: int) -> bool:
    """Tell whether so many BadDeviceToken in a batch mean that nothing may be deleted."""
    return doubtful > max(DOUBTFUL_MIN, sent * DOUBTFUL_PERCENT_MAX // 100)


def _bad_request(said: str | None, reason: str, sent_at: int) -> Verdict:
    match said:
        case "BadDeviceToken":
            return ForgetToken(sent_at, is_doubtful=True)
        case "DeviceTokenNotForTopic":
            return ParkToken(reason)
        case _:
            return StopTopic(reason)


def _grown(seconds: int, limit: int, attempts: int) -> int:
    return min(limit, seconds << min(attempts, 16))
