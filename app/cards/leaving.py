"""A card leaves a wallet, or all cards of a guest go to the user who has the address."""

from __future__ import annotations

import msgspec

from app.cards import holding_queries, pass_queries, picture_queries, queries, share_queries
from app.cards.ending import end_holding, end_sharing, renew_codes
from app.cards.registering import OWNER, RANK
from app.errors import NotFound
from app.http.ports import Ports
from app.outbox import service as outbox
from app.storage.database import Transaction


def leave(
    tx: Transaction, user_id: int, card_id: int, *, event_id: bytes, sealed: bytes, now: int
) -> None:
    """Take a card from its user and void his passes; the card's family only.

    The owner of a number-only card ends it; a program's card stays, without holder, because it is
    the merchant's record: its shares end with him. Whoever was shared the card only ends his own
    share. `sealed`: of `ending.draw_end`. Raises: NotFound when he does not hold it.
    """
    card = queries.lock_card(tx, card_id)
    access = queries.access_of(tx, card_id, user_id)
    if card is None or access is None:
        raise NotFound
    if access != OWNER:
        end_holding(tx, card_id, user_id, sealed=sealed, now=now)
        return
    end_sharing(tx, card_id)
    queries.delete_holders(tx, card_id)
    pass_queries.void(tx, card_id, now)
    renew_codes(tx, card_id, sealed=sealed, now=now)
    if card.program_id is None:
        queries.void_card(tx, card_id, now)
        queries.forget_code(tx, card_id)
    outbox.record(tx, card_id, "card.deleted", event_public_id=event_id, facts={}, now=now)
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)


def forget(tx: Transaction, user_id: int, card_id: int) -> None:
    """Take a card out of the user's list, with his pictures; the user's family only.

    After `leave`.
    """
    picture_queries.delete_of_card(tx, user_id, card_id)
    holding_queries.delete(tx, user_id, card_id)


async def move_cards(ports: Ports, from_user: int, to_user: int) -> None:
    """Give every card of a guest to the user who has the address, card by card.

    Each step may be repeated: what a crash left is finished by the next call.
    """
    ids = await ports.database.read(lambda tx: holding_queries.card_ids(tx, from_user))
    for card_id in ids:
        now = ports.clock.wall()
        await ports.database.write(
            lambda tx, card_id=card_id, now=now: move_card(  # type: ignore[misc]
                tx, card_id, from_user=from_user, to_user=to_user, now=now
            )
        )
        await ports.database.write(
            lambda tx, card_id=card_id, now=now: take_over(  # type: ignore[misc]
                tx, card_id, from_user=from_user, to_user=to_user, now=now
            )
        )
        await ports.database.write(
            lambda tx, card_id=card_id: forget(tx, from_user, card_id)  # type: ignore[misc]
        )


def move_card(tx: Transaction, card_id: int, *, from_user: int, to_user: int, now: int) -> None:
    """Let another user hold what the guest holds, invitations too; who holds more keeps that."""
    queries.lock_card(tx, card_id)
    access = queries.access_of(tx, card_id, from_user)
    if access is None:
        return
    theirs = queries.access_of(tx, card_id, to_user)
    queries.delete_holder(tx, card_id, from_user)
    if theirs is not None and RANK[access] > RANK[theirs]:
        queries.delete_holder(tx, card_id, to_user)
        theirs = None
    if theirs is None:
        queries.insert_holder(tx, card_id, to_user, access=access, now=now)
    share_queries.hand_over(tx, card_id, from_user=from_user, to_user=to_user)
    pass_queries.hand_over(tx, card_id, from_user=from_user, to_user=to_user)


def take_over(tx: Transaction, card_id: int, *, from_user: int, to_user: int, now: int) -> None:
    """Put a moved card behind the user's own ones, with the guest's label, colour and note."""
    access = queries.access_of(tx, card_id, to_user)
    own = holding_queries.holding(tx, from_user, card_id)
    if access is None or own is None:
        return
    position = holding_queries.place(tx, to_user).next_position
    moved = msgspec.structs.replace(own, access=access, position=position)
    holding_queries.insert(tx, to_user, card_id, moved, now=now)
    picture_queries.copy(tx, card_id, from_user=from_user, to_user=to_user)
