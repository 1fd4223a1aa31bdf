"""Google's answers: the table of google.md §5, row by row."""

from __future__ import annotations

import pytest

from app.google import verdicts
from app.google.verdicts import (
    NO_ISSUER,
    UNREADABLE,
    Exists409,
    Later,
    PushSpent,
    Refused,
    Settled,
    Stopped,
    TooFast,
    Unknown404,
    Verdict,
    verdict,
)
from app.google.wallet import Answer


def judged(status: int, reason: str | None = None, **said: object) -> Verdict:
    is_notifying = bool(said.pop("is_notifying", False))
    answer = Answer(status=status, reason=reason, **said)  # type: ignore[arg-type]
    return verdict(answer, is_notifying=is_notifying, noise=0)


def test_what_went_well_is_settled_with_its_body() -> None:
    assert judged(200, body={"id": "1.a"}) == Settled({"id": "1.a"})
    assert judged(204) == Settled(None)


def test_a_wrong_field_is_refused_with_googles_words() -> None:
    assert judged(400, "invalid", message="Invalid color") == Refused("Invalid color")
    assert judged(400) == Refused("Google answered 400")
    assert judged(400, "badRequest") == Refused("badRequest")


@pytest.mark.parametrize("status", [402, 405, 410, 412, 413, 422, 451])
def test_an_answer_that_no_row_names_is_refused_for_good(status: int) -> None:
    assert isinstance(judged(status), Refused)
    assert judged(403, "somethingNew", message="No.") == Refused("No.")


@pytest.mark.parametrize(
    "reason", ["permissionDenied", "PERMISSION_DENIED", "insufficientPermissions"]
)
def test_an_account_that_is_not_invited_stops_the_issuer_in_words(reason: str) -> None:
    found = judged(403, reason, is_notifying=True)
    assert isinstance(found, Stopped)
    assert "invite" in found.sentence


def test_an_api_that_is_not_enabled_stops_the_issuer() -> None:
    assert isinstance(judged(403, "accessNotConfigured"), Stopped)


@pytest.mark.parametrize("reason", ["invalid_grant", "invalid_client", "unauthorized_client"])
def test_an_account_that_gets_no_token_stops_the_issuer_in_words(reason: str) -> None:
    found = judged(0, reason)
    assert isinstance(found, Stopped)
    assert reason in found.sentence


def test_the_spent_push_budget_is_told_apart_from_too_many_calls() -> None:
    assert judged(403, "quotaExceeded", is_notifying=True) == PushSpent()
    assert judged(403, "quotaExceeded", retry_after=3.0) == TooFast(3.0)
    for reason in ("rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"):
        assert judged(403, reason, is_notifying=True) == TooFast(None)


def test_429_is_too_fast_whatever_its_reason() -> None:
    for reason in (None, "rateLimitExceeded", "quotaExceeded", UNREADABLE):
        assert judged(429, reason, retry_after=2.5, is_notifying=True) == TooFast(2.5)


def test_unknown_and_existing_things_have_verdicts_of_their_own() -> None:
    assert judged(404, "resourceNotFound") == judged(404) == Unknown404()
    assert judged(409, "existingResource") == judged(409) == Exists409()


@pytest.mark.parametrize("status", [403, 404, 409])
def test_an_error_that_is_not_googles_changes_nothing_we_believe(status: int) -> None:
    assert isinstance(judged(status, UNREADABLE), Later)


@pytest.mark.parametrize("status", [0, 301, 302, 401, 408, 500, 502, 503, 504, 599])
def test_what_is_theirs_is_tried_later(status: int) -> None:
    assert judged(status) == Later(verdicts.BACKOFF_SECONDS / 2)


def test_an_issuer_without_account_here_is_tried_later() -> None:
    assert isinstance(judged(0, NO_ISSUER), Later)


def test_the_back_off_doubles_has_an_end_and_is_spread() -> None:
    whole = [verdicts.delay(attempts, 1.0) for attempts in range(9)]
    assert whole == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert verdicts.delay(3, 0.0) == 8
    assert verdicts.delay(10**6, 0.5) == 225
    assert verdicts.delay(-1, 1.0) == 2


def test_retry_after_of_a_busy_server_is_honoured_within_reason() -> None:
    assert judged(503, retry_after=40.0) == Later(40.0)
    assert judged(503, retry_after=10.0**9) == Later(verdicts.RETRY_AFTER_SECONDS_MAX)


def test_noise_comes_from_random_bytes() -> None:
    assert verdicts.noise(b"") == verdicts.noise(b"\0\0\0\0") == 0
    assert verdicts.noise(b"\x80\0") == 0.5
    assert verdicts.noise(b"\xff" * 4) < 1
