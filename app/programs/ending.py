"""A program's end: a notice, a last day, and after it nobody joins, earns or spends.

The day ends at midnight in the program's zone; from that moment on its doors refuse. Its passes
are sent to expire by a campaign as soon as the worker looks.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from app.clock import DAY
from app.errors import Conflict, ProgramEnded, invalid
from app.loyalty import calendar
from app.programs import queries
from app.programs.ending_schemas import NewEnding
from app.programs.ruling import DEFAULT_TZ
from app.programs.schemas import ProgramDocument
from app.programs.service import Program, read
from app.storage.database import Transaction

AHEAD_MAX = 3_660 * DAY
ENDINGS_AT_ONCE = 20
_encode = msgspec.json.Encoder(order="deterministic").encode


def announce(
    tx: Transaction, program: Program, wanted: NewEnding, *, campaign_id: int, now: int
) -> Program:
    """Say that a program ends, or say it otherwise; all passes are told. Its family only.

    The same again changes nothing. Raises: InvalidInput for a day that is past or none,
    ProgramEnded once it has ended.
    """
    row = queries.lock_program(tx, program.program_id)
    assert row is not None, "programs are never deleted"
    found = read(row)
    refuse_ended(found, now)
    closes_at = _closing(found.document, wanted, now=now)
    notice = _encode(wanted.notice).decode()
    if (row.last_day, row.ending_notice) == (wanted.last_day, notice):
        return found
    changed = msgspec.structs.replace(
        row,
        last_day=wanted.last_day,
        ending_notice=notice,
        closes_at=closes_at,
        revision=row.revision + 1,
        updated_at=now,
    )
    queries.set_ending(tx, changed)
    queries.insert_campaign(tx, row.program_id, campaign_id, now)
    return read(changed)


def cancel(tx: Transaction, program: Program, *, campaign_id: int, now: int) -> None:
    """Take an announced end back before the day; all passes are told.

    Raises: Conflict where none is announced, ProgramEnded once it has ended.
    """
    row = queries.lock_program(tx, program.program_id)
    assert row is not None, "programs are never deleted"
    refuse_ended(read(row), now)
    if row.last_day is None:
        raise Conflict("no end of this program is announced")
    changed = msgspec.structs.replace(
        row,
        last_day=None,
        ending_notice=None,
        closes_at=None,
        revision=row.revision + 1,
        updated_at=now,
    )
    queries.set_ending(tx, changed)
    queries.insert_campaign(tx, row.program_id, campaign_id, now)


def close(tx: Transaction, program_id: int, *, campaign_id: int, now: int) -> bool:
    """Send the passes of a program whose last day is over to expire, once; its family only."""
    row = queries.lock_program(tx, program_id)
    if row is None or row.closes_at is None or row.closes_at > now or row.ended_at is not None:
        return False
    changed = msgspec.structs.replace(row, ended_at=now, revision=row.revision + 1, updated_at=now)
    queries.set_ending(tx, changed)
    queries.insert_campaign(tx, program_id, campaign_id, now)
    return True


def due(tx: Transaction, now: int) -> list[int]:
    """List programs whose last day is over and whose passes were not told."""
    return queries.programs_closing(tx, now, ENDINGS_AT_ONCE)


def refuse_ended(program: Program, at: int) -> None:
    """Refuse what nobody may do in a program that had ended at a moment. Raises ProgramEnded."""
    ending = program.ending
    if ending is not None and at >= ending.closes_at:
        raise ProgramEnded(ending.last_day)


def zone_of(document: ProgramDocument) -> str:
    """Return the time zone whose days a program means."""
    rules: Any = document.rules
    return (rules.get("tz") if isinstance(rules, dict) else None) or DEFAULT_TZ


def _closing(document: ProgramDocument, wanted: NewEnding, *, now: int) -> int:
    """Return the first moment after the last day."""
    try:
        after = date.fromisoformat(wanted.last_day) + timedelta(days=1)
        closes_at = calendar.midnight(after, zone_of(document))
    except (ValueError, OverflowError):
        raise invalid("last_day", "a day like 2026-12-31 expected") from None
    if closes_at <= now:
        raise invalid("last_day", "today or a later day is expected")
    if closes_at > now + AHEAD_MAX:
        raise invalid("last_day", "at most ten years ahead")
    if isinstance(wanted.notice, dict):
        default = document.languages[0]
        if default not in wanted.notice:
            text = f"a text in {default}, the program's first language, is expected"
            raise invalid("notice", text)
    return closes_at
