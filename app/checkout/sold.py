"""What a sale or a refund is answered, now or again: as an event is."""

from __future__ import annotations

from typing import Any

from app.cards import queries as cards
from app.cards.hosted import entry_out
from app.cards.schemas import CardFacts
from app.cards.showing import Showing
from app.checkout.seller import Known, spoken_to
from app.ledger import queries as ledger_queries
from app.ledger.journal import read_body
from app.ledger.service import Posted
from app.loyalty.events import Step
from app.storage.database import Transaction


def answered(
    tx: Transaction,
    known: Known,
    posted: Posted,
    *,
    own_id: str,
    most_minor: int,
    now: int,
    language: str | None = None,
) -> dict[str, Any]:
    """Return the members of an event's answer. `most_minor`: no reward is above the basket."""
    results = dict(posted.results)
    if "discount_minor" in results:
        results["discount_minor"] = min(results["discount_minor"], most_minor)
    state = cards.card_state(tx, known.card_id)
    assert state is not None, "it was locked"
    speaker = spoken_to(tx, known.program, language)
    return {
        "id": own_id,
        "results": results,
        "entries": [entry_out(tx, state.card, row, speaker) for row in posted.entries],
        "card": CardFacts(**Showing(tx, now=now).facts(state)),
    }


def steps_of(tx: Transaction, posted: Posted) -> tuple[Step, ...]:
    """Return the steps of what was posted before, from its journal."""
    rows = ledger_queries.journal_after(tx, posted.card_id, posted.journal - 1, 1)
    return read_body(rows[0].body).steps if rows else ()
