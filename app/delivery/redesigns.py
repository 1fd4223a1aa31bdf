"""A change of a whole program: its cards are told page by page, never a row per card."""

from __future__ import annotations

from functools import partial

from app.delivery import queries
from app.delivery.queries import Campaign
from app.delivery.telling import LEASE, Claimed, Told, tell_devices
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.storage.database import Transaction

CAMPAIGNS_AT_ONCE = 4
CARDS_A_PAGE = 200


async def tell_pages(ports: Ports) -> tuple[int, list[Claimed]]:
    """Tell the devices of one page of each due campaign; return (pages, the feeds to push)."""
    now = ports.clock.wall()
    due = await ports.database.read_point(
        lambda tx: queries.due_campaigns(tx, now, CAMPAIGNS_AT_ONCE)
    )
    claimed: list[Claimed] = []
    for campaign in due:
        claimed += await _tell_page(ports, campaign)
    return len(due), claimed


async def _tell_page(ports: Ports, campaign: Campaign) -> list[Claimed]:
    now = ports.clock.wall()
    is_ours = await ports.database.write(
        lambda tx: queries.claim_campaign(tx, campaign, now=now, until=now + LEASE)
    )
    if not is_ours:
        return []
    told = await ports.database.read(partial(_page, campaign=campaign))
    claimed = await tell_devices(ports, [each for each in told if each.targets])
    is_last = len(told) < CARDS_A_PAGE
    last = told[-1].card_id if told else campaign.next_card_id
    done_at = ports.clock.wall() if is_last else None
    await ports.database.write(
        lambda tx: queries.advance_campaign(
            tx, campaign, next_card_id=last, done_at=done_at, now=now
        )
    )
    return claimed


def _page(tx: Transaction, *, campaign: Campaign) -> list[Told]:
    cards = queries.cards_of_program(tx, campaign.program_id, campaign.next_card_id, CARDS_A_PAGE)
    return [
        Told(card_id, outbox_queries.revision(tx, card_id), queries.targets(tx, card_id))
        for card_id in cards
    ]
