"""A change of a whole program: its cards are told page by page, never a row per card."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import SECOND
from app.delivery import queries
from app.delivery.channel import Channel, Page
from app.delivery.queries import Campaign
from app.http.ports import Ports

CAMPAIGNS_AT_ONCE = 4
CARDS_A_PAGE = 16  # a ticket waits for one page's commit at most (bench/redesign.py)
LEASE = 120 * SECOND


async def tell_pages(ports: Ports, channels: Sequence[Channel]) -> int:
    """Have every channel tell one page of each due campaign; return how many pages."""
    now = ports.clock.wall()
    due = await ports.database.read_point(
        lambda tx: queries.due_campaigns(tx, now, CAMPAIGNS_AT_ONCE)
    )
    for campaign in due:
        await _tell_page(ports, channels, campaign)
    return len(due)


async def _tell_page(ports: Ports, channels: Sequence[Channel], campaign: Campaign) -> None:
    now = ports.clock.wall()
    is_ours = await ports.database.write(
        lambda tx: queries.claim_campaign(tx, campaign, now=now, until=now + LEASE)
    )
    if not is_ours:
        return
    card_ids = await ports.database.read(
        lambda tx: queries.cards_of_program(
            tx, campaign.program_id, campaign.next_card_id, CARDS_A_PAGE
        )
    )
    page = Page(
        program_id=campaign.program_id,
        card_ids=tuple(card_ids),
        is_first=campaign.next_card_id == 0,
    )
    for channel in channels:  # one that fails: the lease ends, and all are told this page again
        await channel.tell_page(page)
    is_last = len(card_ids) < CARDS_A_PAGE
    last = card_ids[-1] if card_ids else campaign.next_card_id
    done_at = ports.clock.wall() if is_last else None
    await ports.database.write(
        lambda tx: queries.advance_campaign(
            tx, campaign, next_card_id=last, done_at=done_at, now=now
        )
    )
