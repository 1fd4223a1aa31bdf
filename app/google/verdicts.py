"""What to do with an answer of Google (specs: google.md §5)."""

from __future__ import annotations

from typing import Any

import msgspec

from app.google.wallet import Answer

BACKOFF_SECONDS = 2.0
BACKOFF_SECONDS_MAX = 300.0
RETRY_AFTER_SECONDS_MAX = 600.0  # Google can ask again
NO_ISSUER = "noIssuer"  # of ours, with status 0: the issuer's account is not known here
UNREADABLE = "unreadable"  # of ours: an error that is not in Google's form, a proxy's perhaps
_MESSAGE_MAX = 500

# A refusal of the account itself, by the token endpoint (RFC 6749 §5.2) or of its permissions.
_ACCOUNT = frozenset(
    {
        "access_denied",
        "account_disabled",
        "deleted_client",
        "disabled_client",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unauthorized_client",
    }
)
_PERMISSION = frozenset({"permissionDenied", "PERMISSION_DENIED", "insufficientPermissions"})
_DISABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_TOO_FAST = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED"}
    | {"dailyLimitExceeded"}
)


class Settled(msgspec.Struct, frozen=True):
    """Done; what Google answered."""

    body: Any = None


class Refused(msgspec.Struct, frozen=True):
    """A field is wrong, for ever: park it and show the message to the merchant."""

    message: str


class Stopped(msgspec.Struct, frozen=True):
    """The account may not speak for this issuer: nothing more until somebody repairs it."""

    sentence: str


class TooFast(msgspec.Struct, frozen=True):
    """Halve the bucket, come back; `retry_after` in seconds when Google named it."""

    retry_after: float | None = None


class PushSpent(msgspec.Struct, frozen=True):
    """The pass has had its notifications of the day: the same again, silently."""


class Unknown404(msgspec.Struct, frozen=True):
    """Google does not know this object or class."""


class Exists409(msgspec.Struct, frozen=True):
    """Google has it already: PATCH."""


class Later(msgspec.Struct, frozen=True):
    """Theirs: the same again after `delay` seconds; everything is idempotent by id."""

    delay: float


Verdict = Settled | Refused | Stopped | TooFast | PushSpent | Unknown404 | Exists409 | Later


def verdict(
    answer: Answer, *, is_notifying: bool = False, attempts: int = 0, noise: float = 0.5
) -> Verdict:
    """Judge an answer.

    `is_notifying`: the call asked for a notification. `attempts`: how many failed before;
    `noise`: drawn from 0 to 1, so that many rows do not come back at once.
    """
    if 200 <= answer.status < 300:
        return Settled(answer.body)
    if answer.reason in _ACCOUNT:
        return Stopped(_account_words(str(answer.reason)))
    match answer.status:
        case 403:
            return _forbidden(answer, is_notifying=is_notifying, attempts=attempts, noise=noise)
        case 429:
            return TooFast(answer.retry_after)
        case 404 if answer.reason != UNREADABLE:
            return Unknown404()
        case 409 if answer.reason != UNREADABLE:
            return Exists409()
        # 401: the client has renewed the token once already, and has alarmed.
        case 401 | 404 | 408 | 409:
            return _later(answer, attempts, noise)
        case status if 400 <= status < 500:
            return Refused(_message(answer))
        case _:
            return _later(answer, attempts, noise)


def delay(attempts: int, noise: float) -> float:
    """Return the seconds of a back-off that doubles: between half and all of it."""
    whole = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS * (1 << max(0, min(attempts, 16))))
    return whole * (1 + noise) / 2


def noise(raw: bytes) -> float:
    """Turn random bytes into what `verdict` and `delay` take, from 0 to below 1."""
    return int.from_bytes(raw, "big") / 256 ** len(raw) if raw else 0.0


def _forbidden(answer: Answer, *, is_notifying: bool, attempts: int, noise: float) -> Verdict:
    reason = answer.reason or ""
    if reason == "quotaExceeded" and is_notifying:
        return PushSpent()
    if reason in _TOO_FAST:
        return TooFast(answer.retry_after)
    if reason in _PERMISSION:
        return Stopped(
            "Google does not let this service account write for the issuer: invite its address "
            "as a developer in the Google Wallet console"
        )
    if reason in _DISABLED:
        return Stopped("the Google Wallet API is not enabled in the service account's project")
    if reason == UNREADABLE:
        return _later(answer, attempts, noise)
    return Refused(_message(answer))


def _account_words(reason: str) -> str:
    return (
        f"Google does not accept the service account ({reason}): its key may have been deleted, "
        "or this machine's clock may be wrong"
    )


def _later(answer: Answer, attempts: int, noise: float) -> Later:
    asked = min(RETRY_AFTER_SECONDS_MAX, answer.retry_after or 0.0)
    return Later(max(asked, delay(attempts, noise)))


def _message(answer: Answer) -> str:
    return (answer.message or answer.reason or f"Google answered {answer.status}")[:_MESSAGE_MAX]
