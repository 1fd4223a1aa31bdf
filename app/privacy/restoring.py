"""After a restore: who was erased since the backup is erased again, before anybody is served."""

from __future__ import annotations

from functools import partial

import msgspec
import structlog

from app.apple.service import VOIDED_SHOWN
from app.cards import queries as card_queries
from app.cards.ending import draw_end
from app.errors import AppError, NotFound
from app.http.ports import Ports
from app.privacy import erased_list, erasing, kinds, message_queries
from app.privacy.forgetting_card import Asked, end_card
from app.storage import queries as storage_queries
from app.storage.database import DatabaseRefused, Transaction
from app.storage.queries import Erased

NOBODY = 0  # whose messages are those of a card that nobody held when the backup was made
_log = structlog.get_logger("privacy")


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the list; `is_listed` False: there is none, so nobody was erased again."""

    users: int = 0
    cards: int = 0
    is_listed: bool = True


async def erase_again(ports: Ports) -> Again | None:
    """Apply the list of the erased to a restored database; None: it was not restored.

    May be repeated: whoever is gone already is passed over. Raises DatabaseRefused.
    """
    if not await ports.database.read_point(storage_queries.is_erasure_due):
        return None
    try:
        return await _apply(ports)
    except (AppError, OSError) as error:
        raise DatabaseRefused(
            "This database came from a backup, and who was erased since could not be erased again "
            f"({type(error).__name__}). Nobody is served before that: try again."
        ) from error


async def _apply(ports: Ports) -> Again:
    listed = erased_list.read(ports.settings.erased_list)
    found = Again(is_listed=listed is not None)
    for gone in listed or ():
        if gone.kind == "user":
            found = msgspec.structs.replace(found, users=found.users + await _user(ports, gone))
        elif gone.kind == "card":
            found = msgspec.structs.replace(found, cards=found.cards + await _card(ports, gone))
    await erasing.finish_all(ports)  # also what an earlier start was interrupted in
    await erasing.empty_log(ports)
    await ports.database.write(storage_queries.mark_erasure_done)
    _log.info("erased again", count=found.users + found.cards)
    return found


async def _user(ports: Ports, gone: Erased) -> int:
    user_id = await ports.database.read_point(
        partial(message_queries.restored_user, public_id=gone.public_id)
    )
    if user_id is None:
        return 0
    await erasing.erase_restored(ports, user_id)
    return 1


async def _card(ports: Ports, gone: Erased) -> int:
    """End a card that was somebody else's, or nobody's, when the backup was made."""
    now = ports.clock.wall()

    def unit(tx: Transaction) -> int:
        card_id = card_queries.card_id_by_public(tx, gone.public_id)
        card = None if card_id is None else card_queries.lock_card(tx, card_id)
        if card is None:
            raise NotFound
        asked = Asked(
            card_id=card.card_id,
            user_id=NOBODY,
            sealed=sealed,
            secrets=ports.secrets,
            event_id=event_id,
            now=now,
        )
        return card.card_id if end_card(tx, card, asked) else 0

    sealed, event_id = draw_end(ports), ports.ids.public()
    try:
        card_id = await ports.database.write(unit)
    except NotFound:  # made after the backup
        return 0
    if not card_id:
        return 0

    def leave_messages(tx: Transaction) -> None:
        put = partial(message_queries.put_messages, tx, NOBODY)
        put(kinds.PHONES, [card_id], due_at=now)
        put(kinds.REMAINS, [card_id], due_at=now + VOIDED_SHOWN)

    await ports.database.write(leave_messages)
    return 1
