"""What happened on a card, newest first: of a mirrored card the statements of its merchant."""

from __future__ import annotations

from app.cards import queries
from app.cards.queries import StatementRow
from app.cards.schemas import HistoryEntry
from app.cards.showing import balances_out, tier_out
from app.clock import rfc3339
from app.http.secrets import Secrets
from app.ids import public_id
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.service import Program
from app.storage.database import Transaction

_TOLD = {"fr": "Solde communiqué par {shop}", "en": "Balance told by {shop}"}
NEWEST = 2**62  # above every sequence

Found = tuple[tuple[int, ...], HistoryEntry]


def history(
    tx: Transaction, card_id: int, *, before: int, limit: int, secrets: Secrets
) -> list[Found]:
    """List up to limit + 1 statements below a sequence, with their positions."""
    state = queries.card_state(tx, card_id)
    if state is None or state.card.program_id is None or state.card.authority != "merchant":
        return []
    program = programs.program_by_id(tx, state.card.program_id)
    assert program is not None, "programs are never deleted"
    rows = queries.statements_before(tx, card_id, before, limit + 1)
    public = state.card.public_id
    return [((row.sequence,), _entry(row, program, public, secrets)) for row in rows]


def _entry(row: StatementRow, program: Program, card: bytes, secrets: Secrets) -> HistoryEntry:
    content = program_content(program)
    text = _TOLD.get(content.languages[0], _TOLD["en"]).format(shop=program.name)
    # A statement is known by its card and sequence; its public id is made of them.
    known_as = secrets.tag("statement-id", card, row.sequence.to_bytes(8, "big"))[:16]
    return HistoryEntry(
        id=public_id("ent", known_as),
        kind="statement",
        at=rfc3339(row.as_of),
        sequence=row.sequence,
        balances=balances_out(row.balances, content, is_hosted=False),
        tier=tier_out(row.tier, content),
        text=row.message or text,
    )
