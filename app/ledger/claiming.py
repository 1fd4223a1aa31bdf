"""Stock and instants: claimed at the program before a card decides, confirmed or given back after.

The claim bears the event's id and a deadline; a crash in between is mended by the sweeper, which
looks whether the event was posted (specs/loyalty.md §6).
"""

from __future__ import annotations

from app.clock import MINUTE
from app.http.ports import Ports
from app.ledger import claim_queries, queries
from app.ledger.claim_queries import OpenClaim
from app.ledger.drawing import key_hash
from app.ledger.journal import NO_CLAIMS
from app.loyalty import campaigns
from app.loyalty.calendar import parse_instant
from app.loyalty.events import Claims, Play, Step, TakeReward
from app.loyalty.program import Catalogue, InstantWin, Program
from app.loyalty.refusing import Refused
from app.programs.service import rules_of
from app.storage.database import Transaction

CLAIM_FOR = MINUTE  # far longer than a post takes


async def claim(
    ports: Ports, program_id: int, card_id: int, *, event_id: str, step: Step, now: int
) -> tuple[Claims, OpenClaim | None]:
    """Claim for an event what its program shares; hand the claim to `resolve` after the post."""
    if not isinstance(step.event, Play | TakeReward):
        return NO_CLAIMS, None
    return await ports.database.write(
        lambda tx: claim_for(tx, program_id, card_id, event_id=event_id, step=step, now=now)
    )


async def resolve(ports: Ports, claimed: OpenClaim | None) -> None:
    """Confirm a claim whose event was posted, else give it back."""
    if claimed is not None:
        await ports.database.write(lambda tx: resolve_claim(tx, claimed))


def claim_for(
    tx: Transaction, program_id: int, card_id: int, *, event_id: str, step: Step, now: int
) -> tuple[Claims, OpenClaim | None]:
    """Do `claim`; the program's family only, the same for an event that comes again."""
    event_key = key_hash(event_id)
    if queries.event(tx, program_id, event_key) is not None:
        return NO_CLAIMS, None  # posted before: it is answered again and wins nothing more
    program = rules_of(tx, program_id).at(now).program
    match step.event:
        case TakeReward():
            rule = _reward(program, step.event.rule)
            if rule is None or rule.stock is None:
                return NO_CLAIMS, None
            claimed = OpenClaim("stock", program_id, rule.id, event_key)
            if _take_one(tx, claimed, rule.stock, card_id=card_id, now=now):
                return NO_CLAIMS, claimed
            return Claims(has_stock=False), None
        case Play():
            campaign = _campaign(program, step.event.rule)
            if campaign is None:
                return NO_CLAIMS, None
            claimed = OpenClaim("instant", program_id, campaign.id, event_key)
            instant = _take_instant(
                tx, claimed, campaign, card_id=card_id, until=step.occurred_at, now=now
            )
            return Claims(instant=instant), None if instant is None else claimed
    return NO_CLAIMS, None


def resolve_claim(tx: Transaction, claimed: OpenClaim) -> None:
    """Do `resolve`; the program's family only."""
    program_id, of, event_key = claimed.program_id, claimed.of, claimed.event_key
    # Before the claim, as whoever takes one does.
    taken = claim_queries.lock_stock(tx, program_id, of) if claimed.kind == "stock" else 0
    claim_queries.hold(tx, claimed)  # a post that stands on it ends first
    is_posted = queries.event(tx, program_id, event_key) is not None
    if claimed.kind == "stock":
        if is_posted:
            claim_queries.confirm_stock(tx, program_id, of, event_key)
        elif claim_queries.drop_stock(tx, program_id, of, event_key):
            claim_queries.set_stock(tx, program_id, of, taken - 1)
    elif is_posted:
        claim_queries.confirm_instant(tx, program_id, of, event_key)
    else:
        claim_queries.drop_instant(tx, program_id, of, event_key)


def _take_one(tx: Transaction, claimed: OpenClaim, stock: int, *, card_id: int, now: int) -> bool:
    program_id, rule, event_key = claimed.program_id, claimed.of, claimed.event_key
    taken = claim_queries.lock_stock(tx, program_id, rule)
    if claim_queries.has_stock_claim(tx, program_id, rule, event_key):
        return True
    if taken >= stock:
        return False
    claim_queries.set_stock(tx, program_id, rule, taken + 1)
    claim_queries.insert_stock_claim(
        tx, program_id, rule, event_key, card_id=card_id, now=now, deadline=now + CLAIM_FOR
    )
    return True


def _take_instant(
    tx: Transaction,
    claimed: OpenClaim,
    campaign: InstantWin,
    *,
    card_id: int,
    until: int,
    now: int,
) -> str | None:
    """Claim the first free instant at or before a play."""
    taken = claim_queries.instants_taken(tx, claimed.program_id, campaign.id)
    for instant, event_key in taken.items():
        if event_key == claimed.event_key:
            return instant
    for instant in sorted(campaign.instants, key=parse_instant):
        if parse_instant(instant) > until:
            return None
        if instant not in taken and claim_queries.take_instant(
            tx,
            claimed.program_id,
            campaign.id,
            instant,
            event_key=claimed.event_key,
            card_id=card_id,
            now=now,
            deadline=now + CLAIM_FOR,
        ):
            return instant
    return None


def _reward(program: Program, rule_id: str | None) -> Catalogue | None:
    for rule in program.burn:
        if isinstance(rule, Catalogue) and rule_id in (None, rule.id):
            return rule
    return None


def _campaign(program: Program, campaign_id: str | None) -> InstantWin | None:
    try:
        return campaigns.campaign_of(program, campaign_id)
    except Refused:
        return None
