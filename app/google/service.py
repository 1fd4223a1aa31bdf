"""What a save and a removal cause: units of work at the card."""

from __future__ import annotations

import msgspec

from app.cards import pass_queries
from app.cards import queries as card_queries
from app.cards.pass_queries import PassRow
from app.cards.passes_of import GOOGLE
from app.google import documents, queries
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.programs import service as programs
from app.storage.database import Transaction

CALLBACKS = "/google/callbacks"  # where Google tells of saves and removals
_WALLET = {"wallet": GOOGLE}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified callback says of a pass. `nonce_hash`: keyed, kept until `expires_at`."""

    row: PassRow
    is_saved: bool
    nonce_hash: bytes
    expires_at: int
    event_id: bytes
    now: int


def hear(tx: Transaction, told: Told) -> None:
    """Do what a callback says, once."""
    card_queries.lock_card(tx, told.row.card_id)
    known = queries.object_of(tx, told.row.card_id, told.row.serial)
    if known is None:
        return
    if not queries.take_nonce(tx, known.issuer_id, told.nonce_hash, told.expires_at):
        return
    act = saved if told.is_saved else removed
    act(tx, told.row, event_id=told.event_id, now=told.now)


def saved(tx: Transaction, row: PassRow, *, event_id: bytes, now: int) -> bool:
    """Note that a pass stands in a Google Wallet; True when that is new.

    Its channel opens, so that delivery compares what the link said with what the card shows now.
    Callbacks come twice and in any order: it is set, not counted.
    """
    card = card_queries.lock_card(tx, row.card_id)
    current = pass_queries.by_serial(tx, row.card_id, row.serial)
    known = queries.object_of(tx, row.card_id, row.serial)
    if card is None or current is None or known is None:
        return False
    is_new = current.installed == 0
    # Its first telling after a save is silent: its user is looking at it.
    told_at = None if is_new else known.told_at
    queries.set_told(tx, msgspec.structs.replace(known, is_inserted=1, told_at=told_at))
    channel = documents.channel_of(known.issuer_id)
    if not is_new and outbox_queries.done(tx, row.card_id, channel) is not None:
        return False
    pass_queries.set_installed(tx, row.card_id, row.serial, 1, now=now)
    _tell_from_now_on(tx, row.card_id, card.program_id, channel, now=now)
    if is_new and current.voided_at is None:
        outbox.record(
            tx, row.card_id, "pass.added", event_public_id=event_id, facts=_WALLET, now=now
        )
    return is_new


def removed(tx: Transaction, row: PassRow, *, event_id: bytes, now: int) -> bool:
    """Note that a pass stands in no Google Wallet any more; True when that is new.

    The object stays at Google for ever; its channel closes with the last one of this card.
    """
    card_queries.lock_card(tx, row.card_id)
    current = pass_queries.by_serial(tx, row.card_id, row.serial)
    known = queries.object_of(tx, row.card_id, row.serial)
    if current is None or known is None or current.installed == 0:
        return False
    pass_queries.set_installed(tx, row.card_id, row.serial, 0, now=now)
    if not _is_any_saved(tx, row.card_id, known.issuer_id):
        outbox_queries.close_channel(tx, row.card_id, documents.channel_of(known.issuer_id))
    outbox.record(tx, row.card_id, "pass.removed", event_public_id=event_id, facts=_WALLET, now=now)
    return True


def _is_any_saved(tx: Transaction, card_id: int, issuer_id: int) -> bool:
    installed = set(pass_queries.installed_serials(tx, card_id, GOOGLE))
    objects = queries.objects_of_card(tx, card_id)
    return any(each.issuer_id == issuer_id and each.serial in installed for each in objects)


def _tell_from_now_on(
    tx: Transaction, card_id: int, program_id: int | None, channel: str, *, now: int
) -> None:
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    merchant_id = program.merchant_id if program else programs.SERVER
    revision = outbox_queries.revision(tx, card_id)
    done = outbox_queries.done(tx, card_id, channel)
    outbox_queries.open_channel(tx, card_id, channel, merchant_id, revision=revision, done=revision)
    if done is not None and done < revision:
        # A worker may be telling the others of this card right now, without this one: a revision
        # of its own is told after that.
        outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)
    else:
        outbox_queries.reopen(tx, card_id, channel, priority=outbox.SINGLE, now=now)
