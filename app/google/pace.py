"""How fast a service account may be used: arithmetic of one bucket, no clock of its own.

Calls are given slots, one interval apart. 20 slots and the lateness allowed to a caller fit into
more than a second, so no second ever holds more than 20 calls, however many workers there are.
"""

from __future__ import annotations

import msgspec

from app.clock import MINUTE, SECOND

INTERVAL = 52_000  # µs: 19.2 calls a second; Google publishes 20
INTERVAL_MAX = SECOND  # the floor after refusals: one call a second
LATE_MAX = 25_000  # µs after its slot, and 15 ms to begin the call: then it meets the ones behind
RECOVERY = 30 * SECOND  # after each, one call a second more
RETRY_AFTER_MAX = 10 * MINUTE  # what Google may ask for at once; it can ask again
_PER_SECOND = SECOND


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The bucket of a service account. Unix microseconds; `interval` between two calls."""

    next_at: int = 0
    interval: int = INTERVAL
    changed_at: int = 0  # when the interval last changed


def recovered(pace: Pace, now: int) -> Pace:
    """Give back one call a second for each 30 s since the last change, up to the full speed."""
    steps = max(0, now - pace.changed_at) // RECOVERY
    if steps == 0 or pace.interval <= INTERVAL:
        return pace
    # rate' = rate + steps, in whole microseconds, rounded towards slower
    interval = -(-_PER_SECOND * pace.interval // (_PER_SECOND + steps * pace.interval))
    return Pace(
        next_at=pace.next_at,
        interval=max(INTERVAL, interval),
        changed_at=pace.changed_at + steps * RECOVERY,
    )


def take(pace: Pace, *, now: int, ahead: int) -> tuple[Pace, int | None]:
    """Reserve the next slot; None, and nothing changed, when it is further than `ahead` (µs)."""
    pace = recovered(sane(pace, now), now)
    slot = max(pace.next_at, now)
    if slot - now > ahead:
        return pace, None
    return msgspec.structs.replace(pace, next_at=slot + pace.interval), slot


def slower(pace: Pace, *, now: int, sent_at: int, retry_after: int = 0) -> Pace:
    """Halve after a refusal, and keep away for `retry_after` (µs).

    A call sent before the last halving tells nothing new: refusals of one burst count once.
    """
    pace = recovered(sane(pace, now), now)
    if sent_at > pace.changed_at:
        interval = min(INTERVAL_MAX, 2 * pace.interval)
        pace = Pace(next_at=pace.next_at, interval=interval, changed_at=now)
    wait = max(pace.interval, min(max(0, retry_after), RETRY_AFTER_MAX))
    return msgspec.structs.replace(pace, next_at=max(pace.next_at, now + wait))


def sane(pace: Pace, now: int) -> Pace:
    """Forget what lies further ahead than anything we write: the clock was set back."""
    furthest = now + RETRY_AFTER_MAX + INTERVAL_MAX  # less is a Retry-After, or another's clock
    if pace.next_at <= furthest and pace.changed_at <= furthest:
        return pace
    return Pace(
        next_at=min(pace.next_at, now + pace.interval),
        interval=pace.interval,
        changed_at=min(pace.changed_at, now),
    )
