"""Units of work that write down what Google was told, and what it refused."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import pass_queries
from app.cards import queries as card_queries
from app.google import queries
from app.google.documents import Wanted
from app.google.notifying import noted
from app.google.queries import ClassRow, ObjectRow
from app.google.verdicts import Refused, Settled, Unknown404, Verdict
from app.storage.database import Transaction
from passes.google.difference import Change, doubted


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came of telling an object. `doubt`: a change of which nobody knows if it was made."""

    verdict: Verdict
    has_pushed: bool = False
    has_spoken: bool = False
    doubt: Change | None = None
    document: dict[str, Any] = msgspec.field(default_factory=dict)


def note_object(tx: Transaction, found: Wanted, sent: Sent, *, told: bytes, now: int) -> bool:
    """Write down what an object's telling came to; `told`: the fingerprint of what was sent.

    False: what Google knew was noted anew meanwhile, so nobody knows; all is to be said again.
    """
    card_id, serial, known = found.row.card_id, found.row.serial, found.known
    card_queries.lock_card(tx, card_id)
    row = queries.object_of(tx, card_id, serial)
    if row is None or known is None:
        return True  # erased meanwhile
    is_certain = row.told == known.told
    match sent.verdict:
        case Settled():
            told_at = now if found.row.installed else row.told_at  # NULL: never since a save
            row = _told(row, told if is_certain else None, told_at)
        case Refused(message=message):
            row = msgspec.structs.replace(row, refused=message)
        case Unknown404():  # a blank one that Google does not have: nobody can hold it
            pass_queries.add_installed(tx, card_id, serial, -found.row.installed, now=now)
            row = msgspec.structs.replace(row, is_inserted=0, told=None)
        case _ if sent.doubt is not None and is_certain:
            doubt = doubted(row.told, sent.document, sent.doubt)
            row = msgspec.structs.replace(row, told=doubt)
    if sent.has_pushed:
        row = msgspec.structs.replace(row, pushed_at=noted(row.pushed_at, now))
    if sent.has_spoken:
        row = msgspec.structs.replace(row, spoken_at=noted(row.spoken_at, now))
    queries.set_told(tx, row)
    return is_certain or not isinstance(sent.verdict, Settled)


def note_class(tx: Transaction, row: ClassRow, found: Verdict, *, told: bytes) -> None:
    """Write down what a class's telling came to; one that must come back stays due."""
    current = queries.lock_class(tx, row.issuer_id, row.suffix)
    if current is None or current.done > row.wanted:
        return  # another worker has told something newer
    match found:
        case Settled():
            current = msgspec.structs.replace(current, is_inserted=1, told=told, refused=None)
        case Refused(message=message):
            current = msgspec.structs.replace(current, refused=message)
        case _:
            return
    queries.settle_class(tx, current, told_to=row.wanted)


def _told(row: ObjectRow, told: bytes | None, told_at: int | None) -> ObjectRow:
    return msgspec.structs.replace(row, is_inserted=1, told=told, told_at=told_at, refused=None)
