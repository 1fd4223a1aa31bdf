"""A merchant's message on a card: put there once, for the one person it is meant for."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import promotion_queries, queries
from app.clock import DAY
from app.outbox import service as outbox
from app.storage.database import Transaction
from app.users import queries as users
from app.users.promotions import PROMOTIONS_MAX, WINDOW
from passes.content import ProgramContent, in_language

NOBODY = 0  # the user of a pass that was made with a claim token
KEPT_FOR = 365 * DAY  # how long a card's history names a message

_texts = msgspec.json.Decoder(dict[str, str]).decode


def promote(tx: Transaction, card_id: int, promotion_id: int, *, user_id: int, now: int) -> bool:
    """Put a message on a card for its owner and have his phones told; the same again is as once.

    `user_id` 0: the card has no holder, and whoever has its claim token counts as a person of his
    own, capped by what this card was sent. False: he does not get it (any more).
    """
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        return False
    if promotion_queries.is_promoted(tx, card_id, promotion_id):
        return True
    if (queries.owner_of(tx, card_id) or NOBODY) != user_id:
        return False
    if user_id == NOBODY:
        recent = promotion_queries.count_since(tx, card_id, NOBODY, now - WINDOW)
        if recent >= PROMOTIONS_MAX:
            return False
    promotion_queries.prune(tx, card_id, now - KEPT_FOR)
    promotion_queries.insert(tx, card_id, promotion_id, user_id, now=now)
    outbox.touch(tx, card_id, now=now, priority=outbox.BULK)
    return True


def promoted(
    tx: Transaction, card_id: int, *, user_id: int, shown: ProgramContent
) -> dict[str, Any]:
    """Return what its owner's pass shows of the message a card was sent last, in his language.

    Those he shares the card with do not see it: they have asked for nothing.
    """
    found = promotion_queries.latest(tx, card_id)
    if found is None or (queries.owner_of(tx, card_id) or NOBODY) != user_id:
        return {}
    default = shown.languages[0]
    user = users.by_id(tx, user_id) if user_id != NOBODY else None
    language = default if user is None else user.language
    text = in_language(_texts(found.texts), language, default=default)
    return {"promotion": text, "promoted_at": found.sent_at}
