"""Reads what Google answers: its errors in each form they come in, and when to come back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from app.clock import SECOND, microseconds
from app.google.verdicts import UNREADABLE
from app.google.wallet import Answer

RETRY_AFTER_MAX = 24 * 3_600.0  # seconds
_MESSAGE_MAX = 500
_REASON = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def read(status: int, headers: Mapping[str, str], content: bytes, *, now: int) -> Answer:
    """Read an answer; a good one that is no JSON object counts as none. `now` in microseconds."""
    body = _json(content)
    retry_after = _retry_after(headers.get("retry-after"), now)
    if 200 <= status < 300:
        if not isinstance(body, dict) and status != 204:
            return Answer(status=0, reason=UNREADABLE, retry_after=retry_after)
        return Answer(status=status, body=body, retry_after=retry_after)
    reason, message = _error(body)
    return Answer(
        status=status, reason=reason or UNREADABLE, message=message, retry_after=retry_after
    )


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _error(body: Any) -> tuple[str | None, str | None]:
    """Return reason and message: the API's `{"error": {…}}`, or a token endpoint's form."""
    if isinstance(body, list) and body:
        body = body[0]  # some of Google's servers wrap their errors
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):  # RFC 6749 §5.2
        return _reason(error), _text(body.get("error_description"))
    if not isinstance(error, dict):
        return None, None
    errors = error.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    reason = first.get("reason") if isinstance(first, dict) else None
    for found in (reason, error.get("status"), error.get("code")):
        if (known := _reason(found)) is not None:
            return known, _text(error.get("message"))
    return None, _text(error.get("message"))


def _reason(given: Any) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given) if 0 <= given < 1_000 else None
    return given if isinstance(given, str) and _REASON.fullmatch(given) else None


def _text(given: Any) -> str | None:
    """Return a sentence that a console may show, None where there is none."""
    if not isinstance(given, str):
        return None
    shown = "".join(char if char.isprintable() else " " for char in given[:_MESSAGE_MAX])
    return shown.strip() or None


def _retry_after(given: str | None, now: int) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110 §10.2.3)."""
    if given is None:
        return None
    given = given.strip()
    if _SECONDS.fullmatch(given):
        return min(RETRY_AFTER_MAX, float(given))
    try:
        moment = parsedate_to_datetime(given)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (microseconds(moment) - now) / SECOND
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(RETRY_AFTER_MAX, max(0.0, seconds))
