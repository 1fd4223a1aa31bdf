"""Private sales: whether a card may enter now, and when it opens for its tier."""

from __future__ import annotations

from app.cards.queries import CardRow
from app.cards.schemas import AccessOut
from app.clock import rfc3339
from app.errors import NotFound
from app.ledger import posting, queries
from app.loyalty import rewards, tiers
from app.loyalty.conditions import Context
from app.loyalty.due import catch_up
from app.loyalty.refusing import Refused
from app.programs.service import rules_of
from app.storage.database import Transaction


def access_to(tx: Transaction, card: CardRow, sale: str, *, now: int) -> AccessOut:
    """Judge a card by its tier at a moment; nothing is stored. Raises NotFound: no such sale."""
    row = queries.account(tx, card.card_id)
    if row is None:
        raise NotFound
    book = posting.open_book(tx, row, rules_of(tx, row.program_id), now=now, birthday=row.birthday)
    catch_up(book)
    context = Context(at=book.at, tier=tiers.position(book), program=book.program)
    try:
        found = rewards.access(book, sale, context)
    except Refused:
        raise NotFound from None
    return AccessOut(allowed=found["allowed"], opens_at=rfc3339(found["opens_at"]))
