"""Brings what one card causes to another card or to its program, once, right after the commit."""

from __future__ import annotations

from functools import partial

import msgspec
import structlog

from app.errors import AppError, Unavailable
from app.http.ports import Ports
from app.ledger import challenges, message_queries, posting, queries
from app.ledger.drawing import SEED_BYTES, Drawn, message_key
from app.ledger.message_queries import MessageRow, News
from app.ledger.posting import Posted, Posting
from app.loyalty.events import AnyEvent, Step
from app.outbox import service as outbox
from app.programs.service import rules_of
from app.storage.database import Transaction

MESSAGES_AT_ONCE = 100
_read_event = msgspec.json.Decoder(AnyEvent).decode
_log = structlog.get_logger("ledger")


def pending_for(
    tx: Transaction, card_id: int, *, limit: int = MESSAGES_AT_ONCE
) -> list[MessageRow]:
    """List what other cards sent to a card and was not applied yet."""
    return message_queries.waiting_for(tx, card_id, limit)


def apply(tx: Transaction, message: MessageRow, *, drawn: Drawn, now: int) -> int | None:
    """Apply a message at its card, once by its id, however often it comes; its family only.

    Returns the card to turn to instead, when this one was merged; else None.
    """
    row = queries.lock_account(tx, message.to_card_id)
    if row is None:
        return None  # a card without account: nothing can be given to it
    if row.merged_into is not None:
        return row.merged_into
    received = Posting(
        program_id=row.program_id,
        event_id=message_key(message.id),
        steps=(Step(message.id, now, _read_event(message.event)),),
        priority=outbox.SINGLE,
        kind="message",
    )
    posting.post(tx, row, rules_of(tx, row.program_id), received, drawn=drawn, now=now)
    return None


async def deliver(ports: Ports, message: MessageRow) -> None:
    """Apply a message in one unit of work, and note it at its sender in the next."""
    here: int | None = message.to_card_id
    seen: set[int] = set()
    while here is not None and here not in seen:
        seen.add(here)
        now, drawn = ports.clock.wall(), Drawn(ports.ids.secret(SEED_BYTES))
        sent = msgspec.structs.replace(message, to_card_id=here)
        try:
            here = await ports.database.write(partial(apply, message=sent, drawn=drawn, now=now))
        except Unavailable:
            raise
        except AppError as error:  # the rules changed meanwhile: it can never be applied
            _log.error("message-refused", code=error.code, card=here, number=message.number)
            break
    now = ports.clock.wall()
    await ports.database.write(
        lambda tx: message_queries.note_applied(tx, message.card_id, message.number, now)
    )


async def settle(ports: Ports, posted: Posted) -> None:
    """Bring to other cards and to the program what a post has caused; the sweeper does the rest."""
    if posted.messages:
        await settle_card(ports, posted.card_id)
    if posted.progress:
        card_id = posted.card_id
        for news in await ports.database.read_point(
            lambda tx: message_queries.news_of(tx, card_id)
        ):
            await tell(ports, posted.program_id, news)


async def settle_card(ports: Ports, card_id: int) -> None:
    """Bring a card's messages to other cards."""
    for message in await ports.database.read_point(
        lambda tx: message_queries.sent_by(tx, card_id, MESSAGES_AT_ONCE)
    ):
        await deliver(ports, message)


async def tell(ports: Ports, program_id: int, news: News) -> None:
    """Tell a program how far a card stands in a challenge, and grant it when that is reached."""
    now = ports.clock.wall()
    is_reached = await ports.database.write(
        lambda tx: challenges.take_news(tx, program_id, news, now=now)
    )
    await ports.database.write(lambda tx: message_queries.note_told(tx, news))
    if is_reached:
        await challenges.grant_some(ports, program_id, news.challenge)
