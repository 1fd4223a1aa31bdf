"""Changes an object at Google so that its phone speaks when it should, and no more (§7)."""

from __future__ import annotations

from typing import Any

from app.google.calls import Calls
from app.google.documents import Wanted
from app.google.notifying import NOTIFY, SILENT, SPOKEN, may_push, may_speak
from app.google.noting import Sent
from app.google.verdicts import Later, PushSpent, Refused, Settled, Verdict
from app.google.wallet import OBJECTS
from passes.google.difference import Change
from passes.google.loyalty_object import message_of, promotion_of

_MESSAGE_ANSWER = {"fields": "resource/id"}


async def change_object(
    calls: Calls,
    found: Wanted,
    document: dict[str, Any],
    *,
    change: Change,
    priority: int,
    now: int,
) -> Sent:
    """Send a change, then what the merchant said anew.

    Of a change and the message that came with it only the message speaks; a promotion speaks
    beside a change, never instead of it.
    """
    place, known = f"{OBJECTS}/{document['id']}", found.known
    assert known is not None
    # The first since it was saved: its user is looking at it. Or nobody knows what is new in it.
    is_first = known.told_at is None or known.told is None
    news = [] if is_first else _news(found, change)
    is_spoken = bool(news) and may_speak(known.spoken_at, now)
    explains = is_spoken and not _is_promoted(found)
    asks = change.has_moved and not (is_first or explains or found.content.is_voided)
    asks = asks and may_push(known.pushed_at, priority, now)
    body = change.body
    if news and change.method == "PATCH":
        body = {name: value for name, value in body.items() if name != "messages"}
    sent: Verdict = Settled()
    has_pushed = False
    if body:
        sent = await _send(calls, change.method, place, body=body, asks=asks)
        has_pushed = asks and _may_have_spoken(calls, sent)
    has_spoken = False
    for number, message in enumerate(news):
        if isinstance(sent, Settled):
            speaks = is_spoken and number == 0  # of two at once the second is there to read
            sent = await _say(calls, place, message, is_spoken=speaks, all_of=document["messages"])
            has_spoken = has_spoken or (speaks and _may_have_spoken(calls, sent))
    is_doubtful = isinstance(sent, Later) and calls.failures > 0
    return Sent(
        verdict=sent,
        has_pushed=has_pushed,
        has_spoken=has_spoken,
        doubt=change if is_doubtful else None,
        document=document,
    )


def _may_have_spoken(calls: Calls, sent: Verdict) -> bool:
    """Without an answer it may have: counted the first time, not at each repeat."""
    return isinstance(sent, Settled) or (calls.is_unanswered and calls.attempts == 0)


def _news(found: Wanted, change: Change) -> list[dict[str, Any]]:
    """Return what the merchant said since Google was told last."""
    content, known = found.content.content, found.known
    if "messages" not in change.members or known is None or known.told_at is None:
        return []
    # A message of before may be among them: it has its id, and is not said a second time.
    message = message_of(content) if content.is_message_new else None
    promotion = promotion_of(content) if _is_promoted(found) else None
    return [each for each in (promotion, message) if each is not None]


def _is_promoted(found: Wanted) -> bool:
    """Say whether a promotion came since Google was told last."""
    at, known = found.content.content.promoted_at, found.known
    return at is not None and known is not None and known.told_at is not None and at > known.told_at


async def _send(
    calls: Calls, method: str, place: str, *, body: dict[str, Any], asks: bool
) -> Verdict:
    if asks:
        asking = body | {"notifyPreference": NOTIFY}
        found = await calls.make(method, place, asking, is_notifying=True)
        if not isinstance(found, PushSpent):
            return found
    return await calls.make(method, place, body)


async def _say(
    calls: Calls,
    place: str,
    message: dict[str, Any],
    *,
    is_spoken: bool,
    all_of: list[dict[str, Any]],
) -> Verdict:
    """Add a message; where there is no room for another, all that is shown replaces all."""
    found: Verdict = PushSpent()
    if is_spoken:
        found = await _add(calls, place, message, SPOKEN)
    if isinstance(found, PushSpent):
        found = await _add(calls, place, message, SILENT)
    if isinstance(found, Refused):
        return await calls.make("PATCH", place, {"messages": all_of})
    return found


async def _add(calls: Calls, place: str, message: dict[str, Any], kind: str) -> Verdict:
    return await calls.make(
        "POST",
        f"{place}/addMessage",
        {"message": message | {"messageType": kind}},
        is_notifying=kind == SPOKEN,
        query=_MESSAGE_ANSWER,
    )
