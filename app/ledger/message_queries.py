"""SQL of what must reach another card, or the program: kept at the sender until it is applied."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "message": "figures between ids of ours",
    "challenge_news": "figures by an id of ours",
}


class MessageRow(msgspec.Struct, frozen=True):
    """A message of one card to another; `event` is JSON."""

    card_id: int
    number: int
    id: str
    to_card_id: int
    event: str


_SELECT = "SELECT card_id, number, id, to_card_id, event FROM message WHERE applied_at IS NULL"


def insert(tx: Transaction, rows: Iterable[MessageRow], *, now: int) -> None:
    """Keep messages with the fact that causes them. # batch"""
    tx.run_many(
        "INSERT INTO message (card_id, number, id, to_card_id, event, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(*msgspec.structs.astuple(row), now) for row in rows],
    )


def waiting_for(tx: Transaction, to_card_id: int, limit: int) -> list[MessageRow]:
    """List what waits for a card, oldest first. # across: other cards sent it"""
    sql = _SELECT + " AND to_card_id = ? ORDER BY created_at, card_id, number LIMIT ?"
    return tx.all(MessageRow, sql, to_card_id, limit)


def waiting(tx: Transaction, until: int, limit: int) -> list[MessageRow]:
    """List messages made at or before a moment, oldest first. # across: what the sweeper takes"""
    sql = _SELECT + " AND created_at <= ? ORDER BY created_at, card_id, number LIMIT ?"
    return tx.all(MessageRow, sql, until, limit)


def sent_by(tx: Transaction, card_id: int, limit: int) -> list[MessageRow]:
    """List a card's own messages that were not applied yet."""
    sql = _SELECT + " AND card_id = ? ORDER BY number LIMIT ?"
    return tx.all(MessageRow, sql, card_id, limit)


def note_applied(tx: Transaction, card_id: int, number: int, now: int) -> None:
    """Note at the sender that a message was applied."""
    tx.run(
        "UPDATE message SET applied_at = ? WHERE card_id = ? AND number = ?", now, card_id, number
    )


class News(msgspec.Struct, frozen=True):
    """How far a card stands in a collective challenge; `number`: its journal then."""

    card_id: int
    challenge: str
    value: int
    tickets: int
    number: int


def put_news(tx: Transaction, news: News) -> None:
    """Keep how far a card stands, for its program."""
    tx.run(
        "INSERT INTO challenge_news (card_id, challenge, value, tickets, number, told)"
        " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (card_id, challenge) DO UPDATE SET"
        " value = excluded.value, tickets = excluded.tickets, number = excluded.number",
        *msgspec.structs.astuple(news),
    )


def news_of(tx: Transaction, card_id: int) -> list[News]:
    """List what a card's program was not told yet."""
    return tx.all(
        News,
        "SELECT card_id, challenge, value, tickets, number FROM challenge_news"
        " WHERE number > told AND card_id = ?",
        card_id,
    )


def waiting_news(tx: Transaction, limit: int) -> list[News]:
    """List what programs were not told yet. # across: what the sweeper takes"""
    return tx.all(
        News,
        "SELECT card_id, challenge, value, tickets, number FROM challenge_news"
        " WHERE number > told ORDER BY card_id, challenge LIMIT ?",
        limit,
    )


def note_told(tx: Transaction, news: News) -> None:
    """Note that the program knows this much; what came since is still to be told."""
    tx.run(
        "UPDATE challenge_news SET told = ? WHERE card_id = ? AND challenge = ? AND told < ?",
        *(news.number, news.card_id, news.challenge, news.number),
    )
