"""The message on a hosted card's pass that tells of units before they expire."""

from __future__ import annotations

from typing import Any

from app.cards import hosted_queries
from app.cards.hosted import Speaker
from app.loyalty.calendar import parse_instant
from app.loyalty.wording import foretell
from app.storage.database import Transaction


def told_of_expiry(
    tx: Transaction, card_id: int, speaker: Speaker, *, sequence: int, now: int
) -> dict[str, Any]:
    """Return the members of PassContent that tell of coming expiries; none once they are past.

    `sequence`: the card's, so that a message speaks only with the change that brought it.
    """
    last = hosted_queries.last_told(tx, card_id)
    if last is None:
        return {}
    told_with, expiries = last
    texts = []
    for each in expiries:
        at = parse_instant(each.at)
        if at > now:
            texts.append(foretell(each.units, at, speaker.tz, speaker.speech(each.unit)))
    if not texts:
        return {}
    return {"message": "\n".join(texts), "is_message_new": told_with == sequence}
