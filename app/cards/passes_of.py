"""The pass of a card in one wallet of one user, and what was last served of it."""

from __future__ import annotations

import msgspec

from app.cards import pass_queries, queries
from app.cards.content import signer_of
from app.cards.pass_queries import PassRow
from app.errors import NotFound
from app.storage.database import Transaction

APPLE, GOOGLE = "apple", "google"


def pass_of(
    tx: Transaction,
    *,
    card_id: int,
    user_id: int,
    new_serial: bytes,
    now: int,
    pass_key: int,
    wallet: str = APPLE,
) -> PassRow:
    """Return the user's live pass of a card, made with `new_serial` where there is none.

    `user_id` 0: of whoever has the claim token. Raises NotFound for a card that has ended.
    """
    found = pass_queries.live(tx, card_id, user_id, wallet)
    if found is not None:
        return found
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    found = pass_queries.live(tx, card_id, user_id, wallet)  # a twin may have been faster
    if found is not None:
        return found
    made = PassRow(
        card_id=card_id,
        serial=new_serial,
        user_id=user_id,
        wallet=wallet,
        signer_id=signer_of(tx, card),
        pass_key=pass_key,
        served_card_revision=0,
        served_program_revision=0,
        modified=0,
        pulled_at=None,
        installed=0,
        created_at=now,
        voided_at=None,
    )
    pass_queries.insert(tx, made)
    return made


def pass_by_serial(tx: Transaction, serial: bytes) -> PassRow | None:
    """Find a pass by its serial number, voided ones too."""
    card_id = pass_queries.card_id_by_serial(tx, serial)
    return None if card_id is None else pass_queries.by_serial(tx, card_id, serial)


def is_voided_since(tx: Transaction, card_id: int, user_id: int, since: int) -> bool:
    """Say whether a user's pass of a card was voided at a moment or later: what was lent ends."""
    return pass_queries.is_voided_since(tx, card_id, user_id, since)


def mark_served(
    tx: Transaction, row: PassRow, *, card_revision: int, program_revision: int, now: int
) -> PassRow:
    """Note that these revisions are served now, and return the pass as noted.

    `modified` (Unix seconds) moves only when a revision is newer, and then by a second at least,
    so that two changes within one second do not look alike (specs: apple.md §4, Last-Modified).
    """
    queries.lock_card(tx, row.card_id)
    known = pass_queries.by_serial(tx, row.card_id, row.serial) or row
    modified = known.modified
    if is_newer(known, card_revision, program_revision):
        modified = max(now // 1_000_000, modified + 1)
    served = msgspec.structs.replace(
        known,
        served_card_revision=max(known.served_card_revision, card_revision),
        served_program_revision=max(known.served_program_revision, program_revision),
        modified=modified,
        pulled_at=now,
    )
    pass_queries.set_served(tx, served)
    return served


def is_newer(row: PassRow, card_revision: int, program_revision: int) -> bool:
    """Say whether one of these revisions was never served."""
    return (
        card_revision > row.served_card_revision or program_revision > row.served_program_revision
    )


def count_installed(tx: Transaction, card_id: int, serial: bytes, *, by: int, now: int) -> int:
    """Add to how many phones hold a pass, and return the count."""
    return pass_queries.add_installed(tx, card_id, serial, by, now=now)
