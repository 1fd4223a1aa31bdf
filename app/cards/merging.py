"""Two cards of one person become one: a message between card families, finished after any crash.

First the card that goes is closed, which says who gets all; then its units and rights arrive
(the ledger's own message), then its holder and contact, then it is noted that all has arrived.
Each step is a unit of work that may be repeated.
"""

from __future__ import annotations

from functools import partial

import msgspec

from app.cards import (
    claim_queries,
    consent_queries,
    holding_queries,
    member_queries,
    missing_queries,
    pass_queries,
    queries,
)
from app.cards.consents import take_over
from app.cards.ending import end_sharing, renew_codes
from app.cards.leaving import forget
from app.cards.making import known_card
from app.cards.member_queries import MergeRow
from app.cards.notes import Noted, note
from app.cards.queries import CardRow, Contact
from app.cards.registering import give_to
from app.clock import SECOND
from app.errors import CardNotFound, Conflict, invalid
from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.ledger import service as ledger
from app.outbox import service as outbox
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users

MERGED, RECEIVED = "merged", "received"
LEFT_BEHIND = 5 * SECOND  # whoever asked does it himself right away
MERGES_AT_ONCE = 50
_LAST_DIGITS = 4


class Merging(msgspec.Struct, frozen=True, kw_only=True):
    """Which card gets all, and what was drawn before. `sealed`: of `ending.draw_end`."""

    into: int
    sealed: bytes
    seed: bytes
    event_id: bytes
    note_id: int
    noted: Noted


def close(tx: Transaction, card_id: int, wanted: Merging, *, now: int) -> MergeRow:
    """Close a card in favour of another of its program; harmless twice.

    Its family only; the other is locked too, so that of two merges that cross one is refused.
    Raises: CardNotFound; InvalidInput for the same card; Conflict where two people hold them.
    """
    if card_id == wanted.into:
        raise invalid("into", "another card is expected")
    cards = {each: queries.lock_card(tx, each) for each in sorted((card_id, wanted.into))}
    known = member_queries.merge_of(tx, card_id)
    if known is not None:
        if known.into_card_id != wanted.into:
            raise Conflict("this card was merged into another")
        return known
    card, kept = _standing(cards[card_id]), _standing(cards[wanted.into])
    if card.program_id is None or card.program_id != kept.program_id:
        raise CardNotFound
    owner, other = queries.owner_of(tx, card_id), queries.owner_of(tx, wanted.into)
    if None not in {owner, other} and owner != other:
        raise Conflict("two people hold these cards: units do not move between people")
    row = MergeRow(card_id, wanted.into, wanted.note_id, wanted.noted.made_by, now, None)
    member_queries.insert_merge(tx, row)
    _end(tx, card, kept, wanted, now=now)
    return row


def card_to_close(tx: Transaction, program: Program, text: str) -> int:
    """Find a program's card by number or `card_…`, also one that was closed by a merge.

    Raises CardNotFound, for others' too.
    """
    raw = parse_public_id("card", text)
    if raw is None:
        card_id = known_card(tx, program.program_id, text)
    else:
        card_id = queries.card_id_by_public(tx, raw)
    state = None if card_id is None else queries.card_state(tx, card_id)
    if state is None or card_id is None or state.card.program_id != program.program_id:
        raise CardNotFound
    if state.card.voided_at is not None and member_queries.merge_of(tx, card_id) is None:
        raise CardNotFound
    return card_id


def merge_named(tx: Transaction, program: Program, text: str) -> MergeRow:
    """Read the merge of a closed card. Raises CardNotFound."""
    row = member_queries.merge_of(tx, card_to_close(tx, program, text))
    if row is None:
        raise CardNotFound
    return row


def _standing(card: CardRow | None) -> CardRow:
    if card is None or card.voided_at is not None:
        raise CardNotFound
    return card


def _end(tx: Transaction, card: CardRow, kept: CardRow, wanted: Merging, *, now: int) -> None:
    """End the card: its passes, its codes, its shares and its account."""
    card_id = card.card_id
    queries.void_card(tx, card_id, now)
    pass_queries.void(tx, card_id, now)
    renew_codes(tx, card_id, sealed=wanted.sealed, now=now)
    end_sharing(tx, card_id)
    claim_queries.use_claims(tx, card_id, now)
    claim_queries.delete_link_code(tx, card_id)
    if card.authority == "ledger" and ledger.has_account(tx, card_id):
        ledger.merge(tx, card_id, kept.card_id, drawn=ledger.Drawn(wanted.seed), now=now)
    facts = {"merged_into": public_id("card", kept.public_id)}
    about = {"card": facts["merged_into"]}
    note(tx, card_id, wanted.noted, kind=MERGED, about=about)
    outbox.record(
        tx, card_id, "card.deleted", event_public_id=wanted.event_id, facts=facts, now=now
    )
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)


def arrive(tx: Transaction, merge: MergeRow, *, now: int) -> None:
    """Let the kept card take over holder and contact of the closed one; its family only.

    The holder comes where nobody holds the kept card; of the contact what is not on file there.
    """
    kept = queries.lock_card(tx, last_of(tx, merge))
    known, gone = member_queries.merge_of(tx, merge.card_id), queries.card_state(tx, merge.card_id)
    if kept is None or kept.voided_at is not None or gone is None:
        return  # erased meanwhile
    if known is None or known.applied_at is not None:
        return
    owner = queries.owner_of(tx, merge.card_id)
    is_free = queries.owner_of(tx, kept.card_id) is None
    if owner is not None and is_free and users.by_id(tx, owner) is not None:
        give_to(tx, kept.card_id, owner, now)
    contact = queries.contact(tx, merge.card_id)
    if contact is not None:
        fill_contact(tx, kept, contact)
    take_over(tx, kept.card_id, merge.card_id)
    missing_queries.take_over(tx, kept.card_id, merge.card_id)
    about = {
        "from": gone.card.number[-_LAST_DIGITS:],
        "card": public_id("card", gone.card.public_id),
    }
    noted = Noted(merge.note_id, merge.created_at, merge.made_by)
    note(tx, kept.card_id, noted, kind=RECEIVED, about=about)
    outbox.touch(tx, kept.card_id, now=now, priority=outbox.SINGLE)


def last_of(tx: Transaction, merge: MergeRow) -> int:
    """Find the card that a merge leads to: the one that got it may have been merged since."""
    here, seen = merge.into_card_id, {merge.card_id}
    while here not in seen:
        seen.add(here)
        further = member_queries.merge_of(tx, here)
        if further is None:
            return here
        here = further.into_card_id
    return here


def fill_contact(tx: Transaction, kept: CardRow, moved: Contact) -> None:
    """Put on file of a card what is not there yet; under its lock."""
    here = queries.contact(tx, kept.card_id)
    if here is None:
        queries.insert_contact(tx, kept.card_id, moved)
    else:
        queries.update_contact(
            tx,
            kept.card_id,
            Contact(
                here.email or moved.email,
                here.phone or moved.phone,
                here.display_name or moved.display_name,
                here.birthday or moved.birthday,
                min(here.enrolled_at, moved.enrolled_at),
            ),
        )
    is_new = here is None or here.birthday is None
    if moved.birthday is not None and is_new and ledger.has_account(tx, kept.card_id):
        ledger.set_birthday(tx, kept.card_id, moved.birthday)


def settle_wallet(tx: Transaction, user_id: int, merge: MergeRow, *, now: int) -> None:
    """Put the kept card where the closed one lay in a user's wallet; his family only."""
    if users.lock_user(tx, user_id) is None:
        return
    kept = last_of(tx, merge)
    access = queries.access_of(tx, kept, user_id)
    own = holding_queries.holding(tx, user_id, merge.card_id)
    if access is not None and own is not None:
        moved = msgspec.structs.replace(own, access=access)
        holding_queries.insert(tx, user_id, kept, moved, now=now)
    forget(tx, user_id, merge.card_id)


def finished(tx: Transaction, card_id: int, *, now: int) -> None:
    """Note at the closed card that all has arrived; its family only.

    Its owner stays written there: his erasure finds the card by it.
    """
    queries.lock_card(tx, card_id)
    owner = queries.owner_of(tx, card_id)
    for user_id in queries.holders_of(tx, card_id):
        if user_id != owner:
            queries.delete_holder(tx, card_id, user_id)
    tx.run(queries.ERASE["contact"], card_id)
    tx.run(consent_queries.ERASE["consent"], card_id)
    tx.run(missing_queries.ERASE["missing_points"], card_id)
    member_queries.note_applied(tx, card_id, now)


async def finish(ports: Ports, merge: MergeRow) -> None:
    """Bring all of a closed card to the other; what a crash left is finished by the next call."""
    database = ports.database
    await ledger.settle_card(ports, merge.card_id)
    now = ports.clock.wall()
    await database.write(partial(arrive, merge=merge, now=now))
    for user_id in await database.read(lambda tx: queries.holders_of(tx, merge.card_id)):
        await database.write(partial(settle_wallet, user_id=user_id, merge=merge, now=now))
    await database.write(partial(finished, card_id=merge.card_id, now=now))


async def sweep(ports: Ports) -> int:
    """Finish merges that a crash left behind; return how many."""
    until = ports.clock.wall() - LEFT_BEHIND
    found = await ports.database.read_point(
        lambda tx: member_queries.merges_waiting(tx, until, MERGES_AT_ONCE)
    )
    for merge in found:
        await finish(ports, merge)
    return len(found)
