"""What happened on a card, newest first: entries, or the statements of its merchant."""

from __future__ import annotations

import msgspec

from app.cards import queries
from app.cards.hosted import HOSTED, Speaker, entry_out, speaker_of
from app.cards.queries import CardRow, StatementRow
from app.cards.registering import OWNER
from app.cards.schemas import HistoryEntry
from app.cards.showing import balances_out, tier_out
from app.clock import rfc3339
from app.http.secrets import Secrets
from app.ids import public_id
from app.ledger import service as ledger
from app.ledger.service import EntryRow
from app.programs import service as programs
from app.storage.database import Transaction

_TOLD = {"fr": "Solde communiqué par {shop}", "en": "Balance told by {shop}"}
NEWEST = 2**62  # above every sequence
_ROWS_A_LOOK, _LOOKS_MAX = 100, 10  # a card with nothing but tickets is not read to its end

Found = tuple[tuple[int, ...], HistoryEntry]


def history(
    tx: Transaction,
    card: CardRow,
    *,
    user_id: int,
    before: int,
    limit: int,
    secrets: Secrets,
    language: str | None = None,
) -> list[Found]:
    """List up to limit + 1 lines below a number, with their positions.

    `language`: of a page; None is the user's own.

    Of a hosted card its entries, of a mirrored one the statements by their sequence. Who was only
    shared the card does not see what its owner bought: no line of a ticket.
    """
    if card.program_id is None or card.authority == "none":
        return []
    program = programs.program_by_id(tx, card.program_id)
    assert program is not None, "programs are never deleted"
    speaker = speaker_of(tx, program, user_id=user_id)
    speaker = msgspec.structs.replace(speaker, language=language or speaker.language)
    if card.authority == HOSTED:
        is_owner = queries.access_of(tx, card.card_id, user_id) == OWNER
        read = ledger.history if is_owner else _without_tickets
        entries = read(tx, card.card_id, before=before, limit=limit + 1)
        return [((row.number,), _entered(tx, card, row, speaker)) for row in entries]
    rows = queries.statements_before(tx, card.card_id, before, limit + 1)
    return [((row.sequence,), _told(row, card, speaker, secrets)) for row in rows]


def _without_tickets(tx: Transaction, card_id: int, *, before: int, limit: int) -> list[EntryRow]:
    found: list[EntryRow] = []
    for _ in range(_LOOKS_MAX):
        rows = ledger.history(tx, card_id, before=before, limit=_ROWS_A_LOOK)
        found += [row for row in rows if not ledger.is_at_till(tx, card_id, row.journal)]
        if len(found) >= limit or len(rows) < _ROWS_A_LOOK:
            break
        before = rows[-1].number
    return found[:limit]


def _entered(tx: Transaction, card: CardRow, row: EntryRow, speaker: Speaker) -> HistoryEntry:
    return HistoryEntry(**msgspec.structs.asdict(entry_out(tx, card, row, speaker)))


def _told(row: StatementRow, card: CardRow, speaker: Speaker, secrets: Secrets) -> HistoryEntry:
    content = speaker.content
    text = _TOLD.get(speaker.language, _TOLD["en"]).format(shop=content.name)
    # A statement is known by its card and sequence; its public id is made of them.
    known_as = secrets.tag("statement-id", card.public_id, row.sequence.to_bytes(8, "big"))[:16]
    return HistoryEntry(
        id=public_id("ent", known_as),
        kind="statement",
        at=rfc3339(row.as_of),
        sequence=row.sequence,
        balances=balances_out(row.balances, content, is_hosted=False),
        tier=tier_out(row.tier, content),
        text=row.message or text,
    )
