"""What an answer to a webhook means: done, again later, given up, or the endpoint is gone.

Standard Webhooks 1.0: ten tries in about three days; 2xx = done; a redirect is a failure; 410 =
switch off; 429, 502 and 504 = slow down (specs: security.md §7).
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from app.clock import DAY, MINUTE, SECOND, microseconds

# Seconds from one try to the next: in all 75 h 35 min 5 s.
PAUSES = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
TRIES_MAX = len(PAUSES) + 1
RETRY_AFTER_MAX = DAY
GONE = 410
SLOW_DOWN = frozenset({429, 502, 504})
SLOW_FIRST, SLOW_MAX = SECOND, 5 * MINUTE  # how long an endpoint that asks for rest gets it
_NOISE_STEPS = 256


class Done(msgspec.Struct, frozen=True):
    """It arrived."""


class Again(msgspec.Struct, frozen=True):
    """Try later. `rest_until`: the whole endpoint is left alone until then; None: it is not."""

    next_at: int
    rest_until: int | None


class GivenUp(msgspec.Struct, frozen=True):
    """It was tried often enough; `rest_until` as above."""

    rest_until: int | None


class Gone(msgspec.Struct, frozen=True):
    """The receiver wants nothing more."""


Verdict = Done | Again | GivenUp | Gone


class Answer(msgspec.Struct, frozen=True):
    """What came of a try. `status` None: no answer, `error` says why."""

    status: int | None
    error: str | None = None
    retry_after: str | None = None


def judge(answer: Answer, *, tries: int, slow_steps: int, noise: int, now: int) -> Verdict:
    """Judge a try. `tries`: how many were made before it; `noise`: a random byte."""
    status = answer.status
    if status is not None and 200 <= status < 300:
        return Done()
    if status == GONE:
        return Gone()
    asked = _retry_after(answer.retry_after, now=now)
    rest_until = None
    if status in SLOW_DOWN:
        rest = min(SLOW_FIRST << min(slow_steps, 20), SLOW_MAX)
        rest_until = now + max(rest, min(asked, SLOW_MAX))
    if tries + 1 >= TRIES_MAX:
        return GivenUp(rest_until)
    pause = max(_jittered(PAUSES[tries] * SECOND, noise), asked)
    return Again(max(now + pause, rest_until or 0), rest_until)


def _jittered(pause: int, noise: int) -> int:
    """Spread a pause by a tenth either way, so that what failed together does not come together."""
    return pause * 9 // 10 + pause * 2 * noise // (10 * _NOISE_STEPS)


def _retry_after(text: str | None, *, now: int) -> int:
    """Read the header, seconds or a date (RFC 9110 §10.2.3); 0 where it says nothing usable."""
    if text is None or len(text) > 50:
        return 0
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit():
        return min(int(stripped) * SECOND, RETRY_AFTER_MAX)
    try:
        moment = parsedate_to_datetime(stripped)
    except (ValueError, TypeError, OverflowError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, min(microseconds(moment) - now, RETRY_AFTER_MAX))
