"""All SQL of merchants' messages: what is to be sent, to whom, and how far it came."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction, Value

ERASE: dict[str, str] = {}
KEPT = {"promotion": "a merchant's own words to all"}


class PromotionRow(msgspec.Struct, frozen=True):
    """A message as it stands. `texts`, `segment`: JSON; `sent`: who has got it so far."""

    program_id: int
    promotion_id: int
    public_id: bytes
    texts: str
    segment: str
    reaches: int
    capped: int
    sent: int
    created_at: int
    next_card_id: int
    claimed_until: int
    done_at: int | None


class Candidate(msgspec.Struct, frozen=True):
    """A card in force. `user_id` 0: nobody holds it; `passes`: what its claim token made.

    `recent`: promotions its person was sent within the window. `consent`: 1 given, 0 withdrawn,
    None never asked. `state`: the engine's account, JSON.
    """

    card_id: int
    user_id: int
    passes: int
    recent: int
    consent: int | None
    created_at: int
    last_ticket_at: int | None
    told_at: int | None
    state: str | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a program's cards are meant. `is_base`: the tier of who has reached none."""

    program_id: int
    tier: str | None = None
    is_base: bool = False
    location: str | None = None
    has_history: bool = False


_PROMOTION = (
    "SELECT program_id, promotion_id, public_id, texts, segment, reaches, capped, sent, created_at,"
    " next_card_id, claimed_until, done_at FROM promotion "
)
_WHO = (
    "SELECT c.card_id, coalesce(h.user_id, 0), CASE WHEN h.user_id IS NULL THEN (SELECT count(*)"
    " FROM pass p WHERE p.card_id = c.card_id AND p.user_id = 0 AND p.installed > 0"
    " AND p.voided_at IS NULL) ELSE 0 END, CASE WHEN h.user_id IS NULL THEN (SELECT count(*)"
    " FROM card_promotion m WHERE m.card_id = c.card_id AND m.user_id = 0 AND m.sent_at > ?)"
    " ELSE (SELECT count(*) FROM promotion_sent s WHERE s.user_id = h.user_id AND s.sent_at > ?)"
    " END, (SELECT CASE WHEN k.withdrawn_at IS NULL THEN 1 ELSE 0 END FROM consent k"
    " WHERE k.card_id = c.card_id AND k.consent_key = ? ORDER BY k.number DESC LIMIT 1),"
    " c.created_at, "
)
_NO_HISTORY = "CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS TEXT)"
# What moved a balance counts: a merchant may tell all his cards each night that nothing did.
_HISTORY = (
    "(SELECT t.occurred_at FROM ticket t WHERE t.card_id = c.card_id"
    " ORDER BY t.occurred_at DESC LIMIT 1), (SELECT s.as_of FROM statement s"
    " WHERE s.card_id = c.card_id AND s.balances <> coalesce((SELECT b.balances FROM statement b"
    " WHERE b.card_id = s.card_id AND b.sequence < s.sequence ORDER BY b.sequence DESC LIMIT 1),"
    " '') ORDER BY s.sequence DESC LIMIT 1),"
    " (SELECT l.state FROM ledger_account l WHERE l.card_id = c.card_id)"
)
_FROM = (
    " FROM card c LEFT JOIN holder h ON h.card_id = c.card_id AND h.access = 'owner'"
    " WHERE c.program_id = ? AND c.card_id > ? AND c.voided_at IS NULL"
    " AND (c.expires_at IS NULL OR c.expires_at > ?)"
)
_OF_TIER = " AND EXISTS (SELECT 1 FROM account a WHERE a.card_id = c.card_id AND a.tier = ?)"
_OF_BASE = (
    " AND EXISTS (SELECT 1 FROM account a WHERE a.card_id = c.card_id"
    " AND (a.tier = ? OR a.tier IS NULL))"
)
_AT_PLACE = (
    " AND EXISTS (SELECT 1 FROM card_visit v WHERE v.card_id = c.card_id AND v.location_id = ?)"
)


def candidates(
    tx: Transaction,
    wanted: Wanted,
    *,
    after: int,
    limit: int,
    since: int,
    now: int,
    consent: str,
) -> list[Candidate]:
    """List a page of the cards that are meant, in order of id; `since`: where the window begins.

    # across: a message's page
    """
    sql = _WHO + (_HISTORY if wanted.has_history else _NO_HISTORY) + _FROM
    values: list[Value] = [since, since, consent, wanted.program_id, after, now]
    if wanted.tier is not None:
        sql += _OF_BASE if wanted.is_base else _OF_TIER
        values.append(wanted.tier)
    if wanted.location is not None:
        sql += _AT_PLACE
        values.append(wanted.location)
    return tx.all(Candidate, sql + " ORDER BY c.card_id LIMIT ?", *values, limit)


def insert(tx: Transaction, row: PromotionRow) -> None:
    """Write a message that is to be sent."""
    tx.run(
        "INSERT INTO promotion (program_id, promotion_id, public_id, texts, segment, reaches,"
        " capped, sent, created_at, next_card_id, claimed_until, done_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )


def page(tx: Transaction, program_id: int, before: int, limit: int) -> list[PromotionRow]:
    """List a program's messages, the newest first."""
    sql = _PROMOTION + "WHERE program_id = ? AND promotion_id < ? ORDER BY promotion_id DESC"
    return tx.all(PromotionRow, sql + " LIMIT ?", program_id, before, limit)


def due(tx: Transaction, now: int, limit: int) -> list[PromotionRow]:
    """List messages to go on with, the oldest first. # across: what the worker takes"""
    sql = _PROMOTION + "WHERE done_at IS NULL AND claimed_until <= ? ORDER BY created_at LIMIT ?"
    return tx.all(PromotionRow, sql, now, limit)


def claim(tx: Transaction, row: PromotionRow, *, now: int, until: int) -> bool:
    """Take a page of a message; False when another worker has it."""
    return (
        tx.run(
            "UPDATE promotion SET claimed_until = ? WHERE program_id = ? AND promotion_id = ?"
            " AND next_card_id = ? AND done_at IS NULL AND claimed_until <= ?",
            *(until, row.program_id, row.promotion_id, row.next_card_id, now),
        )
        == 1
    )


def advance(
    tx: Transaction, row: PromotionRow, *, next_card_id: int, sent: int, done_at: int | None
) -> None:
    """Let a message go on behind a card, once: who works on an older page adds nothing."""
    tx.run(
        "UPDATE promotion SET next_card_id = ?, sent = sent + ?, done_at = ?, claimed_until = 0"
        " WHERE program_id = ? AND promotion_id = ? AND next_card_id = ? AND done_at IS NULL",
        *(next_card_id, sent, done_at, row.program_id, row.promotion_id, row.next_card_id),
    )
