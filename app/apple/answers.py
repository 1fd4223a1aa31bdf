"""What APNs said, read from a status and a body that may hold no JSON at all."""

from __future__ import annotations

import re

import msgspec

from app.apple.push import PushAnswer

ACCEPTED = PushAnswer(200)
_REASON = re.compile(r"[A-Za-z]{1,64}")  # a reason is a word; it becomes a counter's name


class _Body(msgspec.Struct):
    reason: str | None = None
    timestamp: int | None = None


def answer_of(status: int, body: bytes) -> PushAnswer:
    """Read an answer; what is unreadable is left out (Apple: Handling responses from APNs)."""
    if status == ACCEPTED.status:
        return ACCEPTED
    said = _read(body)
    return PushAnswer(status, reason=said.reason, timestamp_ms=said.timestamp)


def reason_in(body: bytes) -> str | None:
    """Find the reason in a body or in the debug data of a GOAWAY."""
    return _read(body).reason


def _read(body: bytes) -> _Body:
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Body()
    if said.reason is not None and not _REASON.fullmatch(said.reason):
        said.reason = None
    return said
