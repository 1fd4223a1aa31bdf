"""What a program's end and a merchant's answer add to what a card's message says."""

from __future__ import annotations

import msgspec

from app.cards import missing_queries
from app.clock import DAY
from app.programs.ending import zone_of
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from passes.content import PassContent, in_language
from passes.moments import spoken_day
from passes.words import word

ANSWER_SHOWN = 30 * DAY  # how long a pass shows why missing points were declined


def with_notices(
    tx: Transaction,
    content: PassContent,
    program: Program,
    *,
    card_id: int,
    user_id: int,
    now: int,
) -> PassContent:
    """Add them in the user's language, before the merchant's own message.

    They stand in the field that is always there: a phone tells of a change, not of a new field.
    An announced end also dates the pass, so that it expires without being told once more.
    """
    language = _language(tx, program, user_id)
    told = [ending_text(program, language), _answer(tx, card_id, language, now=now)]
    texts = [text for text in (*told, content.message) if text]
    if any(told):
        content = msgspec.structs.replace(content, message="\n\n".join(texts))
    ending = program.ending
    if ending is None:
        return content
    ends = [at for at in (content.expires_at, ending.closes_at) if at is not None]
    return msgspec.structs.replace(
        content, expires_at=min(ends), is_expired=ending.ended_at is not None
    )


def ending_text(program: Program, language: str) -> str | None:
    """Say when a program ends, or ended, in its merchant's words; None where it does not."""
    ending = program.ending
    if ending is None:
        return None
    day = spoken_day(ending.closes_at - 1, zone_of(program.document), language)
    notice = ending.notice
    if isinstance(notice, dict):
        notice = in_language(notice, language, default=program.document.languages[0])
    key = "ending" if ending.ended_at is None else "ended"
    return word(key, language, day=day, notice=notice).strip()


def _answer(tx: Transaction, card_id: int, language: str, *, now: int) -> str | None:
    """Say what was answered last to missing points, while that is news.

    Units that were given here say so themselves, with their entry.
    """
    last = missing_queries.last_answered(tx, card_id)
    if last is None or last.decided_at is None or last.decided_at <= now - ANSWER_SHOWN:
        return None
    key = "declined" if last.status == "declined" else "granted"
    return word(key, language, receipt=last.receipt, reason=last.reason or "").strip()


def _language(tx: Transaction, program: Program, user_id: int) -> str:
    """Return the user's language where the program speaks it, else the program's first."""
    user = users.by_id(tx, user_id) if user_id else None
    languages = program.document.languages
    return user.language if user is not None and user.language in languages else languages[0]
