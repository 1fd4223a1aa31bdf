"""A new or lost phone: a user's passes of a card end everywhere, and the next ones are new.

A pass keeps its serial number and token for life, so a phone that is out of reach is told that
its pass has ended; whoever adds the card again gets another pass (specs: apple.md §6).
"""

from __future__ import annotations

import msgspec

from app.cards import pass_queries, queries, service
from app.cards.ending import renew_codes
from app.errors import NotFound
from app.outbox import service as outbox
from app.storage.database import Transaction

NOBODY = 0  # whoever has the claim token


class Reissued(msgspec.Struct, frozen=True):
    """How many passes ended, by wallet."""

    apple: int
    google: int


def reissue(tx: Transaction, card_id: int, user_id: int, *, sealed: bytes, now: int) -> Reissued:
    """Void a user's passes of a card and have their phones told; the card's family only.

    Codes made before end, where the user may spend. Without any pass nothing is told.
    Raises NotFound when he does not hold the card any more.
    """
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    access = _access(tx, card_id, user_id)
    ended = {"apple": 0, "google": 0}
    for row in pass_queries.live_of_user(tx, card_id, user_id):
        ended[row.wallet] += 1
    pass_queries.void_of_user(tx, card_id, user_id, now)
    if ended["google"] or access in service.MAY_SPEND:
        renew_codes(tx, card_id, sealed=sealed, now=now)
    if any(ended.values()):
        outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)
    return Reissued(**ended)


def _access(tx: Transaction, card_id: int, user_id: int) -> str:
    if user_id == NOBODY:
        if queries.owner_of(tx, card_id) is not None:
            raise NotFound
        return "owner"
    access = queries.access_of(tx, card_id, user_id)
    if access is None:
        raise NotFound
    return access
