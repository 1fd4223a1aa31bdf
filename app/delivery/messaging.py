"""Sends merchants' messages: page by page, to each person once, whatever breaks in between.

Of a page each step may be repeated: a person is counted once for a message and its card, a card
shows it once, and the cursor moves once. So a crash repeats a page and nobody notices.
"""

from __future__ import annotations

from functools import partial

from app.cards.promoting import NOBODY, promote
from app.clock import SECOND
from app.http.ports import Ports
from app.partners import message_queries as queries
from app.partners import messages
from app.partners.message_queries import Candidate, PromotionRow
from app.partners.messages import Draft
from app.programs import service as programs
from app.storage.database import Transaction
from app.users import promotions

MESSAGES_AT_ONCE = 4
CARDS_A_PAGE = 200
LEASE = 120 * SECOND


async def send_pages(ports: Ports) -> int:
    """Send one page of each message that is on its way; return how many pages."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: queries.due(tx, now, MESSAGES_AT_ONCE))
    for row in due:
        await _send_page(ports, row)
    return len(due)


async def _send_page(ports: Ports, row: PromotionRow) -> None:
    now = ports.clock.wall()
    is_ours = await ports.database.write(
        lambda tx: queries.claim(tx, row, now=now, until=now + LEASE)
    )
    if not is_ours:
        return
    draft, page = await ports.database.read(lambda tx: _page(tx, row, now))
    meant = [
        each
        for each in messages.in_segment(draft, page)
        if not messages.has_refused(draft, each) and not messages.is_nobodys(each)
    ]
    allowed = await _allowed(ports, row.promotion_id, meant, now=now)
    works = [
        partial(
            promote, card_id=each.card_id, promotion_id=row.promotion_id, user_id=each.user_id,
            now=now,
        )
        for each in allowed
    ]  # fmt: skip
    sent = sum(await _all(ports, works))
    is_last = len(page) < CARDS_A_PAGE
    last = page[-1].card_id if page else row.next_card_id
    await ports.database.write(
        lambda tx: queries.advance(
            tx, row, next_card_id=last, sent=sent, done_at=now if is_last else None
        )
    )


def _page(tx: Transaction, row: PromotionRow, now: int) -> tuple[Draft, list[Candidate]]:
    program = programs.program_by_id(tx, row.program_id)
    assert program is not None, "programs are never deleted"
    draft = messages.restored(program, row)
    after, limit = row.next_card_id, CARDS_A_PAGE
    return draft, messages.page_of(tx, draft, after=after, limit=limit, now=now)


async def _allowed(
    ports: Ports, promotion_id: int, meant: list[Candidate], *, now: int
) -> list[Candidate]:
    """Leave out persons who have had their share; the others are counted. One unit a person.

    Of several cards of a person it comes with the first.
    """
    held = sorted(
        (each for each in meant if each.user_id != NOBODY),
        key=lambda each: (each.user_id, each.card_id),
    )
    works = [
        partial(
            promotions.take, user_id=each.user_id, promotion_id=promotion_id,
            card_id=each.card_id, now=now,
        )
        for each in held
    ]  # fmt: skip
    taken = await _all(ports, works)
    refused = {each.card_id for each, is_taken in zip(held, taken, strict=True) if not is_taken}
    return [each for each in meant if each.card_id not in refused]


async def _all(ports: Ports, works: list[partial[bool]]) -> list[bool]:
    """Run units of work, each whole by itself; one that fails leaves the page to be repeated."""
    if not works:
        return []
    answers = await ports.database.write_batch(works)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return [answer is True for answer in answers]
