"""How often a pass may make its phone speak: three changes a day, and apart three messages (§7)."""

from __future__ import annotations

import msgspec

from app.clock import DAY
from app.outbox import service as outbox

NOTIFY = "NOTIFY_ON_UPDATE"  # ephemeral: asked for in each call that should speak
SPOKEN, SILENT = "TEXT_AND_NOTIFY", "TEXT"  # types of a message
MESSAGES_MAX = 3
# Of the day's three, how many are spent already when a change of that value may still speak.
# A bulk file leaves one for what concerns this person alone.
CHANGES_MAX = {outbox.AT_TILL: 3, outbox.TIER: 3, outbox.SINGLE: 3, outbox.BULK: 2}

_times = msgspec.json.Decoder(list[int]).decode


def may_push(pushed_at: str, priority: int, now: int) -> bool:
    """Say whether a change may speak. `pushed_at`: JSON list of Unix microseconds."""
    return len(_recent(pushed_at, now)) < CHANGES_MAX[priority]


def may_speak(spoken_at: str, now: int) -> bool:
    """Say whether a message may speak; its budget is its own."""
    return len(_recent(spoken_at, now)) < MESSAGES_MAX


def noted(times: str, now: int) -> str:
    """Add a moment, and forget what is older than a day."""
    return msgspec.json.encode([*_recent(times, now), now]).decode()


def _recent(times: str, now: int) -> list[int]:
    return [at for at in _times(times) if at > now - DAY]
