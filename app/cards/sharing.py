"""A card of several people: its owner invites, who has the link accepts, either ends it.

Nothing is added together: all see one card, each with passes of his own.
"""

from __future__ import annotations

import hmac
from typing import Literal

import msgspec

from app.cards import queries, service, share_queries
from app.cards.ending import end_holding
from app.cards.holding_queries import HeldCard
from app.cards.queries import CardRow
from app.cards.registering import OWNER, RANK
from app.cards.share_queries import HolderRow, ShareRow
from app.clock import DAY
from app.errors import Conflict, LinkExpired, MissingScope, NotFound
from app.storage.database import Transaction

INVITED_MAX = 10  # holders of a card beside its owner
OPEN_SHARES_MAX = 20  # invitations of a card that wait to be accepted
LASTS = 7 * DAY
Access = Literal["read", "full"]


class DrawnShare(msgspec.Struct, frozen=True, kw_only=True):
    """What chance gives an invitation; of the token only its hash goes further."""

    share_id: int
    public_id: bytes
    token_hash: bytes


class Accepted(msgspec.Struct, frozen=True):
    """The card that an invitation led to."""

    card_id: int
    public_id: bytes
    access: str


def owned(tx: Transaction, user_id: int, card_public: bytes) -> HeldCard:
    """Return a card of its owner.

    Raises: NotFound; MissingScope for a holder who may not share it.
    """
    held = service.held_by(tx, user_id, card_public)
    if held.holding.access != OWNER:
        raise MissingScope("only the owner of a card says who holds it", scope=OWNER)
    return held


def invite(
    tx: Transaction, user_id: int, card_id: int, access: Access, *, drawn: DrawnShare, now: int
) -> ShareRow:
    """Make an invitation; the card's family only.

    Raises: NotFound when the card was left meanwhile, Conflict when too many wait.
    """
    card = queries.lock_card(tx, card_id)
    if card is None or queries.access_of(tx, card_id, user_id) != OWNER:
        raise NotFound
    open_count = 0
    for row in share_queries.of_card(tx, card_id):
        if row.expires_at <= now:
            share_queries.delete(tx, row)
        elif row.used_by is None:
            open_count += 1
    if open_count >= OPEN_SHARES_MAX:
        raise Conflict(f"at most {OPEN_SHARES_MAX} invitations wait for one card: revoke some")
    made = ShareRow(
        card_id=card_id,
        share_id=drawn.share_id,
        public_id=drawn.public_id,
        token_hash=drawn.token_hash,
        access=access,
        made_by=user_id,
        created_at=now,
        expires_at=now + LASTS,
    )
    share_queries.insert(tx, made)
    return made


def open_shares(
    tx: Transaction, card_id: int, *, after: int, limit: int, now: int
) -> list[ShareRow]:
    """List the invitations of a card that may be accepted, oldest first."""
    return share_queries.open_shares(tx, card_id, after=after, limit=limit, now=now)


def revoke_share(tx: Transaction, user_id: int, card_id: int, share_public: bytes) -> None:
    """End an invitation that nobody accepted. Raises NotFound."""
    queries.lock_card(tx, card_id)
    row = share_queries.by_public(tx, card_id, share_public)
    is_owner = queries.access_of(tx, card_id, user_id) == OWNER
    if row is None or row.used_by is not None or not is_owner:
        raise NotFound
    share_queries.delete(tx, row)


def accept(tx: Transaction, user_id: int, token_hash: bytes, *, now: int) -> Accepted:
    """Let a user hold the card of an invitation; the card's family only, harmless twice.

    Who holds as much already keeps the invitation open. Raises: NotFound for an unknown or
    revoked one; LinkExpired for one that has expired or that somebody else accepted; Conflict
    when enough people hold the card.
    """
    card_id = share_queries.card_id_by_token(tx, token_hash)
    card = None if card_id is None else queries.lock_card(tx, card_id)
    share = None if card_id is None else share_queries.by_token(tx, card_id, token_hash)
    if card is None or share is None or card.voided_at is not None:
        raise NotFound
    if not hmac.compare_digest(share.token_hash, token_hash):
        raise NotFound
    held = queries.access_of(tx, card.card_id, user_id)
    if share.used_by is not None:
        return _again(card, share, user_id, held)
    if share.expires_at <= now:
        raise LinkExpired
    if queries.owner_of(tx, card.card_id) != share.made_by:
        raise NotFound  # the card has another owner since
    if held is not None and RANK[held] >= RANK[share.access]:
        return Accepted(card.card_id, card.public_id, held)
    if held is not None:
        share_queries.set_access(tx, card.card_id, user_id, share.access)
    elif share_queries.count_invited(tx, card.card_id) >= INVITED_MAX:
        raise Conflict(f"a card is shared with at most {INVITED_MAX} people")
    else:
        queries.insert_holder(tx, card.card_id, user_id, access=share.access, now=now)
    share_queries.use(tx, share, user_id, now)
    return Accepted(card.card_id, card.public_id, share.access)


def _again(card: CardRow, share: ShareRow, user_id: int, held: str | None) -> Accepted:
    """Answer the same accept again, as long as it holds; anybody else comes too late."""
    if share.used_by == user_id and held is not None:
        return Accepted(card.card_id, card.public_id, held)
    raise LinkExpired


def holders(tx: Transaction, user_id: int, card_public: bytes) -> list[HolderRow]:
    """List who holds a card: all for its owner, for a holder its owner and himself.

    Raises NotFound for who does not hold it.
    """
    held = service.held_by(tx, user_id, card_public)
    found = share_queries.holders(tx, held.state.card.card_id)
    if held.holding.access == OWNER:
        return found
    return [row for row in found if row.access == OWNER or row.user_id == user_id]


def revoke(
    tx: Transaction, user_id: int, card_id: int, other_id: int, *, sealed: bytes, now: int
) -> None:
    """End what a holder has of a card: by its owner, or by himself; the card's family only.

    Raises: NotFound; Conflict where the owner means himself.
    """
    card = queries.lock_card(tx, card_id)
    asks = queries.access_of(tx, card_id, user_id)
    ends = queries.access_of(tx, card_id, other_id)
    if card is None or asks is None or ends is None or (asks != OWNER and other_id != user_id):
        raise NotFound
    if ends == OWNER:
        raise Conflict("the owner takes the card out of his wallet instead")
    end_holding(tx, card_id, other_id, sealed=sealed, now=now)


def prune(tx: Transaction, *, now: int, limit: int) -> int:
    """Forget some of the invitations that have expired; return how many. A batch."""
    rows = share_queries.expired(tx, now, limit)
    for row in rows:
        share_queries.delete(tx, row)
    return len(rows)
