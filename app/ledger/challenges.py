"""Collective challenges: the program adds up what its cards reach, and grants each its share."""

from __future__ import annotations

from functools import partial

import msgspec

from app.errors import AppError, Unavailable
from app.http.ports import Ports
from app.ledger import challenge_queries, posting, queries
from app.ledger.drawing import SEED_BYTES, Drawn, message_key
from app.ledger.journal import encode
from app.ledger.message_queries import News
from app.ledger.posting import Posting
from app.loyalty.events import Give, Step
from app.loyalty.program import Challenge
from app.loyalty.rules import Rules
from app.outbox import service as outbox
from app.programs.service import rules_of
from app.storage.database import Transaction

SHARDS = 16
CARDS_AT_ONCE = 50
_read_give = msgspec.json.Decoder(Give).decode


def take_news(tx: Transaction, program_id: int, news: News, *, now: int) -> bool:
    """Take in how far a card stands; say whether the target is reached. The program's family only.

    Only news that are newer than what is known count, so they may come twice and in any order.
    """
    shard = news.card_id % SHARDS
    value = challenge_queries.lock_sum(tx, program_id, news.challenge, shard)
    known = challenge_queries.part(tx, program_id, news.challenge, news.card_id)
    if known is None or news.number > known.number:
        value += news.value - (known.value if known is not None else 0)
        challenge_queries.put_part(tx, program_id, news)
        challenge_queries.set_sum(tx, program_id, news.challenge, shard, value=value)
    return add_up(tx, program_id, news.challenge, now=now)


def add_up(tx: Transaction, program_id: int, challenge: str, *, now: int) -> bool:
    """Say whether a challenge's target is reached, and note it the first time."""
    if challenge_queries.reached(tx, program_id, challenge) is not None:
        return True
    rule = _challenge(rules_of(tx, program_id), challenge)
    if rule is None or not is_due(tx, program_id, challenge):
        return False
    give = Give(grant=msgspec.to_builtins(rule.grant), source=rule.id, kind="challenge")
    challenge_queries.reach(tx, program_id, challenge, event=encode(give).decode(), now=now)
    return True


def is_due(tx: Transaction, program_id: int, challenge: str) -> bool:
    """Say whether the parts of all cards reach a challenge's target."""
    rule = _challenge(rules_of(tx, program_id), challenge)
    return rule is not None and challenge_queries.total(tx, program_id, challenge) >= rule.target


def _challenge(rules: Rules, challenge: str) -> Challenge | None:
    for version in reversed(rules.versions):
        for each in version.program.challenges:
            if each.id == challenge and each.collective:
                return each
    return None


async def grant_some(ports: Ports, program_id: int, challenge: str) -> int:
    """Give a reached challenge's grant to some of the cards that wait; return how many."""
    cards, event = await ports.database.read_point(
        lambda tx: (
            challenge_queries.waiting_cards(tx, program_id, challenge, CARDS_AT_ONCE),
            challenge_queries.reached(tx, program_id, challenge),
        )
    )
    if event is None:
        return 0
    give = _read_give(event)
    for card_id in cards:
        await _grant(ports, program_id, card_id, challenge, give=give)
    return len(cards)


async def _grant(
    ports: Ports, program_id: int, card_id: int, challenge: str, *, give: Give
) -> None:
    now, drawn = ports.clock.wall(), Drawn(ports.ids.secret(SEED_BYTES))
    try:
        await ports.database.write(partial(_give, card_id=card_id, give=give, drawn=drawn, now=now))
    except Unavailable:
        raise
    except AppError:
        pass  # a closed card: nobody is there to get it
    await ports.database.write(
        lambda tx: challenge_queries.note_granted(tx, program_id, challenge, card_id, now=now)
    )


def _give(tx: Transaction, *, card_id: int, give: Give, drawn: Drawn, now: int) -> None:
    row = queries.lock_account(tx, card_id)
    if row is None:
        return
    message_id = f"{give.source}:{card_id}"
    given = Posting(
        program_id=row.program_id,
        event_id=message_key(message_id),
        steps=(Step(message_id, now, give),),
        priority=outbox.SINGLE,
        kind="message",
    )
    posting.post(tx, row, rules_of(tx, row.program_id), given, drawn=drawn, now=now)
